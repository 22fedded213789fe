"""gitlab-runner as a runner manager sees it: version, verify, lint, fleeting, install, start, stop, status, list, register, unregister, and a `run` that asks GitLab
for jobs, makes machines with docker-machine or instances by an Auto Scaling group, serves metrics and stops gracefully. It looks at its file every 0.2 s and asks for jobs that often too.
What it saves by itself it saves as the real one does: without comments and keys that it doesn't know, with some defaults and without others."""

import collections
import datetime
import errno
import http
import json
import os
import re
import signal
import sys
import threading
import time
import urllib

from peers_later import later

glob, hashlib, hmac, secrets, ssl, subprocess, tomllib = map(later, ("glob", "hashlib", "hmac", "secrets", "ssl", "subprocess", "tomllib"))
taskscaler = later("peers_taskscaler")
docker_machine = later("peers_docker_machine")
for part in ("http.client", "http.server", "urllib.error", "urllib.request"):
    later(part)

VERSION = ARCH = ""
UNIT = "/etc/systemd/system/gitlab-runner.service"
COLOURS = {"info": ("", ""), "warning": ("\x1b[0;33m", "WARNING: "), "error": ("\x1b[31;1m", "ERROR: "), "fatal": ("\x1b[31;1m", "FATAL: ")}
TICK = 0.2
KNOWN = {
    "": "concurrent check_interval log_level log_format shutdown_timeout connection_max_age listen_address sentry_dsn session_server machine runners user experimental",
    "runners": "name url token id token_obtained_at token_expires_at executor limit request_concurrency strict_check_interval output_limit environment shell builds_dir cache_dir clone_url "
               "tls-ca-file tls-cert-file tls-key-file pre_get_sources_script post_get_sources_script pre_build_script post_build_script debug_trace_disabled unhealthy_requests_limit "
               "unhealthy_interval prepare_timeout get_sources_timeout feature_flags docker cache machine autoscaler custom ssh kubernetes custom_build_dir proxy_exec system_id",
    "runners.docker": "image privileged services_privileged disable_cache volumes volume_keep tls_verify host tls_cert_path shm_size pull_policy allowed_images allowed_services "
                      "allowed_privileged_images allowed_pull_policies memory memory_swap memory_reservation cpus cap_add cap_drop security_opt devices extra_hosts dns dns_search network_mode "
                      "oom_kill_disable disable_entrypoint_overwrite wait_for_services_timeout services_limit helper_image helper_image_flavor gpus sysctls ulimit tmpfs log_options links "
                      "services runtime hostname userns_mode cpuset_cpus cpu_shares network_mtu",
    "runners.cache": "Type Path Shared MaxUploadedArchiveSize s3 gcs azure",
    "runners.cache.s3": "ServerAddress AccessKey SecretKey SessionToken BucketName BucketLocation Insecure AuthenticationType ServerSideEncryption ServerSideEncryptionKeyID DualStack PathStyle "
                        "Accelerate RoleARN UploadRoleARN AssumeRoleMaxConcurrency",
    "runners.machine": "IdleCount IdleScaleFactor IdleCountMin IdleTime MaxBuilds MaxGrowthRate MaxRemovalAttempts MachineDriver MachineName MachineOptions MachineOptionsWithName autoscaling "
                       "OffPeakPeriods OffPeakTimezone OffPeakIdleCount OffPeakIdleTime",
    "runners.machine.autoscaling": "Periods Timezone IdleCount IdleScaleFactor IdleCountMin IdleTime",
    "runners.autoscaler": "capacity_per_instance max_use_count max_instances plugin plugin_config connector_config instance_ready_command instance_acquire_timeout update_interval "
                          "update_interval_when_expecting deletion_retry_interval shutdown_deletion_interval shutdown_deletion_retries failure_threshold reservation_throttling "
                          "delete_instances_on_shutdown log_internal_ip log_external_ip vm_isolation state_storage scale_throttle policy instance_operation_time_buckets use_slot_cgroups "
                          "slot_cgroup_template",
    "runners.autoscaler.connector_config": "os arch protocol protocol_port username password key_path use_static_credentials keepalive timeout use_external_addr",
    "runners.autoscaler.state_storage": "enabled dir keep_instance_with_acquisitions",
    "runners.autoscaler.scale_throttle": "limit burst",
    "runners.autoscaler.policy": "periods timezone idle_count idle_time scale_factor scale_factor_limit preemptive_mode",
    "machine": "shutdown_drain", "machine.shutdown_drain": "enabled concurrency max_retries retry_backoff",
    "session_server": "listen_address advertise_address session_timeout",
}


# How the real one's structures are saved: a name alone where it is there, with `?` unless it says nothing, and a pair always, with what stands for an absent one.
NEVER = datetime.datetime(1, 1, 1, tzinfo=datetime.timezone.utc)
IDLE = [("IdleCount", 0), ("IdleScaleFactor", 0.0), ("IdleCountMin", 0)]
SAVED = {
    "": ["listen_address?", ("concurrent", 1), ("check_interval", 0), "log_level", "log_format", "user?", ("connection_max_age", "15m0s"), "sentry_dsn", ("shutdown_timeout", 0),
         "session_server", "machine", "runners"],
    "session_server": ["listen_address?", "advertise_address?", ("session_timeout", 1800)],
    "machine": ["shutdown_drain"],
    "machine.shutdown_drain": [("enabled", False), ("concurrency", 0), ("max_retries", 0), ("retry_backoff", "0s")],
    "runners": [("name", ""), "limit?", "output_limit?", "request_concurrency?", "strict_check_interval", "unhealthy_requests_limit?", "unhealthy_interval", ("url", ""), ("id", 0), ("token", ""),
                ("token_obtained_at", NEVER), ("token_expires_at", NEVER), "tls-ca-file?", "tls-cert-file?", "tls-key-file?", ("executor", ""), "builds_dir?", "cache_dir?", "clone_url?",
                "environment?", "pre_get_sources_script?", "post_get_sources_script?", "pre_build_script?", "post_build_script?", "debug_trace_disabled?", "shell?", "prepare_timeout?",
                "get_sources_timeout?", "custom_build_dir", "feature_flags", "ssh", "custom", "kubernetes", "autoscaler", "cache", "docker", "machine"],
    "runners.cache": ["Type?", "Path?", "Shared?", ("MaxUploadedArchiveSize", 0), "s3", "gcs", "azure"],
    "runners.cache.s3": ["ServerAddress?", "AccessKey?", "SecretKey?", "SessionToken?", "BucketName?", "BucketLocation?", "Insecure?", "AuthenticationType?", "ServerSideEncryption?",
                         "ServerSideEncryptionKeyID?", "DualStack", "PathStyle", "Accelerate", "RoleARN", "UploadRoleARN", ("AssumeRoleMaxConcurrency", 0)],
    "runners.docker": ["host?", "hostname?", "tls_cert_path?", ("tls_verify", False), ("image", ""), "runtime?", "memory?", "memory_swap?", "memory_reservation?", "cpuset_cpus?", "cpus?",
                       "cpu_shares?", "dns?", "dns_search?", ("privileged", False), "services_privileged", ("disable_entrypoint_overwrite", False), "userns_mode?", "cap_add?", "cap_drop?",
                       ("oom_kill_disable", False), "security_opt?", "devices?", "gpus?", ("disable_cache", False), "volumes?", "extra_hosts?", "network_mode?", "links?", "services?",
                       "wait_for_services_timeout?", "allowed_images?", "allowed_privileged_images?", "allowed_pull_policies?", "allowed_services?", "pull_policy?", ("volume_keep", False),
                       ("shm_size", 0), "tmpfs?", "sysctls?", "helper_image?", "helper_image_flavor?", "ulimit?", "log_options?", "services_limit", ("network_mtu", 0)],
    "runners.machine": ["MaxGrowthRate?", *IDLE, "IdleTime?", "MaxBuilds?", "MaxRemovalAttempts?", ("MachineDriver", ""), ("MachineName", ""), "MachineOptions?", "MachineOptionsWithName?",
                        "OffPeakPeriods?", "OffPeakTimezone?", "OffPeakIdleCount?", "OffPeakIdleTime?", "autoscaling"],
    "runners.machine.autoscaling": ["Periods?", ("Timezone", ""), *IDLE, ("IdleTime", 0)],
}
log_lock = threading.Lock()
log_format = {"now": "runner"}


