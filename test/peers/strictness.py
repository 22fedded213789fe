"""Where AWS refuses what moto takes: what was just made and isn't known everywhere yet, tags by each service's rules, values of parameters.

The same as source/simulated/cloud/lateness.ts and tag-rules.ts say for the simulated world. Everything is late by OPTIONS["late"] seconds, for
calls that come through the tests' proxy: a colleague's, which don't, find all that stands.
"""

import re
import time
import xml.etree.ElementTree as ElementTree

from refused import Refused

ALLOWED = r"[\w .:/=+\-@]*"
MOST = {"key": 128, "value": 256, "tags": 50}
CONFLICT = (409, "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.")

#: When things were made (or, for names that rest, deleted), by kind and name.
made: dict = {}
#: Names of deleted parameters that were refused since.
refused_names: set = set()


def note(kind, name):
    made[kind, name] = time.monotonic()


def age(kind, name):
    """Seconds since that was made; long ago where nobody made it here."""
    return time.monotonic() - made.get((kind, name), float("-inf"))


# Tags

def tags_in(call):
    """The lists of tags of a call, each as (key, value); one for each kind of thing in EC2's."""
    if call.service == "ec2":
        lists: dict = {}
        for name, key in call.form.items():
            tag = re.fullmatch(r"((?:TagSpecification\.\d+\.)?Tag)\.(\d+)\.Key", name)
            if tag:
                lists.setdefault(tag[1], []).append((key, call.form.get(name[:-3] + "Value", "")))
        return list(lists.values()) if call.action not in ("DeleteTags",) else []
    if call.service in ("autoscaling", "iam"):
        return [[(key, call.form.get(name[:-3] + "Value", "")) for name, key in call.form.items() if re.fullmatch(r"Tags\.member\.\d+\.Key", name)]]
    if call.service == "ssm":
        return [[(tag["Key"], tag.get("Value", "")) for tag in call.json.get("Tags") or []]]
    if call.service == "s3" and call.body and call.action in ("CreateBucket", "PutBucketTagging"):
        return [bucket_tags(call.body)]
    return []


def bucket_tags(body):
    def text(node, name):
        return next((child.text or "" for child in node if child.tag.endswith(name)), "")

    return [(text(node, "Key"), text(node, "Value")) for node in ElementTree.fromstring(body).iter() if re.search(r"(^|})Tag$", node.tag)]


def constraint(code, part, value):
    pattern = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+"
    return 400, code, f"1 validation error detected: Value '{value}' at 'tags.1.member.{part}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"


def wrong_part(service, part, text):
    if service == "autoscaling":
        length = f"Member must have length less than or equal to {MOST[part]}"
        return 400, "ValidationError", f"1 validation error detected: Value '{text}' at 'tags.1.member.{part}' failed to satisfy constraint: {length}"
    if service == "ec2":
        what = "cannot be empty" if text == "" else f"exceeds the maximum length of {MOST[part]} characters"
        return 400, "InvalidParameterValue", f"Tag {part} {what}"
    if service == "s3":
        return 400, "InvalidTag", f"The Tag{part.capitalize()} you have provided is invalid"
    return constraint("ValidationError" if service == "iam" else "ValidationException", part, text)


