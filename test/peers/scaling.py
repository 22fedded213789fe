"""Auto Scaling as AWS does it. Stock moto replaces a group that is made again, heeds no maximum, launches the template's first type alone, without its key, groups and
profile, at an invented address, deletes a group that has instances and tells no activity.

Here groups stand in a store of their own; each launches and ends instances by EC2's calls as everybody does, so that what EC2 refuses is told by the activities. They act
whenever somebody calls, after the same delays as in source/simulated/cloud/scaling/, shortened.
"""

import json
import re
import time
import uuid
from xml.sax.saxutils import escape

import templates
from refused import Refused

#: Seconds: until a group acts on a new number, until it sees that an instance has gone, until it tries a launch again.
ACTS, NOTICES, TRIES_AGAIN = 0.1, 0.3, 1.0
FAILED = "Launching EC2 instance failed."
PROTECTED = "Could not scale to desired capacity because all remaining instances are protected from scale-in."

groups: dict = {}
#: What deleted groups did.
past: list = []
#: What AWS says of every launch by a group, where a test wants it to make none.
refused_launches: dict = {"said": None}


def invalid(message):
    return Refused(400, "ValidationError", message)


# Answers

def members_xml(value):
    if isinstance(value, dict):
        return "".join(f"<{key}>{members_xml(each)}</{key}>" for key, each in value.items() if each is not None)
    if isinstance(value, list):
        return "".join(f"<member>{members_xml(each)}</member>" for each in value)
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def answered(call, result=None):
    inner = f"<{call.action}Result>{members_xml(result or {})}</{call.action}Result>"
    metadata = "<ResponseMetadata><RequestId>peers</RequestId></ResponseMetadata>"
    return 200, "text/xml", f'<{call.action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">{inner}{metadata}</{call.action}Response>'


