"""How gitlab-runner's stand-in runs jobs with docker-autoscaler: the plugin for AWS, the scaler of one runner, its instances over SSH.

It calls AWS by the machine's role, or by root's credentials file, and gets on to instances with the ssh that is installed. What the real one does each minute it does
each second, and what it does each 2 s it does each 0.2 s.
"""

import datetime
import glob
import json
import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zoneinfo
from xml.etree import ElementTree

USUAL, EXPECTING, BETWEEN_TRIES = 1.0, 0.2, 0.3
MOST = 1000
PLUGINS = "registry.gitlab.com/gitlab-org/fleeting/plugins/aws"
NO_DATA = "no data on pre-existing instance so removing for safety"
UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}


class PluginFailure(Exception):
    """What the plugin can't do, in its words."""


class Refused(Exception):
    """AWS's code and words."""


def seconds_of(text, otherwise):
    return sum(float(count) * UNITS[unit] for count, unit in re.findall(r"([\d.]+)(ms|h|m|s)", text)) if text else otherwise


def field_holds(field, value):
    names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        number = lambda text: names.index(text.lower()) if text.lower() in names else int(text)
        first, last = (0, 9999) if span == "*" else (number(low), number(high or low))
        if first <= value <= last and (value - first) % int(step or 1) == 0:
            return True
    return False


def holds_now(period, zone):
    """Five fields of cron, in a time zone, else in the machine's own."""
    now = datetime.datetime.now(None if zone in ("", "Local") else zoneinfo.ZoneInfo(zone))
    values = [now.minute, now.hour, now.day, now.month, now.isoweekday() % 7]
    fields = period.split()
    return len(fields) == 5 and all(field_holds(field, value) for field, value in zip(fields, values))


# The plugin.

def folder_of_plugins():
    return os.path.join(os.environ.get("FLEETING_PLUGIN_PATH") or os.path.join(os.environ.get("HOME") or "/root", ".config/fleeting/plugins"), PLUGINS)


def plugin_path(named):
    """Where the program is that `plugin` names; None where none is installed that fits."""
    name, _, wanted = named.partition(":")
    if name != "aws":
        return f"/usr/local/bin/{named}" if os.path.exists(f"/usr/local/bin/{named}") else None
    found = sorted(glob.glob(f"{folder_of_plugins()}/*/plugin"), key=lambda path: [int(part) for part in path.split("/")[-2].split(".")])
    fitting = [path for path in found if wanted in ("", "latest") or f"{path.split('/')[-2]}.".startswith(f"{wanted}.")]
    return fitting[-1] if fitting else None


def install_plugin(named):
    """Pulls a version from the registry, as an OCI client does; gives where it is."""
    version = named.partition(":")[2] or "latest"
    base = "https://registry.gitlab.com/v2/gitlab-org/fleeting/plugins/aws"
    ask = lambda path: urllib.request.urlopen(f"{base}/{path}", timeout=20).read()
    manifest = json.loads(ask(f"manifests/{version}"))
    program = ask(f"blobs/{manifest['layers'][0]['digest']}")
    path = f"{folder_of_plugins()}/{manifest['annotations']['org.opencontainers.image.version']}/plugin"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(program)
    os.chmod(path, 0o755)
    return path


def region_in(path):
    found = re.search(r"^\s*region\s*=\s*(\S+)", open(path).read(), re.M) if os.path.exists(path) else None
    return found[1] if found else ""


def call_aws(region, service, action, **form):
    keys = re.search(r"aws_access_key_id\s*=\s*(\S+)", open("/root/.aws/credentials").read()) if os.path.exists("/root/.aws/credentials") else None
    scope = f"AWS4-HMAC-SHA256 Credential={keys[1] if keys else 'MACHINE'}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=none"
    body = urllib.parse.urlencode({"Action": action, "Version": "2011-01-01" if service == "autoscaling" else "2016-11-15", **form}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(json.load(open("/etc/peers.json"))["aws"], body, {"Authorization": scope}), timeout=30) as answer:
            return ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", answer.read().decode(), count=1))
    except urllib.error.HTTPError as error:
        found = re.search(r"<Code>(.*?)</Code>.*?<Message>(.*?)</Message>", error.read().decode(), re.S)
        raise Refused(error.code, found[1] if found else str(error.code), found[2] if found else "") from None


