"""User data that ends by switching its instance off: what a builder of images does.

The same as source/simulated/cloud/builds.ts says for the simulated world. There is no machine behind such an instance: nobody gets on to it. It prints its lines
one by one, then it is stopped, or ends where it was launched so; or it fails halfway, says so and stays.
"""

import base64
import re
import time

from moto.ec2.models.instances import InstanceState, StateReason

#: Seconds from the launch until the first line and until the end, and from then until it is stopped.
BEGINS, ENDS, STOPS = 0.5, 1.5, 0.2
#: What every build fails with that is halfway from now on.
failing: dict = {"why": None}
MARKED = "gitlab-runner-aws bake: "
COMMANDS = re.compile(r"""^\s*(say|pull) (?:'([^'\n]*)'|"([^"$\n]*)"|([\w./:@-]+))""", re.M)

running: list = []


def script_in(form):
    try:
        return base64.b64decode(form.get("UserData", ""), validate=True).decode()
    except ValueError:
        return ""


def is_build(form):
    return re.search(r"\bpoweroff\b|\bshutdown\b.* now\b", script_in(form)) is not None


def begin(instance, form):
    said = [(command, single or double or bare) for command, single, double, bare in COMMANDS.findall(script_in(form))]
    instance.build = {"says": [f"pulling {word}" if command == "pull" else word for command, word in said], "at": time.monotonic(), "failed": None, "cut": None}
    running.append(instance)


def settle(unsettled):
    """Lets builds fail that are halfway, and switches instances off whose builds are over."""
    now = time.monotonic()
    for instance in list(running):
        build, age = instance.build, now - instance.build["at"]
        if instance._state.name not in ("pending", "running"):
            build["cut"] = age
        elif age >= (BEGINS + ENDS) / 2 and failing["why"]:
            build["failed"] = failing["why"]
        elif age < ENDS:
            continue
        else:
            switch_off(instance, unsettled)
        running.remove(instance)


def switch_off(instance, unsettled):
    code = "Client.InstanceInitiatedShutdown"
    ends = instance.instance_initiated_shutdown_behavior == "terminate" or instance.spot_request
    passing, number, name, final = ("shutting-down", 32, "terminated", 48) if ends else ("stopping", 64, "stopped", 80)
    instance._state, instance._state_reason = InstanceState(passing, number), StateReason(f"{code}: Instance initiated shutdown", code)
    unsettled.append((time.monotonic() + STOPS, instance, passing, name, final))


def console_of(instance):
    """What the console shows of a build until now."""
    build = instance.build
    age = build["cut"] if build["cut"] is not None else time.monotonic() - build["at"]
    says = build["says"]
    step = (ENDS - BEGINS) / max(1, len(says))
    until = (BEGINS + ENDS) / 2 if build["failed"] else age
    lines = [MARKED + line for place, line in enumerate(says) if BEGINS + place * step <= min(age, until)]
    if build["failed"]:
        lines.append(f"{MARKED}failed: {build['failed']}")
    twice = [text for line in lines for text in (f"[   22.104318] cloud-init[1187]: {line}", line)]
    return "\r\n".join(["[    0.000000] Linux version 6.8.0-1021-aws", *twice, ""])