def text_of(value, form):
    if isinstance(value, Duration):
        return int(value * 1e9) if form == "json" else go_duration(value)
    return value


class Duration(float):
    """Seconds that the runner prints as Go prints them."""


def go_duration(seconds):
    if seconds < 1:
        return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms"
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    tail = f"{left:.9f}".rstrip("0").rstrip(".") + "s"
    return (f"{int(hours)}h" if hours else "") + (f"{int(minutes)}m" if hours or minutes else "") + tail


def log(level, message, **fields):
    form = log_format["now"]
    if form == "json":
        # A field that is called like one of logrus's own is moved aside.
        entry = {("fields." + key if key in ("level", "msg", "time") else key): text_of(value, form) for key, value in fields.items()}
        entry.update(level=level, msg=message, time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        line = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    else:
        colour, prefix = COLOURS[level]
        line = f"{colour}{prefix}{message:<{50 - len(prefix)}}\x1b[0;m " + "".join(f" {colour}{key}\x1b[0;m={text_of(value, form)}" for key, value in sorted(fields.items()))
    with log_lock:
        print(line, file=sys.stderr, flush=True)


def fatal(message, **fields):
    log("fatal", message, **fields)
    sys.exit(1)


def platform():
    log("info", "Runtime platform", arch=ARCH, os="linux", pid=os.getpid(), revision="peers000", version=VERSION)


def short(token):
    return token.removeprefix("glrt-")[:9]


def load(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def new_system_id():
    """Made from the machine's id where it has one, else by chance."""
    for path in ("/var/lib/dbus/machine-id", "/etc/machine-id"):
        if os.path.exists(path) and (machine := open(path).read().strip()):
            return "s_" + hmac.new(machine.encode(), b"gitlab-runner", hashlib.sha256).hexdigest()[:12]
    return "r_" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(12))


def system_id(config_path):
    path = os.path.join(os.path.dirname(config_path), ".runner_system_id")
    found = open(path).read().strip() if os.path.exists(path) else ""
    if re.fullmatch("[sr]_[0-9a-zA-Z]{12}", found):
        return found
    made = new_system_id()
    log("info", "Created missing unique system ID", system_id=made)
    with open(path, "w") as file:
        file.write(made)
    os.chmod(path, 0o600)
    return made


def without_unknown(table, path=""):
    """What the real one knows of a table, in its own order."""
    kept = {}
    for entry in SAVED[path]:
        name, absent = entry if isinstance(entry, tuple) else (entry.removesuffix("?"), None)
        value = table.get(name, absent)
        if value is None or (isinstance(entry, str) and entry.endswith("?") and not value):
            continue
        inside = f"{path}.{name}" if path else name
        if inside in SAVED:
            value = [without_unknown(each, inside) for each in value] if isinstance(value, list) else without_unknown(value, inside)
        kept[name] = value
    return kept


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def toml_lines(table, path=""):
    """As the real one's encoder writes it: values first, each table two columns further in than the one that it is in."""
    inner = "  " * (path.count(".") + 1) if path else ""
    is_table = lambda value: isinstance(value, dict) or (isinstance(value, list) and value and all(isinstance(each, dict) for each in value))
    for key, value in table.items():
        if not is_table(value):
            yield f"{inner}{key} = {toml_value(value)}"
    for key, value in table.items():
        for each in (value if isinstance(value, list) else [value]) if is_table(value) else []:
            inside = f"{path}.{key}" if path else key
            header = f"[[{inside}]]" if isinstance(value, list) else f"[{inside}]"
            yield from [inner + header] if path else ["", header]
            yield from toml_lines(each, inside)


def save(path, config):
    """Writes the file anew, as every command does that changes it."""
    with open(path + ".new", "w") as file:
        file.write("\n".join(toml_lines(config)) + "\n")
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)


def save_loaded(path, config):
    save(path, without_unknown({"session_server": {}, **config}))


def trusting(authority):
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(authority)
    return context


def ask(runner, method, path, body, timeout=20):
    """Gives (status, parsed body); -100 and the reason when there was no answer at all."""
    url = runner["url"].rstrip("/") + "/api/v4/" + path
    try:
        # All of the system's authorities are read for a context, which takes longer than the call.
        context = trusting(runner.get("tls-ca-file")) if url.startswith("https:") or runner.get("tls-ca-file") else None
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", "User-Agent": f"gitlab-runner {VERSION}", "RUNNER-TOKEN": runner["token"]}, method=method)
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text and b"json" in answer.headers.get("Content-Type", "").encode() else None
    except urllib.error.HTTPError as error:
        error.read()
        return error.code, None
    except (OSError, ValueError) as error:
        reason = str(getattr(error, "reason", error))
        known = {"CERTIFICATE_VERIFY_FAILED": "tls: failed to verify certificate: x509: certificate signed by unknown authority", "refused": "dial tcp: connect: connection refused",
                 "Name or service": "dial tcp: lookup: no such host", "name resolution": "dial tcp: lookup: no such host", "timed out": "dial tcp: i/o timeout"}
        words = next((text for part, text in known.items() if part in reason), reason)
        return -100, f'couldn\'t execute {method} against {url}: {method.title()} "{url}": {words}'