class Plugin:
    def __init__(self, settings, tell):
        self.settings, self.tell = settings, tell
        config = settings.get("plugin_config", {})
        self.group, self.region = config.get("name", ""), region_in(config.get("config_file") or "/root/.aws/config")
        self.id = f"aws/{self.region}/{self.group}"
        self.lock = threading.RLock()
        self.process = None
        path = plugin_path(settings.get("plugin", ""))
        if not path:
            raise PluginFailure(f"loading fleeting plugin: no installed plugin fits {settings.get('plugin')}")
        self.version = path.split("/")[-2]
        key = settings.get("connector_config", {}).get("key_path")
        if key and not os.path.exists(key):
            raise PluginFailure(f"reading instance group connector key: open {key}: no such file or directory")
        try:
            group = self.describe("describing autoscaling groups")
        except PluginFailure as error:
            raise PluginFailure(f"creating taskscaler: initializing instance group: {error}") from None
        # A process of its own, whose program is the plugin's, as long as its scaler lives.
        self.process = subprocess.Popen([path, "infinity"], executable="/bin/sleep", stdin=subprocess.DEVNULL)
        self.size = int(group.findtext("DesiredCapacity"))
        if group.findtext("NewInstancesProtectedFromScaleIn") != "true":
            tell("error", "new instances are not protected from scale in and should be", region=self.region, name=self.group)

    def call(self, what, service, action, **form):
        name = "Auto Scaling" if service == "autoscaling" else "EC2"
        if not self.region:
            raise PluginFailure(f"rpc error: code = Unknown desc = {what}: operation error {name}: {action}, failed to resolve service endpoint, endpoint rule error, Invalid Configuration: Missing Region")
        try:
            return call_aws(self.region, service, action, **form)
        except Refused as error:
            status, code, message = error.args
            raise PluginFailure(f"rpc error: code = Unknown desc = {what}: operation error {name}: {action}, https response error StatusCode: {status}, RequestID: peers, api error {code}: {message}") from None

    def describe(self, what):
        found = self.call(what, "autoscaling", "DescribeAutoScalingGroups", **{"AutoScalingGroupNames.member.1": self.group}).findall(".//AutoScalingGroups/member")
        if len(found) != 1:
            raise PluginFailure(f"rpc error: code = Unknown desc = unexpected number of autoscaling groups returned: {len(found)}")
        return found[0]

    def update(self):
        with self.lock:
            group = self.describe("update: describing autoscaling groups")
            desired = int(group.findtext("DesiredCapacity"))
            if desired != self.size:
                self.tell("error", "out-of-sync capacity", region=self.region, name=self.group, expected=self.size, actual=desired)
            self.size = desired
        states = {}
        for member in group.findall("Instances/member"):
            lifecycle = member.findtext("LifecycleState")
            states[member.findtext("InstanceId")] = "running" if lifecycle == "InService" else "deleting" if lifecycle.startswith("Terminat") else "creating"
        return states, self.interrupted(states)

    def interrupted(self, ids):
        """Of these, those on spot that AWS takes back; asked only where one is on spot."""
        if not ids or not any(self.on_spot(each) for each in ids):
            return set()
        form = {"Filter.1.Name": "instance-id", **{f"Filter.1.Value.{place}": each for place, each in enumerate(ids, 1)}}
        requests = self.call("describing spot requests", "ec2", "DescribeSpotInstanceRequests", **form).findall(".//spotInstanceRequestSet/item")
        return {each.findtext("instanceId") for each in requests if re.match("marked-for-|instance-terminated-(by-price|no-capacity)", each.findtext("status/code") or "")}

    def on_spot(self, instance):
        """The world tells, whoever may not ask EC2."""
        aws = json.load(open("/etc/peers.json"))["aws"]
        with urllib.request.urlopen(f"{aws}/peers/worker?id={instance}", timeout=10) as answer:
            return json.load(answer)["spot"]

    def increase(self, by):
        with self.lock:
            self.call("increase instances", "autoscaling", "SetDesiredCapacity", AutoScalingGroupName=self.group, DesiredCapacity=self.size + by, HonorCooldown="false")
            self.size += by

    def decrease(self, instance):
        with self.lock:
            self.call("decrease instances", "autoscaling", "TerminateInstanceInAutoScalingGroup", InstanceId=instance, ShouldDecrementDesiredCapacity="true")
            self.size -= 1

    def connect_info(self, instance):
        if self.interrupted([instance]):
            raise PluginFailure(f"getting instance connect info: rpc error: code = Unknown desc = spot instance {instance} is interrupted")
        found = self.call("getting instance connect info", "ec2", "DescribeInstances", **{"InstanceId.1": instance}).find(".//instancesSet/item")
        return {"internal": found.findtext("privateIpAddress") or "", "external": found.findtext("ipAddress") or ""} if found is not None else {"internal": "", "external": ""}

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()


