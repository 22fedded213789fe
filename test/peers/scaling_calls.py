"""What Auto Scaling is asked, and what it takes: the same as source/simulated/cloud/scaling/groups.ts and shape.ts say."""

import re
import time
import uuid

import scaling
import templates
from refused import Refused

STRATEGIES = ("price-capacity-optimized", "capacity-optimized", "lowest-price")
PROCESSES = ("Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions", "AddToLoadBalancer", "InstanceRefresh")
#: Parameters of a group that are known here.
KNOWN = ("AutoScalingGroupName", "MixedInstancesPolicy", "MinSize", "MaxSize", "DesiredCapacity", "VPCZoneIdentifier", "NewInstancesProtectedFromScaleIn", "CapacityRebalance",
         "DefaultCooldown", "HealthCheckType", "HealthCheckGracePeriod", "Tags", "Action", "Version")
VALID = "You must use a valid fully-formed launch template."


def invalid(message):
    return Refused(400, "ValidationError", message)


def found(call, name=None):
    name = name or call.form.get("AutoScalingGroupName")
    group = scaling.groups.get((call.region, name))
    if not group:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    return group


def standing(call):
    group = found(call)
    if group["deleting"]:
        raise invalid(f"AutoScalingGroup {group['name']} is pending delete and can't be changed.")
    return group


def is_true(call, name):
    return call.form.get(name) == "true"


def only_known(call):
    for name in call.form:
        if name.split(".")[0] not in KNOWN:
            raise Refused(400, "PeersNotImplemented", f"The parameter {name} of {call.action} isn't known here")


def distributed(asked, before):
    told = {**before, **asked}
    strategy = told.get("SpotAllocationStrategy", "lowest-price")
    if strategy not in STRATEGIES:
        raise invalid(f"Invalid SpotAllocationStrategy {strategy}.")
    if "SpotInstancePools" in told and strategy != "lowest-price":
        raise invalid("SpotInstancePools option is only available with the lowest-price allocation strategy.")
    full = {"OnDemandAllocationStrategy": told.get("OnDemandAllocationStrategy", "prioritized"), "OnDemandBaseCapacity": int(told.get("OnDemandBaseCapacity", 0)),
            "OnDemandPercentageAboveBaseCapacity": int(told.get("OnDemandPercentageAboveBaseCapacity", 100)), "SpotAllocationStrategy": strategy}
    if strategy == "lowest-price":
        full["SpotInstancePools"] = int(told.get("SpotInstancePools", 2))
    if told.get("SpotMaxPrice"):
        full["SpotMaxPrice"] = told["SpotMaxPrice"]
    return full


def types_in(launch, before):
    if "Overrides" not in launch:
        return before
    for each in launch["Overrides"]:
        if set(each) != {"InstanceType"}:
            raise Refused(400, "PeersNotImplemented", f"Overrides other than types aren't known here: {each}")
    types = [each["InstanceType"] for each in launch["Overrides"]]
    if len(types) > 40 or len(set(types)) < len(types):
        raise invalid("The overrides of the mixed instances policy are too many or hold a type twice.")
    return types


def template_for(world, call, named, before):
    template_id, name = named.get("LaunchTemplateId"), named.get("LaunchTemplateName")
    if not named:
        template_id = before["template"]
    template = templates.find(call.region, template_id, name)
    if not template or world.is_new(call, template["id"]):
        which = f"template ID {template_id}" if template_id else f"template name {name}"
        raise invalid(f"{VALID} The specified launch template, with {which}, does not exist.")
    return template


def shaped(world, call, before=None):
    """Reads the policy and the subnets of a call, over what stood before, and tries them as Auto Scaling does."""
    policy = templates.nested(call.form, "MixedInstancesPolicy")
    launch = policy.get("LaunchTemplate", {})
    named = launch.get("LaunchTemplateSpecification", {})
    subnets = call.form["VPCZoneIdentifier"].split(",") if call.form.get("VPCZoneIdentifier") else (before or {}).get("subnets", [])
    if not subnets:
        raise invalid("At least one Availability Zone or VPC Subnet is required.")
    known = [each.id for each in call.ec2.describe_subnets()]
    for each in subnets:
        if each not in known:
            raise invalid(f"The subnet ID '{each}' does not exist")
    if not before and not named:
        raise invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.")
    template = template_for(world, call, named, before)
    version = named.get("Version", "$Default") if named else before["version"]
    data = templates.data_of(template, version)
    if data is None:
        raise invalid(f"{VALID} Could not find the specified version {version} for the launch template with ID {template['id']}.")
    if any(key.startswith("InstanceMarketOptions") for key in data):
        raise invalid("Incompatible launch template: InstanceMarketOptions can't be used with a mixed instances policy.")
    types = types_in(launch, (before or {}).get("types", []))
    distribution = distributed(policy.get("InstancesDistribution", {}), (before or {}).get("distribution", {}))
    if policy or call.form.get("VPCZoneIdentifier"):
        world.judge_rights()
        try:
            world.judge_launch(call.region, scaling.launch_form(data, (types or [data.get("InstanceType", "")])[0], subnets[0], False))
        except Refused as error:
            raise invalid(f"{VALID} {error.message}") from error
    return {"template": template["id"], "version": version, "types": types, "distribution": distribution, "subnets": subnets}


