"""Images of the account's own, made of its instances, and their snapshots. Stock moto makes them at once, of any instance, and takes a name twice.

The same as source/simulated/cloud/own-images.ts says for the simulated world. An image is pending first, and lacks its snapshot at its beginning. What isn't
known everywhere yet (a new image, or that one is deregistered) is so for as long as all else here, for calls that come through the tests' proxy.
"""

import fnmatch
import re
import time
from xml.sax.saxutils import escape

import strictness
import templates
from moto.ec2.models.amis import Ami
from moto.ec2.utils import generic_filter, random_ami_id
from refused import Refused

#: An image is ready after so many seconds, and once it was looked for so often while it was pending: then it was seen to be, however slow this computer is.
#: The first of these looks tells no snapshot yet.
TAKES, LOOKS = 0.5, 3

Ami.gib = 8
#: When it was made of an instance, and how often somebody has looked since.
Ami.made_at = None
Ami.looks = LOOKS
Ami.is_encrypted = False
#: Since when an image can't be launched any more.
Ami.gone_at = None


Ami.is_mapped = property(lambda self: self.looks > 1)


def not_found(image_id):
    return Refused(400, "InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def settle(backends):
    """Brings images from pending to available."""
    for backend in backends:
        for image in backend.amis.values():
            if image.state == "pending" and image.looks >= LOOKS and time.monotonic() >= image.made_at + TAKES:
                image.state = "available"


def looked(backend):
    for image in backend.amis.values():
        image.looks += 1


def is_referred(backend, image):
    return any(each.image_id == image.id and each._state.name != "terminated" for each in backend.all_instances())


def known(backend, image_id, late):
    """An image that EC2 knows; one that is deregistered it knows as long as an instance of it stands."""
    image = backend.amis.get(image_id)
    if not image or (is_gone(image, late) and not is_referred(backend, image)):
        raise not_found(image_id)
    return image


def is_gone(image, late):
    return image.gone_at is not None and time.monotonic() >= image.gone_at + late


def judge_launch(backend, image_id, late):
    image = backend.amis.get(image_id) and known(backend, image_id, late)
    if image and image.gone_at is not None:
        raise Refused(400, "InvalidAMIID.Unavailable", f"The image id '[{image_id}]' is no longer available")
    if image and image.state == "pending":
        raise Refused(400, "InvalidAMIID.Unavailable", f"AMI '{image_id}' is pending, and cannot be run")


def seen(backend, ids, filters, owners, late):
    """The images that DescribeImages tells."""
    for image_id in ids or []:
        if not image_id.startswith("ami-"):
            raise Refused(400, "InvalidAMIID.Malformed", f'Invalid id: "{image_id}"')
        if strictness.age("image", known(backend, image_id, late).id) < late:
            raise not_found(image_id)
    owned = {backend.account_id if owner == "self" else owner for owner in owners or []}
    found = [image for image in backend.amis.values() if strictness.age("image", image.id) >= late and not is_gone(image, late)]
    if ids:
        found = [image for image in found if image.id in ids]
    if owned:
        found = [image for image in found if image.owner_id in owned or image.owner_alias in owned]
    return generic_filter(filters or {}, found)


def judge_name(backend, name):
    if not re.fullmatch(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}", name):
        raise Refused(400, "InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, "
                      "'(', ')', '.', '-', '/' and '_'")
    other = next((image for image in backend.amis.values() if image.name == name and image.owner_id == backend.account_id and image.gone_at is None), None)
    if other:
        raise Refused(400, "InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {other.id}")


def make(call, xml):
    templates.refuse_dry_run(call)
    backend, name = call.ec2, call.form["Name"]
    instance = backend.get_instance(call.form["InstanceId"])
    if instance._state.name not in ("running", "stopping", "stopped"):
        raise Refused(400, "InvalidParameterValue", f"Invalid value '{instance.id}' for instanceId. Instance is not in state 'running' or 'stopping' or 'stopped'")
    judge_name(backend, name)
    tags = {specification["ResourceType"]: specification.get("Tag", []) for specification in templates.nested(call.form, "TagSpecification") or []}
    for kind in tags:
        if kind not in ("image", "snapshot"):
            raise Refused(400, "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation.")
    source, ami_id = backend.amis[instance.image_id], random_ami_id()
    image = Ami(backend, ami_id, instance=instance, name=name, description=call.form.get("Description", ""), owner_id=backend.account_id, state="pending",
                root_device_type="ebs", root_device_name=source.root_device_name, image_location=f"{backend.account_id}/{name}", region_name=backend.region_name + "a",
                snapshot_description=f"Created by CreateImage({instance.id}) for {ami_id}")
    disk = backend.volumes[instance.block_device_mapping[source.root_device_name].volume_id]
    image.gib, image.is_encrypted, image.made_at, image.looks = disk.size, disk.encrypted, time.monotonic(), 0
    image.platform = None
    # Which login user and system it has, as the image that its instance was made of.
    image.made_of = getattr(source, "made_of", source.name)
    image.ebs_snapshot.made_of_volume = disk.id
    backend.amis[ami_id] = image
    for kind, thing in (("image", ami_id), ("snapshot", image.ebs_snapshot.id)):
        backend.create_tags([thing], {tag["Key"]: tag.get("Value", "") for tag in tags.get(kind, [])})
    if call.late:
        strictness.note("image", ami_id)
        strictness.note("snapshot", image.ebs_snapshot.id)
    return xml(call.action, f"<imageId>{ami_id}</imageId>")


def deregister(call, xml, late):
    templates.refuse_dry_run(call)
    image = known(call.ec2, call.form["ImageId"], late)
    if image.owner_id != call.ec2.account_id:
        raise Refused(403, "AuthFailure", f"Not authorized for images: [{image.id}]")
    if image.gone_at is not None:
        raise Refused(400, "InvalidAMIID.Unavailable", f"The image id '[{image.id}]' is no longer available")
    image.gone_at = time.monotonic()
    return xml(call.action, "<return>true</return>")


def own_snapshots(backend):
    """The account's snapshots, each with the image that it was made for."""
    return {image.ebs_snapshot.id: image for image in backend.amis.values() if image.owner_id == backend.account_id and image.ebs_snapshot.id in backend.snapshots}


def no_snapshot(snapshot_id):
    return Refused(400, "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


def fits(facts, filters):
    for each in filters:
        if not re.match(r"tag:|tag-key$", each["Name"]) and each["Name"] not in facts:
            raise Refused(400, "PeersNotImplemented", f"The filter {each['Name']} isn't known here")
    return all(any(fnmatch.fnmatchcase(value, wanted) for value in facts.get(each["Name"], []) for wanted in each["Value"]) for each in filters)


def snapshot_shown(backend, image):
    snapshot = image.ebs_snapshot
    status, progress = ("completed", 100) if image.state == "available" else ("pending", min(99, int((time.monotonic() - image.made_at) / TAKES * 100)))
    tags = backend.tags[snapshot.id]
    volume = getattr(snapshot, "made_of_volume", "vol-ffffffff")
    facts = {"snapshot-id": [snapshot.id], "volume-id": [volume], "description": [snapshot.description], "status": [status], "tag-key": list(tags),
             **{f"tag:{key}": [value] for key, value in tags.items()}}
    items = "".join(f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in tags.items())
    return facts, (f"<item><snapshotId>{snapshot.id}</snapshotId><volumeId>{volume}</volumeId><status>{status}</status><startTime>{snapshot.start_time}</startTime>"
                   f"<progress>{progress}%</progress><ownerId>{backend.account_id}</ownerId><volumeSize>{image.gib}</volumeSize>"
                   f"<description>{escape(snapshot.description)}</description><encrypted>{str(image.is_encrypted).lower()}</encrypted><tagSet>{items}</tagSet></item>")


def describe_snapshots(call, xml, late):
    looked(call.ec2)
    wanted, owners = call.listed("SnapshotId"), call.listed("Owner")
    found = {key: image for key, image in own_snapshots(call.ec2).items() if strictness.age("snapshot", key) >= late}
    for each in wanted:
        if each not in found:
            raise no_snapshot(each)
    is_own = not owners or "self" in owners or call.ec2.account_id in owners
    chosen = [snapshot_shown(call.ec2, image) for key, image in found.items() if is_own and (not wanted or key in wanted)]
    filters = templates.nested(call.form, "Filter") or []
    return xml(call.action, f"<snapshotSet>{''.join(text for facts, text in chosen if fits(facts, filters))}</snapshotSet>")


def delete_snapshot(call, xml, late):
    templates.refuse_dry_run(call)
    snapshot_id = call.form["SnapshotId"]
    image = own_snapshots(call.ec2).get(snapshot_id)
    if not image:
        raise no_snapshot(snapshot_id)
    if not is_gone(image, late):
        raise Refused(400, "InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {image.id}")
    del call.ec2.snapshots[snapshot_id]
    return xml(call.action, "<return>true</return>")