# The scaler.

class Scaler:
    """`service` logs and tells whether it ends; `runner` is the entry that it was begun with."""

    def __init__(self, service, runner, log, short):
        self.service, self.log, self.first = service, log, runner
        self.who = {"runner": short, "runner_name": runner.get("name", ""), "system_id": service.identity}
        self.settings = runner.get("autoscaler", {})
        self.capacity, self.max_use = max(1, self.settings.get("capacity_per_instance", 1)), self.settings.get("max_use_count", 0)
        self.most = min(MOST, self.settings.get("max_instances") or MOST)
        self.policies = self.settings.get("policy", [])
        self.lock = threading.RLock()
        self.instances, self.requested, self.reserved, self.waiting, self.missed = {}, 0, 0, 0, 0
        self.hold_until, self.failures, self.first_look, self.closed = 0.0, 0, True, False
        self.operations, self.stir = {}, threading.Event()
        self.changed = threading.Condition(self.lock)
        self.plugin = Plugin(self.settings, self.say_plugin)
        self.say("info", "plugin initialized", version=self.plugin.version, **{"build info": f"sha=peers; ref=refs/tags/v{self.plugin.version}"})
        self.look()
        threading.Thread(target=self.loop, daemon=True).start()

    def say(self, level, message, subsystem="taskscaler", **fields):
        self.log(level, message, runner=self.who["runner"], subsystem=subsystem, **fields)

    def say_plugin(self, level, message, **fields):
        self.say(level, message, subsystem="fleeting-plugin", **fields)

    def fleeting(self, level, message, **fields):
        self.say(level, message, subsystem="taskscaler.fleeting", group=self.plugin.id, **fields)

    def count(self, operation):
        self.operations[operation] = self.operations.get(operation, 0) + 1

    def policy(self):
        matching = [each for each in self.policies if not each.get("periods") or any(holds_now(period, each.get("timezone", "")) for period in each["periods"])]
        found = matching[-1] if matching else {}
        idle = found.get("idle_count", 0)
        return {"idle": idle, "time": seconds_of(found.get("idle_time"), 300), "preemptive": found.get("preemptive_mode", idle > 0)}

    # Slots.

    def free(self, instance):
        if instance["doomed"] or instance["interrupted"]:
            return 0
        return max(0, min(self.capacity - instance["busy"], self.max_use - instance["used"] if self.max_use else self.capacity))

    def per_new(self):
        return min(self.capacity, self.max_use) if self.max_use else self.capacity

    def open(self):
        return [each for each in self.instances.values() if each["ready"] and each["state"] == "running" and self.free(each) > 0]

    def sums(self):
        staying = [each for each in self.instances.values() if not each["doomed"]]
        free = self.requested * self.per_new() + sum(map(self.free, staying))
        acquired = sum(each["busy"] for each in self.instances.values())
        lost = sum(max(0, self.capacity - each["busy"] - self.free(each)) for each in staying)
        return free, acquired, lost, len(staying) + self.requested

    def reserve(self):
        with self.lock:
            _, acquired, lost, _ = self.sums()
            taken = self.waiting + self.reserved
            if self.most * self.capacity - acquired - lost - taken <= 0:
                self.count("reserve_iop_capacity_failure")
                return False
            if self.policy()["preemptive"] and sum(map(self.free, self.open())) - taken <= 0:
                self.count("reserve_available_capacity_failure")
                return False
            self.reserved += 1
            self.count("reserve")
            return True

    def unreserve(self):
        with self.lock:
            self.reserved -= 1
            self.count("unreserve")

    # Jobs.

    def place(self, runner, where):
        """Waits for a slot, gets on to its instance; gives it and nothing, or nothing and why."""
        timeout = seconds_of(runner.get("autoscaler", {}).get("instance_acquire_timeout"), 900)
        instance = None
        for left in (2, 1, 0):
            if instance is None:
                self.log("info", "Preparing instance...", **where)
                instance = self.acquire(runner, timeout)
            words = seconds_words(timeout)
            why = self.dial(instance, where) if instance else f"unable to acquire instance within the configured timeout of {words}: context deadline exceeded"
            if why is None:
                return instance, ""
            self.log("warning", f"Preparation failed: {why}", **where)
            if left:
                self.log("info", "Will be retried in 3s ...", **where)
                time.sleep(BETWEEN_TRIES)
        if instance:
            self.give(instance)
        return None, why

    def acquire(self, runner, timeout):
        until = time.monotonic() + timeout
        heartbeats = runner.get("feature_flags", {}).get("FF_USE_FLEETING_ACQUIRE_HEARTBEATS", False)
        with self.lock:
            self.waiting += 1
            self.scale()
            while time.monotonic() < until and not self.service.abort.is_set():
                found = next(iter(self.open()), None)
                if found is None:
                    self.changed.wait(min(0.2, max(0.01, until - time.monotonic())))
                    continue
                # It has its slot, unless the instance doesn't answer.
                found["busy"] += 1
                found["used"] += 1
                self.waiting -= 1
                self.lock.release()
                try:
                    answers = not heartbeats or self.on(found, "exit 0")[0] == 0
                    if not answers:
                        self.miss(found)
                finally:
                    self.lock.acquire()
                if answers:
                    found["misses"] = 0
                    self.count("acquire")
                    return found
                self.waiting += 1
            self.waiting -= 1
        return None

    def miss(self, instance):
        with self.lock:
            instance["busy"] -= 1
            instance["used"] -= 1
            instance["misses"] += 1
            self.say("warning", "instance heartbeat failed", instance=instance["id"], failures=instance["misses"])
        if instance["misses"] >= self.settings.get("failure_threshold", 3):
            self.remove([instance], "instance failed heartbeat")
        time.sleep(EXPECTING)

    def dial(self, instance, where):
        connector = self.settings.get("connector_config", {})
        try:
            info = self.plugin.connect_info(instance["id"])
        except PluginFailure as error:
            return str(error)
        self.log("info", "Dialing instance", **where, **{"instance-id": instance["id"], "internal-address": info["internal"], "external-address": info["external"],
                                                         "use-external-address": connector.get("use_external_addr", False), "protocol-port": connector.get("protocol_port", 22)})
        self.log("info", f"Dialing instance {instance['id']}...", **where)
        code, said = self.on(instance, "docker version", info)
        if code == 255:
            return f"dial ssh: after retrying 1 times during {connector.get('timeout', '10m0s')} timeout: {said}"
        self.log("info", f"Instance {instance['id']} connected", **where)
        return None if code == 0 else "Cannot connect to the Docker daemon at http://internal.tunnel.invalid. Is the docker daemon running?"

    def give(self, instance):
        with self.lock:
            instance["busy"] -= 1
            instance["idle"] = time.monotonic()
            self.count("release")
        if instance["busy"] == 0 and self.max_use and instance["used"] >= self.max_use:
            self.remove([instance], f"instance reached its max use count of {self.max_use}")
        with self.lock:
            self.changed.notify_all()

    def is_lost(self, instance):
        return instance["doomed"]

    # Instances.

    def on(self, instance, command, info=None):
        """Runs a command there over SSH; 255 is ssh's own trouble."""
        connector = self.settings.get("connector_config", {})
        try:
            address = (info or self.plugin.connect_info(instance["id"]))["internal"]
        except PluginFailure as error:
            return 255, str(error)
        options = ["-i", connector.get("key_path", "/none"), "-p", str(connector.get("protocol_port", 22)), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
                   "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=30", "-o", "LogLevel=ERROR"]
        done = subprocess.run(["ssh", *options, f"{connector.get('username', 'root')}@{address}", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        said = (done.stderr or done.stdout).strip()
        if done.returncode == 255 and "Permission denied" in said:
            said = "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain"
        return done.returncode, said

    def make_ready(self, instance):
        """Gets on to an instance and has the ready command run."""
        until, tries = time.monotonic() + min(10, seconds_of(self.settings.get("connector_config", {}).get("timeout"), 600)), 1
        command = self.settings.get("instance_ready_command") or "true"
        code, said = self.on(instance, command)
        # On a busy computer a try takes long: there are some, whatever the time.
        while code == 255 and (time.monotonic() < until or tries < 4) and not instance["doomed"]:
            time.sleep(EXPECTING)
            code, said = self.on(instance, command)
            tries += 1
        err = None
        if code == 255:
            err = f"dial ssh: after retrying 1 times during {self.settings.get('connector_config', {}).get('timeout', '10m0s')} timeout: {said}"
        elif code:
            err = f"ready command: Process exited with status {code}"
        if err:
            self.not_ready(instance, err)
            return
        with self.lock:
            self.failures = 0
            instance.update(ready=True, idle=time.monotonic())
            self.changed.notify_all()

    def not_ready(self, instance, err):
        self.say("error", "ready up preparation failed", err=err, instance=instance["id"])
        if instance["cause"] != "preexisted":
            self.failures += 1
            self.hold_until = time.monotonic() + 0.2 * 2 ** min(self.failures, 6)
        self.remove([instance], "ready up preparation failed")

    def discover(self, name, state, interrupted):
        cause = "requested" if self.requested else "preexisted" if self.first_look else "unexpected"
        self.requested -= cause == "requested"
        instance = {"id": name, "state": "creating", "cause": cause, "seen": time.monotonic(), "ready": False, "doomed": False, "interrupted": interrupted, "misses": 0, "busy": 0, "used": 0,
                    "idle": time.monotonic(), "ended": False, "ending": False}
        self.instances[name] = instance
        self.fleeting("info", "instance discovery", id=name, state=state, cause=cause)
        self.become(instance, state)

    def become(self, instance, state):
        before, instance["state"] = instance["state"], state
        if state == before:
            return
        if state == "running" and instance["cause"] == "preexisted":
            threading.Thread(target=self.not_ready, args=(instance, NO_DATA), daemon=True).start()
        elif state == "running":
            threading.Thread(target=self.make_ready, args=(instance,), daemon=True).start()
        elif state == "deleting":
            self.lose(instance)

    def lose(self, instance):
        if instance["doomed"]:
            return
        instance["doomed"] = True
        slots = "map[" + " ".join(f"{at}:true" for at in range(instance["busy"])) + "]"
        self.say("error", "instance unexpectedly removed", instance=instance["id"], used=instance["used"], slots=slots, **{"max-use-count": self.max_use})

    def look(self):
        try:
            states, interrupted = self.plugin.update()
        except (PluginFailure, OSError) as error:
            self.missed += 1
            self.fleeting("error", "reconcile", err=str(error))
            return
        with self.lock:
            for name, state in states.items():
                known = self.instances.get(name)
                if not known:
                    self.discover(name, state, name in interrupted)
                    continue
                known["interrupted"] = known["interrupted"] or name in interrupted
                if known["state"] != state and not known["ended"]:
                    self.fleeting("info", "instance update", id=name, state=state)
                    self.become(known, state)
            for name in [name for name in self.instances if name not in states]:
                gone = self.instances.pop(name)
                self.lose(gone)
                self.fleeting("info", "instance pruned", id=name, lifetime=f"{time.monotonic() - gone['seen']:.3f}s")
            self.first_look = False
            again = [each for each in self.instances.values() if each["doomed"] and not each["ended"] and each["state"] == "running"]
        if again:
            self.end(again)

    def remove(self, going, reason):
        with self.lock:
            going = [each for each in going if not each["doomed"]]
            for each in going:
                each["doomed"] = True
                self.say("info", "instance marked for removal", instance=each["id"], reason=reason)
        if going:
            self.end(going)

    def end(self, going):
        """Asks the plugin to end them; one whose end is being asked for is not asked for again meanwhile."""
        with self.lock:
            going = [each for each in going if not each["ended"] and not each["ending"]]
            for each in going:
                each["ending"] = True
        if not going:
            return
        self.fleeting("info", "decreasing instances", amount=len(going))
        self.stir.set()
        for each in going:
            try:
                self.plugin.decrease(each["id"])
                each.update(ended=True, state="deleting", ending=False)
            except PluginFailure as error:
                self.fleeting("error", "decreasing instances", amount=len(going), err=str(error))
                time.sleep(EXPECTING)
                each["ending"] = False

    def scale(self):
        with self.lock:
            if self.closed or time.monotonic() < self.hold_until:
                return
            free, acquired, lost, staying = self.sums()
            policy = self.policy()
            wanting = self.waiting + policy["idle"] - free
            self.desired = min(self.most, staying + max(0, -(-wanting // self.per_new())))
            most = min(self.most - len(self.instances) - self.requested, self.desired - staying)
            if wanting > 0 and most > 0:
                info = f"{{InstanceCount:{len(self.instances)} MaxInstanceCount:{self.most} Acquired:{acquired} UnavailableCapacity:{lost} Pending:{self.waiting} IdleCount:{policy['idle']} CapacityPerInstance:{self.capacity}}}"
                self.say("info", "required scaling change", required=most, **{"capacity-info": info})
                self.request(most)
                return
            going = []
            for each in self.open():
                if each["busy"] == 0 and time.monotonic() - each["idle"] >= policy["time"] and free - self.free(each) >= policy["idle"] + self.waiting:
                    free -= self.free(each)
                    going.append(each)
        self.remove(going, "instance exceeded max idle time")

    def request(self, count):
        self.fleeting("info", "increase update", pending=count, total_pending=self.requested + count, requesting=count)
        self.fleeting("info", "increasing instances", amount=count)
        try:
            self.plugin.increase(count)
        except PluginFailure as error:
            self.hold_until = time.monotonic() + 1
            self.fleeting("error", "increasing instances failure", err=str(error), num_requested=count, num_successful=0)
            return
        self.requested += count
        self.stir.set()
        self.fleeting("info", "increasing instances response", num_requested=count, num_successful=count)

    def loop(self):
        while not self.closed:
            expecting = self.requested or any(each["state"] != "running" for each in self.instances.values())
            # Many are looked at less often, since a look at each costs this computer time.
            self.stir.wait((EXPECTING if expecting else USUAL) * max(1, len(self.instances) / 8))
            self.stir.clear()
            self.look()
            self.scale()

    def shut_down(self, until):
        """Instances stay, unless they are to go with the runner."""
        self.closed = True
        if self.settings.get("delete_instances_on_shutdown"):
            self.remove(list(self.instances.values()), "shutdown")
            while self.instances and time.monotonic() < until:
                self.look()
                time.sleep(EXPECTING)
        self.plugin.kill()
        return not (self.settings.get("delete_instances_on_shutdown") and self.instances)

    def metrics(self):
        with self.lock:
            states = [each["state"] for each in self.instances.values()]
            _, acquired, lost, _ = self.sums()
            tasks = {"idle": sum(map(self.free, self.open())), "pending": self.waiting, "acquired": acquired, "reserved": self.reserved, "unavailable": lost,
                     "unhealthy": sum(each["misses"] > 0 for each in self.instances.values())}
            counts = {"requested": self.requested, "pending": 0, **{state: states.count(state) for state in ("creating", "running", "deleting")}}
            series = [("provisioner_instances", {"state": state}, count) for state, count in counts.items()]
            series += [("provisioner_max_instances", {}, self.most), ("provisioner_missed_updates_total", {}, self.missed)]
            series += [("taskscaler_tasks", {"state": state}, count) for state, count in tasks.items()]
            series += [("taskscaler_task_operations_total", {"operation": operation}, count) for operation, count in self.operations.items()]
            series += [("taskscaler_desired_instances", {}, getattr(self, "desired", 0)), ("taskscaler_max_tasks_per_instance", {}, self.capacity),
                       ("taskscaler_max_use_count_per_instance", {}, self.max_use)]
        for name, more, value in series:
            labels = ",".join(f'{key}="{text}"' for key, text in sorted({**self.who, **more}.items()))
            yield f"fleeting_{name}{{{labels}}} {value}"


def seconds_words(seconds):
    minutes, left = divmod(seconds, 60)
    return f"{int(minutes)}m{left:g}s" if minutes else f"{left:g}s"