def judge_sizes(least, most, desired):
    if least > most:
        raise invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if not least <= desired <= most:
        raise invalid(f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}")


def set_desired(group, desired, who):
    if group["desired"] != desired:
        group["because"] += f"At {scaling.second(time.time())} {who} changing the desired capacity from {group['desired']} to {desired}.  "
    group["desired"] = desired
    scaling.act_soon(group)


def tag(group, tags):
    for each in tags:
        group["tags"][each["Key"]] = each.get("Value", "")
        (group["propagated"].add if each.get("PropagateAtLaunch") == "true" else group["propagated"].discard)(each["Key"])


def create(world, call):
    only_known(call)
    name = call.form["AutoScalingGroupName"]
    if not re.fullmatch(r"[!-9;-~]{1,255}", name):
        raise invalid(f"Invalid AutoScalingGroupName: {name}")
    if (call.region, name) in scaling.groups:
        raise Refused(400, "AlreadyExists", f"AutoScalingGroup by this name already exists - A group with the name {name} already exists")
    least, most = int(call.form["MinSize"]), int(call.form["MaxSize"])
    desired = int(call.form.get("DesiredCapacity", least))
    judge_sizes(least, most, desired)
    shape = shaped(world, call)
    arn = f"arn:aws:autoscaling:{call.region}:{world.account}:autoScalingGroup:{uuid.uuid4()}:autoScalingGroupName/{name}"
    group = {"name": name, "region": call.region, "arn": arn, "min": least, "max": most, "desired": least, **shape, "protects": is_true(call, "NewInstancesProtectedFromScaleIn"),
             "rebalances": is_true(call, "CapacityRebalance"), "suspended": [], "tags": {}, "propagated": set(), "members": [], "activities": [], "at": time.time(),
             "deleting": False, "because": "", "looks": None, "rests": 0}
    tag(group, templates.nested(call.form, "Tags") or [])
    world.make_role()
    scaling.groups[call.region, name] = group
    set_desired(group, desired, "a user request created an AutoScalingGroup")
    return scaling.answered(call)


def update(world, call):
    only_known(call)
    group = standing(call)
    least, most = int(call.form.get("MinSize", group["min"])), int(call.form.get("MaxSize", group["max"]))
    desired = int(call.form.get("DesiredCapacity", max(min(group["desired"], most), least)))
    judge_sizes(least, most, desired)
    group.update(shaped(world, call, group))
    group.update({"min": least, "max": most})
    for key, name in (("protects", "NewInstancesProtectedFromScaleIn"), ("rebalances", "CapacityRebalance")):
        group[key] = is_true(call, name) if name in call.form else group[key]
    set_desired(group, desired, "a user request update of AutoScalingGroup constraints,")
    return scaling.answered(call)


def describe(world, call):
    names = call.listed("AutoScalingGroupNames.member")
    chosen = [each for (region, name), each in scaling.groups.items() if region == call.region and (not names or name in names)]
    for each in templates.nested(call.form, "Filters") or []:
        if each["Name"] == "tag-key":
            chosen = [group for group in chosen if any(key in each["Values"] for key in group["tags"])]
        elif each["Name"].startswith("tag:"):
            chosen = [group for group in chosen if group["tags"].get(each["Name"][4:]) in each["Values"]]
        else:
            raise Refused(400, "PeersNotImplemented", f"The filter {each['Name']} isn't known here")
    return scaling.answered(call, {"AutoScalingGroups": [scaling.group_shown(world, each) for each in chosen]})


