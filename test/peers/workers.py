"""What a worker is behind its address: no machine of its own, so the manager's machine asks here what it finds there: whether it may come in, by which key and as whom, and which
Docker answers. Workers are the instances that nobody's laptop launched; their addresses begin with 127.78."""

import base64
import re

#: Docker's version where a package or its own script puts it on a worker, and on Amazon's image for ECS.
NEWEST, OF_ECS = "29.1.2", "25.0.16"
USERS = {"ubuntu": "ubuntu", "debian": "admin", "al2023": "ec2-user", "amzn": "ec2-user"}
#: User data that installs Docker, and that lets the login user use it.
INSTALLS = {
    "debian": re.compile(r"docker\.io|docker-ce|moby|get\.docker\.com|apt-get\b[^\n]*\bdocker\b|^\s*- docker\b", re.M),
    "amazon": re.compile(r"(dnf|yum)\b[^\n]*\bdocker\b|^\s*- docker\b", re.M),
}
LETS = re.compile(r"usermod|gpasswd|adduser|groups\s*:")


def made_of(image):
    """The name of the publisher's image that an image is, or comes from in the end."""
    return getattr(image, "made_of", image.name) or ""


def user_of(image):
    """The login user of an image, by its publisher; the account's own have Ubuntu's."""
    return next((user for start, user in USERS.items() if re.sub(r"^ubuntu/.*", "ubuntu", made_of(image)).startswith(start)), "ubuntu")


def docker_on(instance, image, account):
    if "-ecs-" in made_of(image):
        return OF_ECS
    if image.owner_id == account:
        return NEWEST
    asked = instance.asked_user_data
    try:
        asked = base64.b64decode(asked, validate=True).decode()
    except ValueError:
        pass
    kind = "amazon" if re.match("al20|amzn", made_of(image)) else "debian"
    return NEWEST if INSTALLS[kind].search(asked) and LETS.search(asked) else None


def lets_in(worker, manager, port):
    """Whether the worker's groups let the manager in."""
    own = {group.id for group in manager.security_groups}
    for group in worker.security_groups:
        for rule in group.ingress_rules:
            first, last = int(rule.from_port or 0), int(rule.to_port or 65535)
            fits = rule.ip_protocol == "-1" or first <= port <= last
            if fits and any((source.get("GroupId") or source.get("group_id")) in own for source in rule.source_groups):
                return True
            # Addresses are loopback's here, whatever the subnet's are: a rule of the VPC's own range lets the manager in.
            if fits and any((each.get("CidrIp") or "").startswith(("0.0.0.0/0", "172.", "10.", "192.168.")) for each in rule.ip_ranges):
                return True
    return False


def told(worker, manager, image, account):
    """What the manager's machine finds at a worker."""
    running = worker._state.name == "running"
    return {"id": worker.id, "spot": bool(worker.spot_request), "user": user_of(image), "docker": docker_on(worker, image, account),
            "open": running and manager is not None and lets_in(worker, manager, 22)}
