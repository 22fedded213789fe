"""EC2's launch templates. Stock moto knows no tokens, lets a missing id through, calls every version the default and puts the template's own tags into its data.

What a version says is kept as it came: the parameters of a launch. Everything is by region and id.
"""

import os
import re
import time
from xml.sax.saxutils import escape

from refused import Refused

templates: dict = {}
tokens: dict = {}


def nested(form, prefix):
    """The parameters below a prefix as dictionaries and lists."""
    tree: dict = {}
    for key, value in form.items():
        if key.startswith(prefix + "."):
            *path, last = key[len(prefix) + 1:].split(".")
            place = tree
            for part in path:
                place = place.setdefault(part, {})
            place[last] = value
    return listed(tree)


def listed(tree):
    if not isinstance(tree, dict):
        return tree
    if set(tree) == {"member"}:
        return listed(tree["member"])
    if tree and all(key.isdigit() for key in tree):
        return [listed(tree[key]) for key in sorted(tree, key=int)]
    return {key: listed(value) for key, value in tree.items()}


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def ec2_xml(value, inside=""):
    """A version's data as EC2 tells it: names begin small, and a list's ends with Set."""
    if not isinstance(value, dict):
        return escape(str(value))
    text = ""
    for key, each in value.items():
        name = key[0].lower() + key[1:]
        if isinstance(each, list):
            groups = inside == "networkInterface" and name == "securityGroupId"
            item = "groupId" if groups else "item"
            items = "".join(f"<{item}>{ec2_xml(one, name)}</{item}>" for one in each)
            text += f"<groupSet>{items}</groupSet>" if groups else f"<{name}Set>{items}</{name}Set>"
        else:
            text += f"<{name}>{ec2_xml(each, name)}</{name}>"
    return text