def cache(runner, job, method):
    """Asks S3 for a job's cache, or leaves it there, signed as the manager. What the job prints of it goes to /var/log/peers-jobs: only a 404 means that there is none yet."""
    settings = runner.get("cache", {})
    bucket = settings.get("s3", {}).get("BucketName")
    if settings.get("Type") != "s3" or not bucket:
        return
    path = f"{bucket}/{settings.get('Path', '')}/runner/{short(runner['token'])}/project/{job['job_info']['project_id']}/default"
    keys = re.search(r"aws_access_key_id\s*=\s*(\S+)", open("/root/.aws/credentials").read()) if os.path.exists("/root/.aws/credentials") else None
    scope = f"AWS4-HMAC-SHA256 Credential={keys[1] if keys else 'MACHINE'}/20260101/{settings['s3'].get('BucketLocation', 'us-east-1')}/s3/aws4_request, SignedHeaders=host, Signature=none"
    request = urllib.request.Request(f"{json.load(open('/etc/peers.json'))['aws']}/{path}", b"cache" if method == "PUT" else None, {"Authorization": scope}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20):
            said = "Successfully extracted cache" if method == "GET" else "Created cache"
    except urllib.error.HTTPError as error:
        said = "WARNING: file does not exist" if error.code == 404 else f"WARNING: received: {error.code} {error.reason}"
    except OSError as error:
        said = f"WARNING: {error}"
    with open("/var/log/peers-jobs", "a") as file:
        file.write(f"{job['id']} {said}\n")
    return said


def print_job(runner, job, *lines):
    """Sends lines of a trial's job to GitLab, as with FF_TIMESTAMPS: `section_start` and `section_end` bear their own times besides. Nobody reads the log of any other."""
    if not job.get("peers", {}).get("isTrial"):
        return
    now = time.time()
    stamp = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = "".join(f"{stamp} 00O {re.sub('^(section_(?:start|end)):', lambda found: f'{found[1]}:{int(now)}:', line)}\n" for line in lines)
    ask(runner, "PATCH", f"jobs/{job['id']}/trace", {"token": job["token"], "trace": text})


def info():
    return {"name": "gitlab-runner", "version": VERSION, "revision": "peers000", "platform": "linux", "architecture": ARCH, "executor": "docker+machine"}


# One-shot commands.

def verify_one(runner, identity):
    """Says what GitLab said; True when the runner stays in the file."""
    status, answer = ask(runner, "POST", "runners/verify", {"token": runner["token"], "system_id": identity, "info": info()})
    created = runner["token"].startswith("glrt-")
    fields = {"correlation_id": secrets.token_hex(13).upper(), "runner": short(runner["token"])}
    if status == 200:
        log("info", "Verifying runner... is valid" if created else "Verifying runner... is alive", **fields)
    elif status == 403 and created:
        log("info", "Verifying runner... is not valid", **fields)
    elif status == 403:
        log("error", "Verifying runner... is removed", **fields)
    elif status == -100:
        log("error", "Verifying runner... client error", status=answer, **fields)
    else:
        log("error", "Verifying runner... failed", status=f"{status} {http.client.responses.get(status, '')}", **fields)
    return status != 403


def selected(config, options):
    runners = config.get("runners", [])
    wanted = {key: options[key] for key in ("name", "url", "token") if options.get(key)}
    found = [runner for runner in runners if all(runner.get(key) == value for key, value in wanted.items())]
    if wanted and not found:
        fatal("no runner matches the filtering parameters")
    return found


def read_config(path):
    try:
        return load(path)
    except FileNotFoundError:
        fatal(f"open {path}: no such file or directory")
    except tomllib.TOMLDecodeError as error:
        fatal(f"toml: {error}")


def verify(options):
    platform()
    config = read_config(options["config"])
    if os.geteuid() == 0:
        log("info", "Running in system-mode.")
    identity = system_id(options["config"])
    gone = [runner["token"] for runner in selected(config, options) if not verify_one(runner, identity)]
    if gone and not options.get("delete"):
        fatal("Failed to verify runners")
    if gone:
        save_loaded(options["config"], {**config, "runners": [runner for runner in config["runners"] if runner.get("token") not in gone]})
        log("info", "Updated " + options["config"])


def problems_of(config):
    def walk(path, table):
        known = KNOWN.get(path)
        for key, value in table.items():
            inside = f"{path}.{key}" if path else key
            if known is not None and key not in known.split():
                yield f"unknown key {inside}"
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, dict) and inside in KNOWN:
                    yield from walk(inside, each)

    yield from walk("", config)
    if not isinstance(config.get("concurrent", 1), int) or config.get("concurrent", 1) < 1:
        yield "concurrent: must be at least 1"
    for runner in config.get("runners", []):
        for key in ("url", "token", "executor"):
            if not isinstance(runner.get(key), str) or not runner[key].strip():
                yield f"runners.{key}: is required"
        machine = runner.get("machine", {})
        if isinstance(machine.get("IdleScaleFactor", 0.0), int):
            yield "toml: cannot load TOML value of type int64 into a Go float"
        for policy in runner.get("autoscaler", {}).get("policy", []):
            if isinstance(policy.get("idle_time", ""), int):
                yield f"runners.autoscaler.policy.idle_time: minimum: got {policy['idle_time']}, want 1×10⁹"
        if runner.get("executor") == "docker+machine" and "%s" not in machine.get("MachineName", ""):
            yield "runners.machine.MachineName: must contain %s"


def lint(options):
    path = options["config"]
    try:
        found = list(problems_of(load(path)))
    except (OSError, tomllib.TOMLDecodeError) as error:
        found = [f"{path}: {error}"]
    for problem in found:
        log("error", problem)
    if found:
        fatal("Configuration file is not valid.")
    print("Configuration file is valid.")


def fleeting(options, words):
    """`install` fetches each runner's plugin that isn't there, `list` says where they are."""
    named = [(runner.get("name", ""), runner["autoscaler"]["plugin"]) for runner in read_config(options["config"]).get("runners", []) if runner.get("autoscaler", {}).get("plugin")]
    if not named:
        log("warning", "No plugins to install, review your runner configuration.")
    failed = False
    for runner, plugin in named:
        path = taskscaler.plugin_path(plugin)
        try:
            if words[1:2] == ["install"] and (not path or options.get("upgrade")):
                path = taskscaler.install_plugin(plugin)
        except (OSError, ValueError, LookupError) as error:
            print(f"runner: {runner}, plugin: {plugin}, install/update error:: {getattr(error, 'reason', error)}", file=sys.stderr)
            failed = True
            continue
        print(f"runner: {runner}, plugin: {plugin}, path: {path or ''}")
    if failed:
        sys.exit(1)


def systemctl(*words):
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)