def describe_activities(_world, call):
    name, deleted = call.form.get("AutoScalingGroupName"), is_true(call, "IncludeDeletedGroups")
    if name and not deleted:
        found(call, name)
    current = [(each, False) for (region, _), group in scaling.groups.items() if region == call.region for each in group["activities"]]
    told = ([(each, True) for each in scaling.past if f":{call.region}:" in each["AutoScalingGroupARN"]] if deleted else []) + current
    chosen = [(each, gone) for each, gone in told if not name or each["AutoScalingGroupName"] == name]
    newest, most = list(reversed(chosen)), int(call.form.get("MaxRecords", 100))
    if not 1 <= most <= 100:
        raise invalid(f"Value '{most}' at 'maxRecords' failed to satisfy constraint: Member must be between 1 and 100")
    start = call.form.get("NextToken", "from-0").removeprefix("from-")
    if not start.isdigit():
        raise Refused(400, "InvalidNextToken", f"The token {start} is not valid.")
    end = int(start) + most
    page = [scaling.activity_shown(each, gone) for each, gone in newest[int(start):end]]
    return scaling.answered(call, {"Activities": page, "NextToken": f"from-{end}" if end < len(newest) else None})


def tag_groups(_world, call):
    for each in templates.nested(call.form, "Tags"):
        tag(found(call, each["ResourceId"]), [each])
    return scaling.answered(call)


def set_desired_capacity(_world, call):
    group = standing(call)
    desired = int(call.form["DesiredCapacity"])
    if desired > group["max"]:
        raise invalid(f"New SetDesiredCapacity value {desired} is above max value {group['max']} for the AutoScalingGroup.")
    if desired < group["min"]:
        raise invalid(f"New SetDesiredCapacity value {desired} is below min value {group['min']} for the AutoScalingGroup.")
    set_desired(group, desired, "a user request explicitly set group desired capacity")
    return scaling.answered(call)


def protect(_world, call):
    group = standing(call)
    members = {each["id"]: each for each in group["members"]}
    asked = call.listed("InstanceIds.member")
    for each in asked:
        if each not in members:
            raise invalid(f"The instance {each} is not part of Auto Scaling group {group['name']}.")
    for each in asked:
        members[each]["protected"] = is_true(call, "ProtectedFromScaleIn")
    return scaling.answered(call)


def suspend(_world, call):
    group = standing(call)
    asked = call.listed("ScalingProcesses.member") or list(PROCESSES)
    for each in asked:
        if each not in PROCESSES:
            raise invalid(f"Invalid process name: {each}")
    group["suspended"] = list(dict.fromkeys([*group["suspended"], *asked]))
    return scaling.answered(call)


def terminate(world, call):
    instance_id, lower = call.form["InstanceId"], is_true(call, "ShouldDecrementDesiredCapacity")
    held = [(group, each) for (region, _), group in scaling.groups.items() if region == call.region for each in group["members"] if each["id"] == instance_id]
    if not held:
        raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
    group, member = held[0]
    if lower and group["desired"] <= group["min"]:
        raise invalid(f"Currently, desiredSize equals minSize ({group['min']}). Terminating instance without replacement will violate group's min size constraint. "
                      "Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.")
    group["desired"] -= 1 if lower else 0
    activity = scaling.take_away(world, group, member, f"instance {instance_id} was taken out of service in response to a user request.")
    scaling.act_soon(group)
    return scaling.answered(call, {"Activity": scaling.activity_shown(activity, False)})


def delete(_world, call):
    group = found(call)
    if not is_true(call, "ForceDelete") and not group["deleting"]:
        if any(each["leaving"] or each["launch"]["StatusCode"] == "InProgress" for each in group["members"]):
            raise Refused(400, "ScalingActivityInProgress", "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.")
        if group["members"] or group["desired"]:
            raise Refused(400, "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances still in the group.")
    group.update({"deleting": True, "desired": 0})
    scaling.act_soon(group)
    return scaling.answered(call)


ANSWERS = {
    "CreateAutoScalingGroup": create, "UpdateAutoScalingGroup": update, "DescribeAutoScalingGroups": describe, "DescribeScalingActivities": describe_activities,
    "CreateOrUpdateTags": tag_groups, "SetDesiredCapacity": set_desired_capacity, "SetInstanceProtection": protect, "SuspendProcesses": suspend,
    "TerminateInstanceInAutoScalingGroup": terminate, "DeleteAutoScalingGroup": delete,
}