def refuse_dry_run(call):
    if call.form.get("DryRun") == "true":
        raise Refused(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.")


def find(region, template_id=None, name=None):
    return next((each for each in templates.values() if each["region"] == region and (each["id"] == template_id if template_id else each["name"] == name)), None)


def missing(template_id, name):
    if template_id:
        return Refused(400, "InvalidLaunchTemplateId.NotFound", f"The specified launch template, with template ID {template_id}, does not exist.")
    return Refused(400, "InvalidLaunchTemplateName.NotFoundException", f"The specified launch template, with template name {name}, does not exist.")


def asked(call):
    template_id, name = call.form.get("LaunchTemplateId"), call.form.get("LaunchTemplateName")
    found = find(call.region, template_id, name)
    if not found:
        raise missing(template_id, name)
    return found


def number_of(template, version):
    return {"$Latest": len(template["versions"]), "$Default": 1}.get(version) or int(version)


def data_of(template, version):
    """The parameters of a launch, or None where there is no such version."""
    number = number_of(template, version)
    return template["versions"][number - 1]["data"] if 1 <= number <= len(template["versions"]) else None


def data_in(call):
    prefix = "LaunchTemplateData."
    return {key[len(prefix):]: value for key, value in call.form.items() if key.startswith(prefix)}


def head(template):
    return f"<launchTemplateId>{template['id']}</launchTemplateId><launchTemplateName>{escape(template['name'])}</launchTemplateName>"


def shown(call, template):
    tags = "".join(f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in call.ec2.tags[template["id"]].items())
    return (f"{head(template)}<createTime>{stamp(template['at'])}</createTime><createdBy>{escape(template['by'])}</createdBy><defaultVersionNumber>1</defaultVersionNumber>"
            f"<latestVersionNumber>{len(template['versions'])}</latestVersionNumber><tagSet>{tags}</tagSet>")


def version_shown(template, number):
    version = template["versions"][number - 1]
    described = f"<versionDescription>{escape(version['description'])}</versionDescription>" if version["description"] else ""
    data = nested({f"data.{key}": value for key, value in version["data"].items()}, "data")
    return (f"{head(template)}<versionNumber>{number}</versionNumber>{described}<createTime>{stamp(version['at'])}</createTime><createdBy>{escape(template['by'])}</createdBy>"
            f"<defaultVersion>{str(number == 1).lower()}</defaultVersion><launchTemplateData>{ec2_xml(data)}</launchTemplateData>")


def make(call, xml, by, note):
    parameters = {key: value for key, value in call.form.items() if key not in ("ClientToken", "DryRun")}
    refuse_dry_run(call)
    token = (call.region, call.form.get("ClientToken"))
    before = tokens.get(token) if token[1] else None
    if before and before["parameters"] != parameters:
        raise Refused(400, "IdempotentParameterMismatch", "The client token you have provided is associated with a different set of parameters.")
    template = before and templates.get(before["id"])
    if not template:
        name = call.form["LaunchTemplateName"]
        if find(call.region, name=name):
            raise Refused(400, "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
        now = time.time()
        version = {"data": data_in(call), "description": call.form.get("VersionDescription"), "at": now}
        template = {"id": "lt-" + os.urandom(9).hex()[:17], "name": name, "region": call.region, "at": now, "by": by, "versions": [version]}
        # moto takes tags for what it knows of.
        templates[template["id"]] = call.ec2.launch_templates[template["id"]] = template
        for specification in nested(call.form, "TagSpecification") or []:
            if specification["ResourceType"] != "launch-template":
                raise Refused(400, "InvalidParameterValue", f"'{specification['ResourceType']}' is not a valid taggable resource type for this operation.")
            call.ec2.create_tags([template["id"]], {tag["Key"]: tag.get("Value", "") for tag in specification["Tag"]})
        tokens[token] = {"parameters": parameters, "id": template["id"]}
        note(template["id"])
    return xml(call.action, f"<launchTemplate>{shown(call, template)}</launchTemplate>")


def make_version(call, xml):
    refuse_dry_run(call)
    template = asked(call)
    template["versions"].append({"data": data_in(call), "description": call.form.get("VersionDescription"), "at": time.time()})
    return xml(call.action, f"<launchTemplateVersion>{version_shown(template, len(template['versions']))}</launchTemplateVersion>")


def fits(call, template, filters):
    """Whether tags and name are as the filters want them; others aren't known here."""
    tags = call.ec2.tags[template["id"]]
    known = {"launch-template-name": [template["name"]], "tag-key": list(tags), **{f"tag:{key}": [value] for key, value in tags.items()}}
    for each in filters:
        if not re.match(r"tag:|tag-key$|launch-template-name$", each["Name"]):
            raise Refused(400, "PeersNotImplemented", f"The filter {each['Name']} isn't known here")
    return all(any(value in each["Value"] for value in known.get(each["Name"], [])) for each in filters)


def describe(call, xml):
    ids, names = call.listed("LaunchTemplateId"), call.listed("LaunchTemplateName")
    chosen = [(each, find(call.region, each), missing(each, None)) for each in ids] + [(each, find(call.region, name=each), missing(None, each)) for each in names]
    for _, template, error in chosen:
        if not template:
            raise error
    found = [template for _, template, _ in chosen] if chosen else [each for each in templates.values() if each["region"] == call.region]
    filters = nested(call.form, "Filter") or []
    items = "".join(f"<item>{shown(call, each)}</item>" for each in found if fits(call, each, filters))
    return xml(call.action, f"<launchTemplates>{items}</launchTemplates>")


def describe_versions(call, xml):
    template = asked(call)
    wanted = [number_of(template, each) for each in call.listed("LaunchTemplateVersion")] or list(range(len(template["versions"]), 0, -1))
    for number in wanted:
        if not 1 <= number <= len(template["versions"]):
            raise Refused(400, "InvalidLaunchTemplateId.VersionNotFound", f"Could not find the specified version {number} for the launch template with ID {template['id']}.")
    items = "".join(f"<item>{version_shown(template, number)}</item>" for number in wanted)
    return xml(call.action, f"<launchTemplateVersionSet>{items}</launchTemplateVersionSet>")


def delete(call, xml):
    refuse_dry_run(call)
    template = asked(call)
    del templates[template["id"]], call.ec2.launch_templates[template["id"]]
    return xml(call.action, f"<launchTemplate>{shown(call, template)}</launchTemplate>")