def install(options):
    platform()
    if os.geteuid() != 0:
        fatal("The --user is not supported for non-root users")
    if os.path.exists(UNIT):
        fatal(f"Failed to install gitlab-runner: Init already exists: {UNIT}")
    if not os.path.exists(options["config"]):
        os.makedirs(os.path.dirname(options["config"]), mode=0o700, exist_ok=True)
        save(options["config"], {"concurrent": 1, "check_interval": 0, "shutdown_timeout": 0, "session_server": {"session_timeout": 1800}})
    home = options.get("working-directory") or os.getcwd()
    user = f' "--user" "{options["user"]}"' if options.get("user") else ""
    with open(UNIT, "w") as file:
        file.write(f"""[Unit]
Description=GitLab Runner
ConditionFileIsExecutable={os.path.realpath(sys.argv[0])}

After=network.target

[Service]
StartLimitInterval=5
StartLimitBurst=10
ExecStart={os.path.realpath(sys.argv[0])} "run" "--config" "{options['config']}" "--working-directory" "{home}" "--service" "gitlab-runner"{user}

Restart=always

RestartSec=120
EnvironmentFile=-/etc/sysconfig/gitlab-runner

[Install]
WantedBy=multi-user.target
""")
    systemctl("enable", "gitlab-runner.service")
    systemctl("daemon-reload")


def service(verb):
    platform()
    done = systemctl(verb, "gitlab-runner.service")
    if done.returncode:
        fatal(f"Failed to {verb} gitlab-runner: {done.stderr.strip()}")


def uninstall():
    platform()
    systemctl("disable", "gitlab-runner.service")
    if os.path.exists(UNIT):
        os.unlink(UNIT)
    systemctl("daemon-reload")


def status():
    platform()
    if not os.path.exists(UNIT):
        print("gitlab-runner: the service is not installed", file=sys.stderr)
        sys.exit(1)
    running = systemctl("is-active", "--quiet", "gitlab-runner.service").returncode == 0
    print("gitlab-runner: Service is running" if running else "gitlab-runner: Service has stopped", file=sys.stdout if running else sys.stderr)
    sys.exit(0 if running else 1)


def list_runners(options):
    platform()
    log("info", "Listing configured runners", ConfigFile=options["config"])
    system_id(options["config"])
    for runner in read_config(options["config"]).get("runners", []):
        log("info", runner.get("name", ""), Executor=runner["executor"], Token=runner["token"], URL=runner["url"])


def register(options):
    """With `--non-interactive` and a token of a runner that was made in GitLab."""
    platform()
    path = options["config"]
    config = load(path) if os.path.exists(path) else {}
    identity = system_id(path)
    for key in ("url", "token", "executor"):
        if not options.get(key):
            fatal(f"The {key} needs to be entered")
    runner = {"name": options.get("name") or options.get("description") or os.uname().nodename, "url": options["url"], "token": options["token"]}
    status, answer = ask(runner, "POST", "runners/verify", {"token": runner["token"], "system_id": identity, "info": info()})
    if status != 200:
        log("error", "Verifying runner... is not valid" if status == 403 else "Verifying runner... failed", runner=short(runner["token"]))
        fatal("Failed to verify the runner.")
    log("info", "Verifying runner... is valid", runner=short(runner["token"]))
    runner.update(id=answer["id"], token_obtained_at=datetime.datetime.now(datetime.timezone.utc), executor=options["executor"],
                  cache={"MaxUploadedArchiveSize": 0, "s3": {"AssumeRoleMaxConcurrency": 0}, "gcs": {}, "azure": {}})
    if answer.get("token_expires_at"):
        runner["token_expires_at"] = datetime.datetime.fromisoformat(answer["token_expires_at"])
    if options.get("docker-image"):
        runner["docker"] = {"image": options["docker-image"], "volumes": ["/cache"]}
    save_loaded(path, {**config, "runners": [*config.get("runners", []), runner]})
    log("info", "Runner registered successfully. Feel free to start it, but if it's running already the config should be automatically reloaded!")
    log("info", f'Configuration (with the authentication token) was saved in "{path}"')


def unregister(options):
    platform()
    path = options["config"]
    config = read_config(path)
    identity = system_id(path)
    runners = config.get("runners", []) if options.get("all-runners") else selected(config, options)
    gone = []
    for runner in runners:
        answer, _ = ask(runner, "DELETE", "runners/managers", {"token": runner["token"], "system_id": identity})
        if answer == 204:
            log("info", "Unregistering runner manager from GitLab succeeded", runner=short(runner["token"]))
            gone.append(runner["token"])
        else:
            log("error", "Unregistering runner manager from GitLab failed", runner=short(runner["token"]), status=answer)
    if gone:
        save_loaded(path, {**config, "runners": [runner for runner in config["runners"] if runner["token"] not in gone]})
    if len(gone) < len(runners):
        fatal("Failed to unregister runners" if len(runners) > 1 else "Failed to unregister runner")
    log("info", "Updated " + path)


# The service.