def second(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def instance_of(world, group, member):
    return next((each for each in world.ec2(group["region"]).all_instances() if each.id == member["id"]), None)


def state_of(world, group, member):
    instance = instance_of(world, group, member)
    return instance._state.name if instance else "terminated"


def member_shown(world, group, member):
    instance, state = instance_of(world, group, member), state_of(world, group, member)
    lifecycle = "Terminating" if member["leaving"] else "Pending" if state == "pending" else "InService"
    template = templates.templates.get(member["template"], {"name": None})
    return {"InstanceId": member["id"], "InstanceType": instance and instance.instance_type, "AvailabilityZone": member["zone"], "LifecycleState": lifecycle,
            "HealthStatus": "Healthy" if state in ("pending", "running") and not member["leaving"] else "Unhealthy", "ProtectedFromScaleIn": member["protected"],
            "LaunchTemplate": {"LaunchTemplateId": member["template"], "LaunchTemplateName": template["name"], "Version": member["version"]}}


def group_shown(world, group):
    template = templates.templates.get(group["template"], {"name": None})
    named = {"LaunchTemplateId": group["template"], "LaunchTemplateName": template["name"], "Version": group["version"]}
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": named, "Overrides": [{"InstanceType": each} for each in group["types"]]}, "InstancesDistribution": group["distribution"]}
    tags = [{"ResourceId": group["name"], "ResourceType": "auto-scaling-group", "Key": key, "Value": value, "PropagateAtLaunch": key in group["propagated"]} for key, value in group["tags"].items()]
    zones = {each.id: each.availability_zone for each in world.ec2(group["region"]).describe_subnets()}
    return {"AutoScalingGroupName": group["name"], "AutoScalingGroupARN": group["arn"], "MixedInstancesPolicy": policy, "MinSize": group["min"], "MaxSize": group["max"],
            "DesiredCapacity": group["desired"], "DefaultCooldown": 300, "AvailabilityZones": sorted({zones[each] for each in group["subnets"]}), "HealthCheckType": "EC2",
            "HealthCheckGracePeriod": 0, "Instances": [member_shown(world, group, each) for each in group["members"]], "CreatedTime": second(group["at"]),
            "SuspendedProcesses": [{"ProcessName": each, "SuspensionReason": "User suspended"} for each in group["suspended"]], "VPCZoneIdentifier": ",".join(group["subnets"]),
            "Status": "Delete in progress" if group["deleting"] else None, "Tags": tags, "TerminationPolicies": ["Default"],
            "NewInstancesProtectedFromScaleIn": group["protects"], "CapacityRebalance": group["rebalances"], "ServiceLinkedRoleARN": world.role_arn}


def activity_shown(activity, deleted):
    told = {key: value for key, value in activity.items() if key[0].isupper()}
    return {**told, "AutoScalingGroupState": "Deleted" if deleted else None}


def begin(group, description, cause, place=None, failed=None, code="Failed"):
    now = time.time()
    shown = f"{description}  Status Reason: {failed}" if failed else description
    activity = {"ActivityId": str(uuid.uuid4()), "AutoScalingGroupName": group["name"], "AutoScalingGroupARN": group["arn"], "Description": shown,
                "Cause": f"{group['because']}At {second(now)} {cause}", "StartTime": second(now), "EndTime": second(now) if failed else None,
                "StatusCode": code if failed else "InProgress", "StatusMessage": failed, "Progress": 100 if failed else 50,
                "Details": json.dumps({"Subnet ID": place[0], "Availability Zone": place[1]} if place else {})}
    group["activities"].append(activity)
    return activity


def end(activity, **more):
    activity.update({"EndTime": second(time.time()), "StatusCode": "Successful", "Progress": 100, **more})


# What a group does by itself

def look_at(group, seconds):
    due = time.monotonic() + seconds
    group["looks"] = min(group["looks"] or due, due)


def act_soon(group):
    group["rests"] = 0
    look_at(group, ACTS)


def status_of(error, spot):
    market = "Could not launch Spot Instances." if spot else "Could not launch On-Demand Instances."
    said = error.message if error.message.endswith(".") else error.message + "."
    if re.match(r"Invalid(Group|KeyPair|AMIID|SubnetID)", error.code) or "IAM Instance Profile" in said:
        return f"{said} {FAILED}"
    if "does not match the architecture" in said:
        return f"The requested configuration is currently not supported. Please check the documentation for supported configurations. {FAILED}"
    return f"{market} {error.code} - {said} {FAILED}"


def launch_form(data, kind, subnet, spot, price=None):
    form = {key: value for key, value in data.items() if not key.startswith("InstanceMarketOptions") and key != "InstanceType"}
    form.update({"InstanceType": kind, "MinCount": "1", "MaxCount": "1"})
    form["NetworkInterface.1.SubnetId" if any(key.startswith("NetworkInterface.1.") for key in data) else "SubnetId"] = subnet
    if spot:
        form["InstanceMarketOptions.MarketType"] = "spot"
    if spot and price:
        form["InstanceMarketOptions.SpotOptions.MaxPrice"] = price
    return form


def pools_of(world, group, kinds, spot):
    """Types in subnets, the best first: where the fewest instances are; there on demand the first type, on spot the cheapest."""
    zones = {each.id: each.availability_zone for each in world.ec2(group["region"]).describe_subnets()}
    held = [each["zone"] for each in group["members"] if not each["leaving"]]
    pools = [(held.count(zones.get(subnet)), world.price(kind) if spot else 0, place, kind, subnet) for subnet in group["subnets"] for place, kind in enumerate(kinds)]
    return [(kind, subnet) for *_, kind, subnet in sorted(pools, key=lambda each: each[:3])]


def is_spot_next(world, group):
    staying = [instance_of(world, group, each) for each in group["members"] if not each["leaving"]]
    on_demand = sum(1 for each in staying if each and not each.spot_request)
    base, share = group["distribution"]["OnDemandBaseCapacity"], group["distribution"]["OnDemandPercentageAboveBaseCapacity"]
    count = len(staying) + 1
    fixed = min(base, count)
    return on_demand >= fixed + -((-(count - fixed) * share) // 100)


def try_launch(world, group):
    """Launches one instance in the first pool that EC2 gives one in; else gives what is said of the best one's refusal."""
    if world.role_is_young():
        return None, f"Authentication Failure. {FAILED}"
    if refused_launches["said"]:
        return None, refused_launches["said"]
    template = templates.templates.get(group["template"])
    data = template and templates.data_of(template, group["version"])
    if not data:
        return None, f"The specified launch template, with template ID {group['template']}, does not exist. {FAILED}"
    spot = is_spot_next(world, group)
    first = None
    for kind, subnet in pools_of(world, group, group["types"] or [data.get("InstanceType", "")], spot):
        try:
            instance = world.run(group["region"], launch_form(data, kind, subnet, spot, group["distribution"].get("SpotMaxPrice")))
        except Refused as error:
            first = first or error
            continue
        version = str(templates.number_of(template, group["version"]))
        own = {key: group["tags"][key] for key in group["propagated"]}
        marks = {"aws:autoscaling:groupName": group["name"], "aws:ec2launchtemplate:id": template["id"], "aws:ec2launchtemplate:version": version}
        world.ec2(group["region"]).create_tags([instance.id], {**own, **marks})
        return {"id": instance.id, "template": template["id"], "version": version, "zone": instance.placement, "protected": group["protects"], "leaving": False}, subnet
    return None, status_of(first, spot)


def take_away(world, group, member, cause):
    member["leaving"] = True
    if member["launch"]["StatusCode"] == "InProgress":
        end(member["launch"], StatusCode="Cancelled", StatusMessage="Instance became unhealthy while waiting for instance to be in InService state.")
    member["end"] = begin(group, f"Terminating EC2 instance: {member['id']}", cause, (None, member["zone"]))
    if state_of(world, group, member) not in ("shutting-down", "terminated"):
        world.terminate(group["region"], member["id"])
    look_at(group, ACTS)
    return member["end"]


def grow(world, group, count):
    cause = f"an instance was started in response to a difference between desired and actual capacity, increasing the capacity from {count} to {count + 1}."
    member, told = try_launch(world, group)
    if not member:
        begin(group, "Launching a new EC2 instance.", cause, failed=told)
        group["rests"] = time.monotonic() + TRIES_AGAIN
        return False
    member["launch"] = begin(group, f"Launching a new EC2 instance: {member['id']}", cause, (told, member["zone"]))
    group["members"].append(member)
    return True


def shrink(world, group, staying):
    excess = len(staying) - group["desired"]
    going = [each for each in staying if not each["protected"]][:excess]
    cause = f"an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from {len(staying)} to {group['desired']}."
    for member in going:
        take_away(world, group, member, cause)
    if len(going) < excess and not (group["activities"] and group["activities"][-1]["StatusMessage"] == PROTECTED):
        begin(group, "Terminating EC2 instances.", cause, failed=PROTECTED)


def bring(world, group):
    """Brings a group nearer to what is wanted of it."""
    for member in group["members"]:
        state = state_of(world, group, member)
        if group["deleting"] and not member["leaving"]:
            take_away(world, group, member, "the group was deleted by a user request.")
        elif not member["leaving"] and state not in ("pending", "running") and not {"HealthCheck", "ReplaceUnhealthy"} & set(group["suspended"]):
            take_away(world, group, member, "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped.")
    if group["deleting"]:
        if not group["members"]:
            del groups[group["region"], group["name"]]
            past.extend(group["activities"])
        return
    staying = [each for each in group["members"] if not each["leaving"]]
    if len(staying) > group["desired"] and "Terminate" not in group["suspended"]:
        shrink(world, group, staying)
    if "Launch" not in group["suspended"] and time.monotonic() >= group["rests"]:
        for count in range(len(staying), group["desired"]):
            if not grow(world, group, count):
                break
    group["because"] = ""


def note_ends(world, group):
    for member in group["members"]:
        state = state_of(world, group, member)
        if member["launch"]["StatusCode"] == "InProgress" and state == "running":
            end(member["launch"])
        if member["leaving"] and state == "terminated":
            end(member["end"])
    group["members"] = [each for each in group["members"] if not (each["leaving"] and state_of(world, group, each) == "terminated")]


def settle(world):
    """Lets every group do what is due: after what it was told, and every so often what its health check does."""
    for group in list(groups.values()):
        note_ends(world, group)
        if group["looks"] and time.monotonic() < group["looks"]:
            continue
        group["looks"] = None
        bring(world, group)
        look_at(group, NOTICES if group["members"] or group["desired"] else 3600)