RESERVED = {
    "autoscaling": ("ValidationError", "Tag keys beginning with aws: are reserved"),
    "ec2": ("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use"),
    "iam": ("InvalidInput", "aws: prefixed tag key names are not allowed for external use."),
    "s3": ("InvalidTag", "System tags cannot be added/updated by requester"),
    "ssm": ("ValidationException", "aws: prefixed tag key names are not allowed for external use."),
}
MANY = {
    "autoscaling": ("LimitExceeded", f"You have reached your limit of {MOST['tags']} tags."),
    "ec2": ("TagLimitExceeded", "The maximum number of Tags for a resource has been reached."),
    "iam": ("LimitExceeded", "The number of tags has reached the maximum limit."),
    "s3": ("BadRequest", f"Bucket tag count cannot be greater than {MOST['tags']}"),
    "ssm": ("TooManyTagsError", f"The number of tags exceeds the maximum of {MOST['tags']}."),
}
TWICE = {
    "autoscaling": ("ValidationError", "Duplicate tag key '{}' specified."),
    "ec2": ("InvalidParameterValue", "Duplicate tag key '{}' specified."),
    "iam": ("InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
    "s3": ("InvalidTag", "Cannot provide multiple Tags with the same key"),
}


def fits(service, part, text):
    # \w lacks no letter and no digit of any script; the underscore is in it.
    return len(text) <= MOST[part] and (service in ("autoscaling", "ec2") or re.fullmatch(ALLOWED, text) is not None)


def judge_tags(call):
    for tags in tags_in(call):
        seen = set()
        for key, value in tags:
            if key == "" or not fits(call.service, "key", key):
                raise Refused(*wrong_part(call.service, "key", key))
            if not fits(call.service, "value", value):
                raise Refused(*wrong_part(call.service, "value", value))
            if key.lower().startswith("aws:"):
                raise Refused(400, *RESERVED[call.service])
            kept = key.lower() if call.service == "iam" else key
            if kept in seen and call.service in TWICE:
                code, text = TWICE[call.service]
                raise Refused(400, code, text.format(key))
            seen.add(kept)
        if len(tags) > MOST["tags"]:
            raise Refused(400, *MANY[call.service])


# Parameters

def judge_parameter(call):
    value = call.json.get("Value", "")
    if re.search(r"\{\{.*\}\}", value, re.DOTALL):
        raise Refused(400, "ValidationException", 'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
    if len(value.encode()) > 4096 and call.json.get("Tier", "Standard") == "Standard":
        raise Refused(400, "ValidationException", "Standard tier parameters support a maximum parameter value of 4096 characters. "
                      "To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.")


# Lateness

def not_found(group):
    return 400, "InvalidGroup.NotFound", f"The security group '{group}' does not exist"


def judge_iam(call, late):
    role, profile = call.form.get("RoleName"), call.form.get("InstanceProfileName")
    if call.action != "CreateRole" and role and age("role", role) < late:
        raise Refused(404, "NoSuchEntity", f"The role with name {role} cannot be found.")
    if call.action != "CreateInstanceProfile" and profile and age("profile", profile) < late:
        raise Refused(404, "NoSuchEntity", f"Instance Profile {profile} cannot be found.")


def judge_ec2(call, late):
    if call.action.startswith("Describe"):
        return
    for name, value in call.form.items():
        if re.fullmatch(r"sg-[0-9a-f]+", value) and name != "ClientToken" and age("group", value) < late:
            raise Refused(*not_found(value))


def judge_s3(call, late):
    bucket = call.path.lstrip("/").split("/")[0]
    if call.action == "CreateBucket":
        if age("deleted bucket", bucket) < late:
            raise Refused(*CONFLICT)
        return
    young = age("bucket", bucket)
    if young < late / 2 or (young < late and call.method in ("GET", "HEAD")):
        raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
    if young < late:
        raise Refused(*CONFLICT)


def judge_ssm(call, late, rest):
    name = call.json.get("Name") or call.json.get("ResourceId") or ""
    if call.action == "PutParameter":
        # A slow computer may come back later than that: the first try is refused all the same.
        is_first = ("deleted parameter", name) in made and name not in refused_names
        if rest > 0 and (is_first or age("deleted parameter", name) < rest):
            refused_names.add(name)
            raise Refused(400, "ParameterAlreadyExists", "The parameter already exists. It was deleted less than 30 seconds ago.")
    elif name and age("parameter", name) < late:
        code = "InvalidResourceId" if call.action in ("AddTagsToResource", "ListTagsForResource") else "ParameterNotFound"
        raise Refused(400, code, f"Parameter {name} not found.")


def judge_profile(name, attribute, arn, has_role, late):
    """How EC2 finds a profile of IAM's, which it hears of later than IAM itself."""
    if age("profile", name) < late * 2:
        raise Refused(400, "InvalidParameterValue", f"Value ({name}) for parameter iamInstanceProfile.{attribute} is invalid. Invalid IAM Instance Profile {attribute}")
    if not has_role or age("profile role", name) < late * 2:
        raise Refused(400, "InvalidParameterValue", f'IAM Instance Profile "{arn}" has no associated IAM Roles')


def before(call, late, rest):
    """Refuses what AWS would refuse."""
    judge_tags(call)
    if call.action == "PutParameter":
        judge_parameter(call)
    if not call.late:
        return
    judges = {"iam": judge_iam, "ec2": judge_ec2, "s3": judge_s3, "ssm": lambda call, late: judge_ssm(call, late, rest)}
    judges.get(call.service, lambda *_: None)(call, late)


def after(call, text):
    """Remembers when things were made, by calls that went well."""
    if not call.late:
        return
    bucket = call.path.lstrip("/").split("/")[0]
    if call.action == "CreateRole":
        note("role", call.form["RoleName"])
    elif call.action == "CreateInstanceProfile":
        note("profile", call.form["InstanceProfileName"])
    elif call.action == "AddRoleToInstanceProfile":
        note("profile role", call.form["InstanceProfileName"])
    elif call.action == "CreateSecurityGroup":
        for group in re.findall(rb"<groupId>(sg-[0-9a-f]+)</groupId>", text):
            note("group", group.decode())
    elif call.action == "CreateBucket":
        note("bucket", bucket)
    elif call.action == "DeleteBucket":
        note("deleted bucket", bucket)
    elif call.action == "PutParameter" and b'"Version": 1' in text:
        note("parameter", call.json["Name"])
    elif call.action == "DeleteParameter":
        note("deleted parameter", call.json["Name"])
        refused_names.discard(call.json["Name"])