class Service:
    """`gitlab-runner run`."""

    def __init__(self, options):
        self.path = options["config"]
        self.config, self.mtime = {}, None
        self.state, self.jobs, self.machines = "starting", {}, {}
        self.counters = {"configuration_loaded_total": 0, "configuration_loading_error_total": 0}
        self.statuses, self.actions, self.job_totals, self.unhealthy = {}, {}, {}, {}
        self.failures, self.queued, self.lost = {}, {}, set()
        self.lock = threading.RLock()
        self.format = options.get("log-format")
        self.wake = threading.Event()
        self.abort = threading.Event()
        self.reload_now = False
        self.hold_until = 0.0
        self.scalers, self.unprocessed = {}, {}

    # Configuration.

    def reload(self):
        try:
            mtime = os.stat(self.path).st_mtime_ns
            if mtime == self.mtime and not self.reload_now:
                return
            self.mtime, self.reload_now = mtime, False
            config = self.read()
        except FileNotFoundError as error:
            if self.mtime != "missing":
                self.mtime = "missing"
                log("error", f"Failed to load config stat {self.path}: no such file or directory", builds=len(self.jobs), error=str(error))
            return
        except (ValueError, OSError) as error:
            self.counters["configuration_loading_error_total"] += 1
            log("error", "Failed to load config", builds=len(self.jobs), error=str(error))
            return
        self.use(config)

    def read(self):
        config = load(self.path)
        if config.get("concurrent", 1) < 1:
            raise ValueError("concurrent: must be at least 1")
        if any(isinstance(runner.get("machine", {}).get("IdleScaleFactor", 0.0), int) for runner in config.get("runners", [])):
            raise ValueError("toml: cannot load TOML value of type int64 into a Go float")
        return config

    def use(self, config):
        self.config = config
        # What was unhealthy is forgotten with the file that it was asked by.
        self.unhealthy.clear()
        self.counters["configuration_loaded_total"] += 1
        log_format["now"] = self.format or config.get("log_format", "runner")
        log("info", "Configuration loaded", builds=len(self.jobs))
        for runner in self.runners():
            if not str(runner.get("token", "")).strip():
                log("warning", "Runner token is empty or whitespace", runner=runner.get("name", ""))

    def runners(self):
        return self.config.get("runners", [])

    def machine_settings(self, runner):
        return {"IdleCount": 0, "IdleTime": 0, "MaxBuilds": 0, **runner.get("machine", {})}

    def renew_tokens(self):
        """A token that ends is replaced when three quarters of its time are over, and the file is saved with the new one."""
        now = datetime.datetime.now(datetime.timezone.utc)
        for runner in self.runners():
            got, ends = runner.get("token_obtained_at", NEVER), runner.get("token_expires_at", NEVER)
            if ends <= NEVER or got <= NEVER or now < got + (ends - got) * 0.75:
                continue
            status, answer = ask(runner, "POST", "runners/reset_authentication_token", {"token": runner["token"]})
            if status != 201:
                log("error", "Resetting runner authentication token... failed", runner=short(runner["token"]), status=status)
                continue
            log("info", "Resetting runner authentication token... succeeded", runner=short(runner["token"]))
            config = load(self.path)
            for standing in config.get("runners", []):
                if standing.get("token") == runner["token"]:
                    standing.update(token=answer["token"], token_obtained_at=now, token_expires_at=datetime.datetime.fromisoformat(answer["token_expires_at"]) if answer.get("token_expires_at") else NEVER)
            save_loaded(self.path, config)
            self.reload_now = True
            self.reload()
            return

    # Jobs.

    def ask_for_job(self, runner):
        token = runner.get("token", "")
        until = self.unhealthy.get(token, {}).get("until", 0)
        if not token.strip() or time.monotonic() < until or len(self.jobs) >= self.config.get("concurrent", 1):
            return
        if runner.get("limit", 0) and sum(job["runner"]["token"] == token for job in self.jobs.values()) >= runner["limit"]:
            return
        if self.machine_settings(runner)["IdleCount"] > 0 and not self.free_machine(runner, take=False):
            return
        scaler = None
        if runner.get("executor") == "docker-autoscaler":
            scaler = self.scaler(runner)
            if not scaler or not scaler.reserve():
                self.leave(runner, "no_free_executor" if scaler else "other")
                return
        code, answer = ask(runner, "POST", "jobs/request", {"token": token, "system_id": self.identity, "info": info(), "last_update": ""})
        if scaler:
            scaler.unreserve()
        with self.lock:
            key = (short(token), "request_job", str(code if code != -100 else "client_error"))
            self.statuses[key] = self.statuses.get(key, 0) + 1
        fields = {"correlation_id": secrets.token_hex(13).upper(), "runner": short(token), "runner_name": runner.get("name", "")}
        if code == 201:
            self.queued[(short(token), runner.get("name", ""))] = answer.get("peers", {}).get("waiting", 0)
            log("info", "Checking for jobs... received", job=answer["id"], repo_url=answer["git_info"]["repo_url"], **fields)
            threading.Thread(target=self.work, args=(runner, answer), daemon=True).start()
        if code in (201, 204):
            self.unhealthy.pop(token, None)
        elif code == 403:
            log("error", "Checking for jobs... forbidden", status="POST jobs/request: 403 Forbidden", **fields)
            self.count_unhealthy(runner)
        elif code == -100:
            log("error", "Checking for jobs... client error", status=answer, **fields)
            self.count_unhealthy(runner)
        elif code == 503:
            log("warning", "Checking for jobs... GitLab instance currently unavailable", status="503 Service Unavailable", **fields)
        else:
            log("warning", "Checking for jobs... failed", status=f"POST jobs/request: {code}", **fields)

    def scaler(self, runner):
        """Begun with the first request for a job; None where it can't begin, as the log says."""
        key = f"{runner['url']} {runner['id']}" if runner.get("id") else runner["token"]
        if key not in self.scalers:
            try:
                if not runner.get("autoscaler"):
                    raise taskscaler.PluginFailure("executor requires autoscaler config")
                self.scalers[key] = taskscaler.Scaler(self, runner, log, short(runner["token"]))
            except taskscaler.PluginFailure as error:
                log("warning", "Failed to process runner", builds=len(self.jobs), error=f"failed to update executor: initializing taskscaler: {error}", executor=runner["executor"], runner=short(runner["token"]))
                return None
        self.scalers[key].policies = runner.get("autoscaler", {}).get("policy", [])
        return self.scalers[key]

    def leave(self, runner, why):
        key = (short(runner["token"]), runner.get("name", ""), why)
        self.unprocessed[key] = self.unprocessed.get(key, 0) + 1

    def count_unhealthy(self, runner):
        limit = runner.get("unhealthy_requests_limit", 3)
        entry = self.unhealthy.setdefault(runner["token"], {"count": 0, "until": 0})
        entry["count"] += 1
        if entry["count"] >= limit:
            entry.update(count=0, until=time.monotonic() + 3600)
            log("error", f"Runner \"{runner['url']}{short(runner['token'])}\" is unhealthy and will be disabled for 1h0m0s seconds!", unhealthy_requests=limit, unhealthy_requests_limit=limit)

    def work(self, runner, job):
        begun = time.monotonic()
        where = {"job": job["id"], "project": job["job_info"]["project_id"], "runner": short(runner["token"]), "runner_name": runner.get("name", "")}
        with self.lock:
            # Until its machine is there a job is pending, and has no stage.
            self.jobs[job["id"]] = entry = {"runner": runner, "url": job["git_info"]["repo_url"].removesuffix(".git"), "begun": begun, "stage": "", "executor_stage": "", "state": "pending"}
            total = (short(runner["token"]), runner.get("name", ""))
            self.job_totals[total] = self.job_totals.get(total, 0) + 1
        log("info", "Added job to processing list", builds=len(self.jobs), repo_url=job["git_info"]["repo_url"], time_in_queue_seconds=1, **where)
        print_job(runner, job, f"Running with gitlab-runner {VERSION}", "section_start:prepare_executor", f"Preparing the \"{runner.get('executor')}\" executor")
        machine, reason = None, ""
        scaler = self.scaler(runner) if runner.get("executor") == "docker-autoscaler" else None
        instance = None
        if scaler:
            instance, reason = scaler.place(runner, where)
        if runner.get("executor") == "docker+machine":
            machine, reason = self.machine_for(runner, where)
        named = {**where, **({"name": machine} if machine else {})}
        if scaler and instance is None:
            failed = (reason, "runner_system_failure")
        elif machine is None and runner.get("executor") == "docker+machine":
            failed = (f"prepare environment: {reason}", "runner_system_failure")
        else:
            entry.update(stage="step_script", executor_stage="docker_run", state="running")
            if machine:
                log("info", "Starting docker-machine build...", **named)
            print_job(runner, job, "Using Docker executor with image alpine:latest ...", "section_end:prepare_executor", "section_start:prepare_script", "section_end:prepare_script",
                      "section_start:get_sources", "section_end:get_sources", "section_start:restore_cache")
            found = cache(runner, job, "GET")
            print_job(runner, job, found or "", "section_end:restore_cache", "section_start:step_script")
            failed = self.work_on(runner, job, machine, scaler and (lambda: scaler.is_lost(instance)))
            if not failed and job.get("peers", {}).get("needsCache") and found != "Successfully extracted cache":
                failed = ("exit code 1", "script_failure")
            if failed and machine:
                log("warning", f"Finished docker-machine build with error: {failed[0]}", error=failed[0], **named)
            elif not failed:
                print_job(runner, job, "section_end:step_script", "section_start:archive_cache", cache(runner, job, "PUT") or "", "section_end:archive_cache")
                if machine:
                    log("info", "Finished docker-machine build", **named)
            if machine:
                log("info", "Cleaned up docker-machine", **named)
        result = "failed" if failed else "success"
        ended = {"duration_s": time.monotonic() - begun, "job-status": result}
        if failed:
            system = " (system failure)" if failed[1] == "runner_system_failure" else ""
            log("warning", f"Job failed{system}: {failed[0]}", error=failed[0], failure_reason=failed[1], **ended, **named)
            with self.lock:
                key = (short(runner["token"]), runner.get("name", ""), failed[1])
                self.failures[key] = self.failures.get(key, 0) + 1
        else:
            log("info", "Job succeeded", **ended, **named)
        ask(runner, "PUT", f"jobs/{job['id']}", {"token": job["token"], "state": result, **({"failure_reason": failed[1]} if failed else {})})
        if machine:
            self.give_back(runner, machine)
        if instance:
            scaler.give(instance)
        with self.lock:
            del self.jobs[job["id"]]
        log("info", "Removed job from processing list", builds=len(self.jobs), **where)
        self.wake.set()

    def work_on(self, runner, job, machine, is_lost=None):
        """Works for the job's time or, where it has none, until GitLab says that it is over; gives error and reason when it failed."""
        told = job.get("peers", {})
        seconds = told.get("seconds", 0.2)
        until = None if seconds is None else time.monotonic() + seconds
        while until is None or time.monotonic() < until:
            if self.abort.wait(TICK if until is None else min(TICK, max(0, until - time.monotonic()))):
                return "aborted: terminated", "runner_system_failure"
            if is_lost and is_lost():
                return 'error during connect: Post "http://internal.tunnel.invalid/v1.44/containers/build/wait?condition=not-running": ssh tunnel: EOF ()', "runner_system_failure"
            if machine in self.lost:
                address = self.address_of(machine)
                return f"waiting for container: Cannot connect to the Docker daemon at tcp://{address}:2376. Is the docker daemon running? (wait.go:58:10s)", "runner_system_failure"
            if until is None:
                _, answer = ask(runner, "PUT", f"jobs/{job['id']}", {"token": job["token"], "state": "running"})
                if answer and answer["over"]:
                    break
        fails = told.get("fails")
        return (fails["error"], fails["why"]) if fails else None

    def address_of(self, machine):
        try:
            return docker_machine.load(machine)["Driver"]["PrivateIPAddress"]
        except docker_machine.Failed:
            return "10.0.0.0"

    def watch_machines(self):
        """Finds out within some seconds which machines are gone, as Docker's client does by its connection."""
        # systemd gives a service no HOME, and docker-machine's store is below it.
        os.environ.setdefault("HOME", "/root")
        while True:
            time.sleep(3)
            with self.lock:
                used = [name for name, each in self.machines.items() if each["state"] in ("used", "idle")]
            if not used:
                continue
            try:
                ids = {driver["InstanceId"]: (name, driver["Region"]) for name in used for driver in [docker_machine.load(name)["Driver"]] if driver["InstanceId"]}
                for region in {region for _, region in ids.values()}:
                    mine = [instance for instance, (_, where) in ids.items() if where == region]
                    shown = docker_machine.ec2(region, "DescribeInstances", Filter=[{"Name": "instance-id", "Value": mine[:200]}])
                    gone = [one.findtext("instanceId") for one in shown.iter("item") if one.findtext("instanceState/name") in ("shutting-down", "terminated")]
                    self.lost |= {ids[instance][0] for instance in gone if instance in ids}
            except (docker_machine.Failed, docker_machine.Refused, OSError, ValueError):
                continue

    # Machines.

    def prefix(self, runner):
        """By this alone the real one knows its machines: those of another token or MachineName are nobody's."""
        template = self.machine_settings(runner).get("MachineName", "%s")
        return "runner-" + re.sub(r"[^-a-z0-9]", "", short(runner["token"]).lower()).lstrip("-") + "-" + template.split("%s")[0]

    def manages(self, runner, name):
        """Whether the runner counts a machine as its own."""
        return name.startswith(self.prefix(runner))

    def run_machine(self, *arguments, level="info", **fields):
        """Runs docker-machine and logs its lines as the runner does."""
        environment = {**os.environ, "HOME": os.environ.get("HOME") or "/root"}
        process = subprocess.Popen(["docker-machine", "--bugsnag-api-token=no-report", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        readers = []
        for stream, said in ((process.stdout, level), (process.stderr, "error")):
            reader = threading.Thread(target=lambda stream=stream, said=said: [log(said, line.rstrip(), **fields) for line in stream if line.strip()], daemon=True)
            reader.start()
            readers.append(reader)
        for reader in readers:
            reader.join()
        return process.wait()

    def act(self, action):
        with self.lock:
            self.actions[action] = self.actions.get(action, 0) + 1

    def create_machine(self, runner, state):
        settings = self.machine_settings(runner)
        name = self.prefix(runner) + f"{int(time.time())}-{secrets.token_hex(4)}" + settings.get("MachineName", "%s").partition("%s")[2]
        options = settings.get("MachineOptions", []) + [option.replace("%s", name) for option in settings.get("MachineOptionsWithName", [])]
        begun = time.monotonic()
        with self.lock:
            self.machines[name] = {"state": "creating", "used": time.monotonic(), "count": 0}
        code = self.run_machine("create", "--driver", settings.get("MachineDriver", ""), *("--" + option for option in options), name, driver=settings.get("MachineDriver", ""), name=name, operation="create")
        took = Duration(time.monotonic() - begun)
        if code:
            log("error", "Machine creation failed", error=f"exit status {code}", name=name, time=took)
            self.act("creation-failed")
            self.hold_until = time.monotonic() + 2
            self.remove_machine(name, "Failed to create")
            return None, f"exit status {code}"
        log("info", "Machine created", duration=took, name=name, now=time.strftime("%Y-%m-%d %H:%M:%S"), retries=0)
        self.act("created")
        with self.lock:
            self.machines[name].update(state=state, used=time.monotonic())
        return name, ""

    def free_machine(self, runner, take=True):
        with self.lock:
            name = next((name for name, each in self.machines.items() if each["state"] == "idle" and self.manages(runner, name)), None)
            if name and take:
                self.machines[name]["state"] = "acquired"
            return name

    def machine_for(self, runner, where):
        for message, name in (("Using existing docker-machine", self.free_machine(runner)), ("Created docker-machine", None)):
            reason = ""
            if name is None and message.startswith("Created"):
                name, reason = self.create_machine(runner, "acquired")
            if name:
                with self.lock:
                    self.machines[name].update(state="used", used=time.monotonic())
                    self.machines[name]["count"] += 1
                if name in self.lost:
                    self.remove_machine(name, "machine is unavailable")
                    continue
                log("info", message, name=name, usedCount=self.machines[name]["count"], created="peers", now="peers", docker="tcp://127.0.0.1:2376", **where)
                return name, ""
        log("error", "Preparing docker-machine wrapped executor failed", error=reason, **where)
        return None, reason

    def give_back(self, runner, name):
        self.act("used")
        limit = self.machine_settings(runner)["MaxBuilds"]
        if limit and self.machines[name]["count"] >= limit:
            self.remove_machine(name, "Too many builds")
            return
        with self.lock:
            self.machines[name].update(state="idle", used=time.monotonic())

    def remove_machine(self, name, reason):
        with self.lock:
            entry = self.machines.get(name)
            if not entry or entry["state"] == "removing":
                return
            entry["state"] = "removing"
        fields = {"name": name, "reason": reason, "lifetime": Duration(time.monotonic() - entry["used"]), "used": Duration(time.monotonic() - entry["used"]), "usedCount": entry["count"]}
        log("warning", "Requesting machine removal", now="peers", **fields)
        log("warning", "Stopping machine", **fields)
        if self.run_machine("stop", name, name=name, operation="stop"):
            log("warning", "Error while stopping machine", error="exit status 1", **fields)
        log("warning", "Removing machine", **fields)
        code = self.run_machine("rm", "-y", name, name=name, operation="remove")
        if code:
            self.run_machine("rm", "-f", name, name=name, operation="force-remove")
        log("info", "Machine removed", now="peers", retries=0, **fields)
        self.act("removed")
        with self.lock:
            self.machines.pop(name, None)

    def find_machines(self):
        """Machines from before a restart are taken over by the runner's name prefix."""
        runners = [runner for runner in self.runners() if runner.get("token")]
        root = os.environ.get("HOME") or "/root"
        for path in glob.glob(f"{root}/.docker/machine/machines/*/config.json"):
            name = path.split("/")[-2]
            if any(self.manages(runner, name) and runner.get("executor") == "docker+machine" for runner in runners) and name not in self.machines:
                self.machines[name] = {"state": "idle", "used": time.monotonic(), "count": 1}

    def look_after_machines(self):
        for runner in self.runners():
            if runner.get("executor") != "docker+machine" or not runner.get("token"):
                continue
            settings = self.machine_settings(runner)
            mine = {name: each for name, each in self.machines.items() if self.manages(runner, name)}
            idle = sorted((each["used"], name) for name, each in mine.items() if each["state"] == "idle")
            busy = sum(each["state"] in ("creating", "acquired", "used") for each in mine.values())
            coming = sum(each["state"] == "creating" for each in mine.values())
            if time.monotonic() > self.hold_until and len(idle) + coming < settings["IdleCount"] and (not runner.get("limit") or len(idle) + busy < runner["limit"]):
                threading.Thread(target=self.create_machine, args=(runner, "idle"), daemon=True).start()
            elif len(idle) > settings["IdleCount"] and time.monotonic() - idle[0][0] > settings["IdleTime"]:
                threading.Thread(target=self.remove_machine, args=(idle[0][1], "too many idle machines"), daemon=True).start()

    # What it tells.

    def metrics(self):
        lines = []

        def say(name, kind, *series):
            lines.append(f"# HELP gitlab_runner_{name} Stand-in.\n# TYPE gitlab_runner_{name} {kind}")
            for labels, value in series:
                inside = ",".join(f'{key}="{text}"' for key, text in sorted(labels.items()))
                lines.append(f"gitlab_runner_{name}{{{inside}}} {value}" if inside else f"gitlab_runner_{name} {value}")

        with self.lock:
            mine = [{"runner": short(runner.get("token", "")), "runner_name": runner.get("name", ""), "system_id": self.identity} for runner in self.runners()]
            say("concurrent", "gauge", ({}, self.config.get("concurrent", 1)))
            say("limit", "gauge", *((labels, runner.get("limit", 0)) for labels, runner in zip(mine, self.runners())))
            jobs = collections.Counter((short(job["runner"]["token"]), job["runner"].get("name", ""), job["state"], job["stage"], job["executor_stage"]) for job in self.jobs.values())
            say("jobs", "gauge", *(({"runner": token, "runner_name": name, "system_id": self.identity, "state": state, "stage": stage, "executor_stage": executor_stage}, count)
                                   for (token, name, state, stage, executor_stage), count in jobs.items()))
            # Neither is there before a first job was received.
            for name, value in (("job_queue_size", None), ("job_queue_depth", 1)) if self.queued else ():
                say(name, "gauge", *(({"runner": token, "runner_name": runner, "system_id": self.identity}, size if value is None else value) for (token, runner), size in self.queued.items()))
            if self.failures:
                say("failed_jobs_total", "counter", *(({"runner": token, "runner_name": name, "failure_reason": why, "mode": "traditional"}, count) for (token, name, why), count in self.failures.items()))
            say("jobs_total", "counter", *(({"runner": token, "runner_name": name, "system_id": self.identity}, count) for (token, name), count in self.job_totals.items()))
            say("version_info", "gauge", ({"name": "gitlab-runner", "version": VERSION, "revision": "peers000", "branch": "stable", "go_version": "go1.25", "built_at": "2026-08-19", "os": "linux", "architecture": ARCH}, 1))
            say("process_state_info", "gauge", ({"state": self.state}, 1))
            say("api_request_statuses_total", "counter", *(({"runner": token, "system_id": self.identity, "endpoint": endpoint, "status": code, "method": "POST"}, count) for (token, endpoint, code), count in self.statuses.items()))
            for name, value in self.counters.items():
                say(name, "counter", ({}, value))
            if any(runner.get("executor") == "docker+machine" for runner in self.runners()):
                targets = {"executor": "docker+machine", "target_zone": "", "target_region": "", "target_project": "", "target_machine_type": ""}
                states = [each["state"] for each in self.machines.values()]
                say("autoscaling_machine_states", "gauge", *(({**targets, "state": state}, states.count(state)) for state in ("acquired", "creating", "idle", "used", "removing", "stuck-on-removing")))
                say("autoscaling_actions_total", "counter", *(({**targets, "action": action}, self.actions.get(action, 0)) for action in ("created", "creation-failed", "used", "removed")))
            if self.unprocessed:
                say("worker_processing_failures_total", "counter", *(({"runner": token, "runner_name": name, "system_id": self.identity, "failure_type": why}, count) for (token, name, why), count in self.unprocessed.items()))
            lines += [line for scaler in list(self.scalers.values()) for line in scaler.metrics()]
        lines.append(f"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {self.begun:.2f}")
        return "\n".join(lines) + "\n"

    def jobs_list(self):
        with self.lock:
            return "".join(f"url={job['url']}/-/jobs/{number} state={job['state']} stage={job['stage']} executor_stage={job['executor_stage']} duration={go_duration(time.monotonic() - job['begun'])}\n" for number, job in self.jobs.items())

    def serve(self):
        address = self.config.get("listen_address")
        if not address:
            log("info", "listen_address not defined, metrics & debug endpoints disabled", builds=0)
            return
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = {"/metrics": owner.metrics, "/debug/jobs/list": owner.jobs_list, "/debug/process/state": lambda: owner.state + "\n", "/health/ready": lambda: "ready\n"}.get(self.path.split("?")[0])
                body = found().encode() if found else b"404 page not found\n"
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                if self.path.startswith("/debug/jobs/list"):
                    self.send_header("X-List-Version", "2")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        host, _, port = address.rpartition(":")
        try:
            server = http.server.ThreadingHTTPServer((host.strip("[]") or "0.0.0.0", int(port or 9252)), Handler)
        except OSError as error:
            text = f"listen tcp {address}: bind: address already in use" if error.errno == errno.EADDRINUSE else str(error)
            fatal("Failed to create listener for metrics server", address=address, builds=0, error=text, max_builds=self.config.get("concurrent", 1))
        log("info", "Metrics server listening", address=address, builds=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    # Its life.

    def on_signal(self, number, _):
        if number == signal.SIGHUP:
            self.reload_now = True
        elif number == signal.SIGQUIT:
            self.state = "graceful-shutdown"
        elif self.state == "forceful-shutdown":
            os._exit(1)
        else:
            self.state = "forceful-shutdown"
            self.abort.set()
        self.wake.set()

    def run(self):
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.on_signal)
        self.begun = time.time()
        platform()
        log("info", f"Starting multi-runner from {self.path}...", builds=0)
        # Four lines that aren't of any other form, since log_format isn't known yet: a user's mode, and an empty one.
        log("info", "Running in system-mode." if os.geteuid() == 0 else "Running in user-mode.")
        with log_lock:
            print(file=sys.stderr, flush=True)
        self.identity = system_id(self.path) if os.path.isdir(os.path.dirname(self.path)) else "s_unknown"
        try:
            if os.path.exists(self.path):
                self.read()
        except tomllib.TOMLDecodeError as error:
            fatal("Service run failed", error=f"decoding configuration file: toml: {error}")
        except ValueError as error:
            fatal("Service run failed", error=str(error))
        self.reload()
        self.find_machines()
        self.serve()
        threading.Thread(target=self.watch_machines, daemon=True).start()
        if self.state == "starting":
            self.state = "running"
        log("info", "Initializing executor providers", builds=0)
        while self.state == "running":
            self.reload()
            self.renew_tokens()
            for runner in self.runners():
                self.ask_for_job(runner)
            self.look_after_machines()
            self.wake.wait(TICK)
            self.wake.clear()
        self.shut_down()

    def shut_down(self):
        if self.state == "graceful-shutdown":
            log("warning", "[runWait] received stop signal", **{"stop-signal": "quit"}, builds=len(self.jobs))
            log("info", "Starting graceful shutdown, waiting for builds to finish", StopSignal="quit", builds=len(self.jobs))
        else:
            log("warning", "Starting forceful shutdown", StopSignal="terminated", builds=len(self.jobs))
        deadline = time.monotonic() + self.config.get("shutdown_timeout", 30)
        while self.jobs and (self.state == "graceful-shutdown" or time.monotonic() < deadline):
            self.wake.wait(TICK)
            self.wake.clear()
        drain = self.config.get("machine", {}).get("shutdown_drain", {})
        if drain.get("enabled"):
            log("info", "Starting machine pool drain", machines=len(self.machines))
            if self.machines:
                log("info", "Draining machine pool", machines=len(self.machines))
            else:
                log("info", "No machines to drain")
            prefixes = [self.prefix(runner) for runner in self.runners() if runner.get("token")]
            for name in [name for name in list(self.machines) if any(name.startswith(prefix) for prefix in prefixes)]:
                self.remove_machine(name, "shutdown drain")
        log("info", "Shutting down executor providers", builds=len(self.jobs))
        until = time.monotonic() + (self.config.get("shutdown_timeout") or 30)
        if not all([scaler.shut_down(until) for scaler in self.scalers.values()]):
            log("warning", "Executor providers shutdown timeout exceeded", builds=len(self.jobs))
        log("info", "All builds finished. Runner stopped", builds=len(self.jobs))


# The command line.

ALIASES = {"c": "config", "n": "name", "u": "url", "t": "token", "d": "working-directory"}
SWITCHES = {"upgrade", "all-runners", "delete", "debug", "syslog", "help", "h", "non-interactive"}


def parse(arguments):
    """Global flags, the command, its flags."""
    options, words = {}, []
    pending = iter(arguments)
    for word in pending:
        if not word.startswith("-"):
            words.append(word)
            continue
        name, mark, value = word.lstrip("-").partition("=")
        name = ALIASES.get(name, name)
        options[name] = value if mark else True if name in SWITCHES or name in ("version", "v") else next(pending, "")
    return options, words


def main(version, arch):
    global VERSION, ARCH
    VERSION, ARCH = version, arch
    options, words = parse(sys.argv[1:])
    home = "/etc/gitlab-runner" if os.geteuid() == 0 else os.path.expanduser("~/.gitlab-runner")
    options.setdefault("config", f"{home}/config.toml")
    log_format["now"] = options.get("log-format", "runner")
    if options.get("version") or options.get("v") or words[:1] == ["version"]:
        print(f"Version:      {VERSION}\nGit revision: peers000\nGit branch:   {'-'.join(VERSION.split('.')[:2])}-stable\nGO version:   go1.25.7 X:cacheprog\nBuilt:        2026-08-19T10:12:00Z\nOS/Arch:      linux/{ARCH}")
        return
    commands = {
        "verify": lambda: verify(options), "lint": lambda: lint(options), "install": lambda: install(options), "uninstall": uninstall, "start": lambda: service("start"),
        "stop": lambda: service("stop"), "restart": lambda: service("restart"), "status": status, "list": lambda: list_runners(options), "register": lambda: register(options),
        "unregister": lambda: unregister(options), "fleeting": lambda: fleeting(options, words),
        "run": lambda: Service(options).run(),
    }
    if not words or words[0] not in commands:
        fatal(f"Command {words[0] if words else ''} not found.")
    commands[words[0]]()
