"""moto's server, taught what stock moto lacks and the program under test relies on.

Started by moto.ts as: /usr/bin/python3 moto-server.py '{"addresses": ["127.77.1.2", "127.77.1.3"], "tell": "http://127.0.0.1:4000"}'
`addresses` are those of the world's machines, of which each instance that a laptop launches gets one of its own; what it launches and ends is told at `tell`.
It prints one line of JSON, {"port": ...}, once it accepts calls. Paths under /peers/ are the tests' own door.

Or as: /usr/bin/python3 moto-server.py --fork /path/of/a/socket
Then whoever connects there and writes such a line gets a moto of its own and its line, at once, since moto has been read by then; it ends with the connection.
"""

import base64
import datetime
import fnmatch
import glob
import hashlib
import html
import io
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import traceback
import urllib.request
from urllib.parse import parse_qs, quote, unquote, urlencode
from xml.sax.saxutils import escape

os.environ.update(
    MOTO_ENABLE_AMI_VALIDATION="true",
    MOTO_ENABLE_KEYPAIR_VALIDATION="true",
    MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION="true",
    MOTO_EC2_LOAD_DEFAULT_AMIS="false",
    AWS_EC2_METADATA_DISABLED="true",
)

from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

import moto.ec2.models.elastic_network_interfaces as network_interfaces  # noqa: E402
import moto.ec2.models.instances as instance_models  # noqa: E402
import moto.ec2.responses.amis as image_responses  # noqa: E402
import moto.ec2.responses.instances as instance_responses  # noqa: E402
import moto.ec2.responses.key_pairs as key_pair_responses  # noqa: E402
import moto.ec2.responses.security_groups as group_responses  # noqa: E402
import moto.ec2.responses.spot_instances as spot_responses  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT  # noqa: E402
from moto.ec2 import utils as ec2_filters  # noqa: E402
from moto.ec2.models import EC2Backend, ec2_backends  # noqa: E402
from moto.ec2.models.amis import Ami, AmiBackend  # noqa: E402
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend  # noqa: E402
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES  # noqa: E402
from moto.ec2.models.instances import Instance, InstanceState  # noqa: E402
from moto.ec2.models.key_pairs import KeyPair  # noqa: E402
from moto.ec2.models.subnets import Subnet  # noqa: E402
from moto.iam.models import SERVICE_NAME_CONVERSION, Role, iam_backends  # noqa: E402
from moto.moto_api._internal import mock_random  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.s3.models import s3_backends  # noqa: E402
from moto.ssm.models import Parameter, ParameterDict, ssm_backends  # noqa: E402

import builds  # noqa: E402
import images  # noqa: E402
import kept  # noqa: E402
import scaling  # noqa: E402
import scaling_calls  # noqa: E402
import strictness  # noqa: E402
import templates  # noqa: E402
import workers  # noqa: E402
from refused import Refused  # noqa: E402

#: What this moto was told as it began.
OPTIONS: dict = {}
LOCK = threading.RLock()
# When an instance's console can be read, in seconds after its launch: with Latest, and without. A test may hold all of them for longer.
CONSOLES = {"held": False, "latest": 1.5, "buffered": 30.0}

ON_DEMAND = {
    "t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416, "t3.large": 0.0832,
    "t4g.micro": 0.0084, "t4g.small": 0.0168, "t4g.medium": 0.0336, "t4g.large": 0.0672,
    "c5.large": 0.085, "c5.xlarge": 0.17, "c5.2xlarge": 0.34, "c6g.large": 0.068, "c7g.large": 0.0725,
    "c6i.large": 0.085, "m5.large": 0.096, "m5.xlarge": 0.192, "m6g.large": 0.077, "m6i.large": 0.096, "m7g.large": 0.0816,
}

denied: set = set()
quotas = {"L-1216C47A": 640.0, "L-34B43A08": 640.0}
quota_names = {
    "L-1216C47A": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "L-34B43A08": "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
}
tokens: dict = {}
CURRENT: dict = {}
pushed_keys: list = []
unsettled: list = []
newer_images: list = []


def late():
    """How long AWS doesn't know what was just made, in seconds. (The name of a deleted parameter rests 3 s, and 30 s at AWS.)"""
    return OPTIONS.get("late", 0.4)


def late_for(call):
    """The same for whoever calls: a colleague's calls come when all is known."""
    return late() if call.late else 0


def ubuntu(codename, version, serial):
    for arch, machine in (("amd64", "x86_64"), ("arm64", "arm64")):
        yield {
            "name": f"ubuntu/images/hvm-ssd-gp3/ubuntu-{codename}-{version}-{arch}-server-{serial}",
            "owner": "099720109477", "alias": "amazon", "machine": machine, "root": "/dev/sda1", "serial": serial,
            "parameters": [
                f"/aws/service/canonical/ubuntu/server/{name}/stable/current/{arch}/hvm/ebs-gp3/ami-id"
                for name in (version, codename)
            ] + [
                f"/aws/service/canonical/ubuntu/server/{name}/stable/current/{arch}/hvm/ebs-gp2/ami-id"
                for name in (version, codename) if version == "22.04"
            ],
        }


def debian(version, codename, serial):
    for arch, machine in (("amd64", "x86_64"), ("arm64", "arm64")):
        yield {
            "name": f"debian-{version}-{arch}-{serial}-2200", "owner": "136693071363", "machine": machine,
            "root": "/dev/xvda", "serial": serial,
            "parameters": [f"/aws/service/debian/release/{name}/latest/{arch}" for name in (version, codename)],
        }


def amazon_linux(serial):
    for machine in ("x86_64", "arm64"):
        yield {
            "name": f"al2023-ami-2023.9.{serial}.0-kernel-6.1-{machine}", "owner": "137112412989", "machine": machine,
            "root": "/dev/xvda", "alias": "amazon", "serial": serial,
            "parameters": [f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{machine}"],
        }
        yield {
            "name": f"al2023-ami-ecs-hvm-2023.0.{serial}-kernel-6.1-{machine}", "owner": "591542846629", "machine": machine,
            "root": "/dev/xvda", "alias": "amazon", "serial": serial,
            "parameters": [f"/aws/service/ecs/optimized-ami/amazon-linux-2023/{'arm64/' if machine == 'arm64' else ''}recommended/image_id"],
        }


IMAGES = [
    *ubuntu("noble", "24.04", "20261112"), *ubuntu("jammy", "22.04", "20261105"),
    *debian("13", "trixie", "20261103"), *debian("12", "bookworm", "20261103"), *amazon_linux("20261110"),
]


def image_id(region, image):
    return "ami-" + hashlib.sha256(f"{region} {image['name']}".encode()).hexdigest()[:17]


def publish(backend, image):
    """Makes one publisher's image known in one region."""
    serial = image["serial"]
    ami = Ami(
        backend, image_id(backend.region_name, image), name=image["name"], description=image["name"], owner_id=image["owner"],
        owner_alias=image.get("alias"), public=True, virtualization_type="hvm", architecture=image["machine"],
        creation_date=f"{serial[:4]}-{serial[4:6]}-{serial[6:]}T03:12:45.000Z", image_location=f"{image['owner']}/{image['name']}",
        hypervisor="xen", root_device_type="ebs", root_device_name=image["root"], sriov="simple", region_name=backend.region_name + "a",
    )
    ami.deprecation_time = f"{int(serial[:4]) + 2}-{serial[4:6]}-{serial[6:]}T03:12:45.000Z"
    backend.amis[ami.id] = ami


def load_images(self):
    for image in IMAGES + newer_images:
        publish(self, image)


def parameter(parameters, name, value):
    # ParameterDict looks up a name in __getitem__ first; the plain dict's method keeps this from recursing.
    versions = dict.setdefault(parameters, name, [])
    versions.append(Parameter(
        account_id=ACCOUNT, name=name, value=value, parameter_type="String", description=None, allowed_pattern=None, keyid=None,
        last_modified_date=time.time(), version=len(versions) + 1, data_type="aws:ec2:image",
    ))


def load_parameters(self, key):
    """Fills in the publishers' parameters the first time that a region is asked for one."""
    if not str(key or "").startswith("/aws/service/") or getattr(self, "published", False):
        return
    self.published = True
    for image in IMAGES + newer_images:
        for name in image["parameters"]:
            parameter(self, name, image_id(self.region_name, image))


def publish_newer(serial):
    """A newer Ubuntu 24.04 appears everywhere, as publishers do every few weeks."""
    images = list(ubuntu("noble", "24.04", serial))
    newer_images.extend(images)
    for region, backend in list(ec2_backends[ACCOUNT].items()):
        for image in images:
            publish(backend, image)
    for region, backend in list(ssm_backends[ACCOUNT].items()):
        if getattr(backend._parameters, "published", False):
            for image in images:
                for name in image["parameters"]:
                    parameter(backend._parameters, name, image_id(region, image))
    return [image["name"] for image in images]


def image_filter(self, name, method_name=None, stock=Ami.get_filter_value):
    own = {"root-device-type": "root_device_type", "root-device-name": "root_device_name", "hypervisor": "hypervisor",
           "image-type": "image_type", "description": "description"}
    return getattr(self, own[name]) if name in own else stock(self, name, method_name)


def with_internet_gateway(self, region_name, account_id, stock=EC2Backend.__init__):
    """A default VPC reaches the internet, as AWS makes it."""
    stock(self, region_name, account_id)
    gateway = self.create_internet_gateway()
    self.attach_internet_gateway(gateway.id, self.default_vpc.id)
    for table in self.describe_route_tables(filters={"vpc-id": [self.default_vpc.id]}):
        self.create_route(table.id, "0.0.0.0/0", gateway_id=gateway.id)


def address_now():
    """The address of the instance that is being launched."""
    return CURRENT.get("address", OPTIONS["addresses"][0])


def keep_public_address(self):
    """An instance that is started again keeps its machine's address."""
    if str(self.public_ip_auto_assign).lower() == "true":
        self.public_ip = getattr(self.instance, "machine", None) or address_now()


def machine_address(self, instance, stock=Subnet.get_available_subnet_ip):
    """Private addresses lead to the machine too: nothing that is told an address may find anything but loopback behind it."""
    stock(self, instance)
    return address_now()


def enabled_regions(self, region_names=None, stock=RegionsAndZonesBackend.describe_regions):
    """Without AllRegions AWS leaves out the regions that the account has not opted in to."""
    found = stock(self, region_names)
    return found if CURRENT["call"].form.get("AllRegions") == "true" else [region for region in found if region.opt_in_status != "not-opted-in"]


def value_fits(value, wanted, stock=ec2_filters.instance_value_in_filter_values):
    """AWS takes * and ? in the values of every filter; stock moto does not in those of instances."""
    if isinstance(value, str) and any("*" in each or "?" in each for each in wanted):
        return any(fnmatch.fnmatchcase(value, each) for each in wanted)
    return stock(value, wanted)


def public_line(self):
    """A pair's public half as a line of OpenSSH; the query API carries it in base64."""
    text = self.material_public
    text = text.decode() if isinstance(text, bytes) else text
    return text.strip() if text.startswith("ssh-") else base64.b64decode(text).decode().strip()


def replace(module, name, *changes):
    template = getattr(module, name)
    for old, new in changes:
        if old not in template:
            raise SystemExit(f"moto's {name} has changed: {old!r} is not in it")
        template = template.replace(old, new)
    setattr(module, name, template)


def images_seen(self, ami_ids=None, filters=None, exec_users=None, owners=None):
    call = CURRENT.get("call")
    return images.seen(self, ami_ids, filters, owners, late_for(call) if call and call.action == "DescribeImages" else 0)


AmiBackend._load_amis = load_images
AmiBackend.describe_images = images_seen
Ami.get_filter_value = image_filter
ParameterDict._check_loading_status = load_parameters
EC2Backend.__init__ = with_internet_gateway
RegionsAndZonesBackend.describe_regions = enabled_regions
Subnet.get_available_subnet_ip = machine_address
instance_models.random_private_ip = lambda: address_now()
network_interfaces.NetworkInterface.check_auto_public_ip = keep_public_address
ec2_filters.instance_value_in_filter_values = value_fits
ec2_filters.filter_dict_attribute_mapping["client-token"] = "client_token"
ec2_filters.filter_dict_attribute_mapping["instance-lifecycle"] = "lifecycle"
ec2_filters.filter_dict_attribute_mapping["spot-instance-request-id"] = "spot_request"
ec2_filters.filter_dict_attribute_mapping["network-interface.group-id"] = "security_groups.id"
KeyPair.public_line = property(public_line)
INSTANCE_CHANGES = (
    ("<rootDeviceName>/dev/sda1</rootDeviceName>", "<rootDeviceName>{{ instance.root_device_name }}</rootDeviceName>"),
    ("<instanceLifecycle>", "{% if instance.spot_request %}<spotInstanceRequestId>{{ instance.spot_request }}</spotInstanceRequestId>{% endif %}<instanceLifecycle>"),
    ("<clientToken>ABCDE{{ account_id }}3</clientToken>", """<clientToken>{{ instance.client_token }}</clientToken>
          <metadataOptions><state>applied</state><httpTokens>{{ instance.metadata.get('HttpTokens', 'optional') }}</httpTokens>
          <httpPutResponseHopLimit>{{ instance.metadata.get('HttpPutResponseHopLimit', '1') }}</httpPutResponseHopLimit>
          <httpEndpoint>{{ instance.metadata.get('HttpEndpoint', 'enabled') }}</httpEndpoint></metadataOptions>"""),
)
replace(instance_responses, "EC2_RUN_INSTANCES", *INSTANCE_CHANGES)
replace(instance_responses, "EC2_DESCRIBE_INSTANCES", *INSTANCE_CHANGES)
replace(
    image_responses, "DESCRIBE_IMAGES_RESPONSE",
    ("<imageOwnerAlias>amazon</imageOwnerAlias>", "{% if image.owner_alias %}<imageOwnerAlias>{{ image.owner_alias }}</imageOwnerAlias>{% endif %}"),
    ("<creationDate>", "{% if image.deprecation_time %}<deprecationTime>{{ image.deprecation_time }}</deprecationTime>{% endif %}<creationDate>"),
    ("<blockDeviceMapping>", "<blockDeviceMapping>{% if image.is_mapped %}"), ("</blockDeviceMapping>", "{% endif %}</blockDeviceMapping>"),
    ("<volumeSize>15</volumeSize>", "<volumeSize>{{ image.gib }}</volumeSize><encrypted>{{ 'true' if image.is_encrypted else 'false' }}</encrypted>"),
    ("<volumeType>standard</volumeType>", "<volumeType>gp3</volumeType>"),
)
replace(
    spot_responses, "DESCRIBE_SPOT_PRICE_HISTORY_TEMPLATE",
    ("Linux/UNIX (Amazon VPC)", "Linux/UNIX"), ("0.00001", "{{ price.get('SpotPrice', '0.0300') }}"),
    ("2006-01-02T15:04:05.999999999Z", time.strftime("%Y-%m-%dT%H:00:00.000Z", time.gmtime())),
)
replace(group_responses, "AUTHORIZE_SECURITY_GROUP_INGRESS_RESPONSE", ("<isEgress>true</isEgress>", "<isEgress>false</isEgress>"))
replace(
    group_responses, "DESCRIBE_SECURITY_GROUP_RULES_RESPONSE",
    ("{% if rule.prefix_list_ids | length > 0 %}", "{% if rule.source_groups and rule.source_groups[0].get('Description') %}<description>"
     "{{ rule.source_groups[0]['Description'] }}</description>{% endif %}{% if rule.prefix_list_ids | length > 0 %}"),
)
replace(
    key_pair_responses, "DESCRIBE_KEY_PAIRS_RESPONSE",
    ("<keyName>", "<keyType>{{ 'ed25519' if 'ssh-ed25519' in keypair.public_line else 'rsa' }}</keyType>"
     "<publicKey>{{ keypair.public_line }}</publicKey><keyName>"),
)
for place in INSTANCE_TYPE_OFFERINGS.values():
    for offerings in place.values():
        for offering in offerings:
            offering["SpotPrice"] = f"{ON_DEMAND.get(offering['InstanceType'], 0.1) * 0.38:.4f}"
iam_backends[ACCOUNT]["aws"].account_aliases = ["peers"]
SERVICE_NAME_CONVERSION["spot"] = "EC2Spot"


class Call:
    """One call of the program under test, as far as the answers below need it."""

    def __init__(self, environ, body):
        self.method = environ["REQUEST_METHOD"]
        self.path = unquote(environ.get("PATH_INFO", "/"))
        self.query = environ.get("QUERY_STRING", "")
        self.body = body
        scope = re.search(r"Credential=[^/]*/[^/]*/([^/]*)/([^/]*)/", environ.get("HTTP_AUTHORIZATION", ""))
        self.region, self.service = scope.groups() if scope else ("us-east-1", "s3")
        # What comes through the program's door; managers have doors of their own, and the tests' own hands reach past both.
        self.by_laptop = "HTTP_X_PEERS_ACTION" in environ and "HTTP_X_PEERS_MACHINE" not in environ
        self.target = environ.get("HTTP_X_AMZ_TARGET", "")
        self.form = {}
        self.json = {}
        if self.target:
            self.action = self.target.split(".")[-1]
            self.json = json.loads(body or b"{}")
        elif self.service in ("autoscaling", "ec2", "iam", "sts"):
            self.form = {key: values[0] for key, values in parse_qs((body or b"").decode(), keep_blank_values=True).items()}
            self.form = self.form or {key: values[0] for key, values in parse_qs(self.query, keep_blank_values=True).items()}
            self.action = self.form.get("Action", "")
        else:
            # The proxy names S3's actions: they are in method, path and query.
            self.action = environ.get("HTTP_X_PEERS_ACTION", "")
        # What comes past the proxy is a colleague's, who has waited until all is known.
        self.late = "HTTP_X_PEERS_ACTION" in environ

    @property
    def ec2(self):
        return ec2_backends[ACCOUNT][self.region]

    def listed(self, prefix):
        return [value for key, value in self.form.items() if re.fullmatch(re.escape(prefix) + r"\.\d+", key)]


def refusal(call, error):
    code, message = escape(error.code), escape(error.message)
    if call.target:
        return error.status, "application/x-amz-json-1.1", json.dumps({"__type": error.code, "message": error.message, "Message": error.message})
    if call.service == "ec2":
        text = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>peers</RequestID></Response>"
    elif call.service == "s3":
        text = "" if call.method == "HEAD" else f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>peers</RequestId></Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>peers</RequestId></ErrorResponse>"
    return error.status, "text/xml", text


def xml(action, inner, namespace="http://ec2.amazonaws.com/doc/2016-11-15/"):
    return 200, "text/xml", f'<{action}Response xmlns="{namespace}"><requestId>peers</requestId>{inner}</{action}Response>'


S3_RIGHTS = {
    "HeadBucket": "ListBucket", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock", "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeleteObjects": "DeleteObject", "HeadObject": "GetObject", "ListBuckets": "ListAllMyBuckets",
}


def refuse_denied(call):
    service = {"service-quotas": "servicequotas"}.get(call.service, call.service)
    action = S3_RIGHTS.get(call.action, call.action) if service == "s3" else call.action
    if f"{service}:{action}" not in denied:
        return
    sentence = f"User: {USER_ARN} is not authorized to perform: {service}:{action}"
    if service == "ec2":
        told = {"allowed": False, "explicitDeny": False, "matchedStatements": {"items": []}, "failures": {"items": []},
                "context": {"principal": {"id": "AIDAPEERS", "arn": USER_ARN}, "action": f"{service}:{action}", "resource": "*", "conditions": {"items": []}}}
        encoded = base64.b64encode(json.dumps(told).encode()).decode()
        raise Refused(403, "UnauthorizedOperation", f"You are not authorized to perform this operation. {sentence} because no identity-based policy allows the {service}:{action} action. "
                      f"Encoded authorization failure message: {encoded}")
    if service == "ec2-instance-connect":
        raise Refused(403, "AuthException", sentence)
    if call.target:
        raise Refused(400, "AccessDeniedException", f"{sentence} because no identity-based policy allows the {service}:{action} action")
    raise Refused(403, "AccessDenied", f"{sentence} because no identity-based policy allows the {service}:{action} action")


USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/peers"


def settle():
    """Brings instances whose time is over from pending to running, from shutting-down to terminated, and so on; and images."""
    images.settle(ec2_backends[ACCOUNT].values())
    builds.settle(unsettled)
    now = time.monotonic()
    for entry in list(unsettled):
        due, instance, passing, name, code = entry
        if due <= now:
            unsettled.remove(entry)
            if instance._state.name == passing:
                instance._state = InstanceState(name, code)


PASSING = {
    "RunInstances": ("pending", 0, "running", 16), "StartInstances": ("pending", 0, "running", 16),
    "StopInstances": ("stopping", 64, "stopped", 80), "TerminateInstances": ("shutting-down", 32, "terminated", 48),
}


moto_terminate = Instance.terminate


def terminate_once(self, *given, **named):
    """An instance that has ended keeps why and when, whoever ends it again."""
    kept = (self._reason, self._state_reason) if self._state.name in ("shutting-down", "terminated") else None
    ended = moto_terminate(self, *given, **named)
    if kept:
        self._reason, self._state_reason = kept
    return ended


Instance.terminate = terminate_once


def tell(what, instance):
    """Says to the world, once, that an instance is launched or ended, before the call is answered: its machine boots or halts then."""
    if OPTIONS.get("tell") and instance.machine in OPTIONS["addresses"] and what not in instance.told:
        instance.told.append(what)
        request = urllib.request.Request(OPTIONS["tell"], json.dumps({what: instance.machine}).encode(), method="POST")
        urllib.request.urlopen(request, timeout=60).close()


def pass_through(call, instance):
    passing, code, name, final = PASSING[call.action]
    if call.action == "TerminateInstances" and instance._state.name == name:
        tell("ended", instance)
    if instance._state.name == name:
        instance._state = InstanceState(passing, code)
        unsettled.append((time.monotonic() + OPTIONS.get("settle", 0.3), instance, passing, name, final))


def known_profile(call):
    """EC2 has its own word for an instance profile that IAM does not know (yet)."""
    name = call.form.get("IamInstanceProfile.Name") or call.form.get("IamInstanceProfile.Arn", "").split("/")[-1]
    if not name:
        return
    part = "name" if call.form.get("IamInstanceProfile.Name") else "arn"
    known = next((profile for profile in iam_backends[ACCOUNT]["aws"].instance_profiles.values() if profile.name == name), None)
    if not known:
        raise Refused(400, "InvalidParameterValue", f"Value ({name}) for parameter iamInstanceProfile.{part} is invalid. Invalid IAM Instance Profile {part}")
    strictness.judge_profile(name, part, known.arn, bool(known.roles), late_for(call))


def zone_of_subnet(call):
    """EC2 refuses a zone that isn't the subnet's."""
    zone, subnet_id = call.form.get("Placement.AvailabilityZone"), call.form.get("NetworkInterface.1.SubnetId") or call.form.get("SubnetId")
    found = [subnet for subnets in call.ec2.subnets.values() for subnet in subnets.values() if subnet.id == subnet_id]
    if zone and found and found[0].availability_zone != zone:
        raise Refused(400, "InvalidParameterValue", f"Value ({zone}) for parameter availabilityZone is invalid. Subnet '{subnet_id}' is in the availability zone {found[0].availability_zone}")


def spot_tags_on_demand(call):
    """EC2 refuses tags for a spot request where there is none."""
    if tags_for(call.form, "spot-instances-request") and call.form.get("InstanceMarketOptions.MarketType") != "spot":
        raise Refused(400, "InvalidParameterValue", "You cannot specify tags for Spot instances requests if there are no Spot instances requests being created by the request.")


def before_run_instances(call):
    known_profile(call)
    spot_tags_on_demand(call)
    zone_of_subnet(call)
    images.judge_launch(call.ec2, call.form.get("ImageId", ""), late_for(call))
    data = call.form.get("UserData", "")
    if len(data) // 4 * 3 - data.count("=") > 16384:
        raise Refused(400, "InvalidParameterValue", "User data is limited to 16384 bytes")
    token = call.form.get("ClientToken")
    image, processor = call.ec2.amis.get(call.form.get("ImageId", "")), INSTANCE_TYPES.get(call.form.get("InstanceType", ""), {}).get("ProcessorInfo", {})
    if image and processor and image.architecture not in processor["SupportedArchitectures"]:
        raise Refused(400, "InvalidParameterValue", f"The architecture '{','.join(processor['SupportedArchitectures'])}' of the specified instance type does not match the architecture "
                      f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.")
    if call.form.get("DryRun") == "true":
        return None
    seen = tokens.get((call.region, token)) if token else None
    if not seen:
        return None
    parameters, instances, answer = seen
    if parameters != launch_parameters(call):
        raise Refused(400, "IdempotentParameterMismatch", "The client token you have provided is associated with a resource that is already deleted or was created with different parameters.")
    if any(instance._state.name in ("terminated", "shutting-down") for instance in instances):
        raise Refused(400, "IdempotentInstanceTerminated", "The client token you have provided is associated with an instance that has been terminated.")
    return answer


def launch_parameters(call):
    return {key: value for key, value in call.form.items() if key not in ("ClientToken", "DryRun")}


def is_alive(instance):
    return instance._state.name not in ("shutting-down", "terminated")


def next_address():
    """The first of the machines' addresses at which no instance is; what nobody's laptop launches is nowhere."""
    taken = {instance.machine for backend in ec2_backends[ACCOUNT].values() for instance in backend.all_instances() if is_alive(instance)}
    free = [address for address in OPTIONS["addresses"] if address not in taken]
    if free and CURRENT["call"].by_laptop and not builds.is_build(CURRENT["call"].form):
        return free[0]
    OPTIONS["nowhere"] = OPTIONS.get("nowhere", 0) + 1
    return f"127.78.{OPTIONS['nowhere'] // 250}.{OPTIONS['nowhere'] % 250 + 1}"


def launched_by(self, backend, *rest, stock=Instance.__init__, **named):
    """An instance remembers what stock moto forgets about the call that made it."""
    self.machine = CURRENT["address"] = next_address()
    self.told = []
    stock(self, backend, *rest, **named)
    form = CURRENT["call"].form
    prefix = "MetadataOptions."
    key = backend.keypairs.get(named.get("key_name") or "")
    self.client_token = form.get("ClientToken", "")
    self.launched_at = time.monotonic()
    self.metadata = {name[len(prefix):]: value for name, value in form.items() if name.startswith(prefix)}
    self.launch_key = key.public_line if key else None
    self.asked_user_data = form.get("UserData", "")
    if builds.is_build(form):
        builds.begin(self, form)
    if not self.security_groups:
        groups = [backend.get_security_group_from_id(getattr(group, "id", group)) for nic in self.nics.values() for group in nic.group_set]
        self.security_groups = [group for group in groups if group]
    if named.get("instance_market_options"):
        self.spot_request = "sir-" + hashlib.sha256(self.id.encode()).hexdigest()[:8]
        self.spot_tags = tags_for(form, "spot-instances-request")


def tags_for(form, kind):
    """The tags that a call gives to one kind of thing."""
    found = []
    for name, value in form.items():
        specification = re.fullmatch(r"(TagSpecification\.\d+)\.ResourceType", name)
        if specification and value == kind:
            keys = [key for key in form if re.fullmatch(re.escape(specification[1]) + r"\.Tag\.\d+\.Key", key)]
            found += [(form[key], form.get(key[:-3] + "Value", "")) for key in keys]
    return found


Instance.__init__ = launched_by
Instance.spot_request = None
Instance.build = None
Instance.machine = None


def describe_spot_requests(call):
    """The one-time requests behind spot instances, as RunInstances makes them."""
    wanted = call.listed("SpotInstanceRequestId")
    filters = {}
    for name, value in call.form.items():
        entry = re.fullmatch(r"(Filter\.\d+)\.Name", name)
        if entry:
            filters[value] = [text for key, text in call.form.items() if key.startswith(entry[1] + ".Value.")]
    items = ""
    for instance in call.ec2.all_instances():
        if not instance.spot_request or (wanted and instance.spot_request not in wanted):
            continue
        state = "active" if instance._state.name in ("pending", "running") else "closed"
        facts = {"state": state, "instance-id": instance.id, "spot-instance-request-id": instance.spot_request, **{f"tag:{key}": value for key, value in instance.spot_tags}}
        facts["launch.key-name"] = instance.key_name
        if any(facts.get(name) not in values for name, values in filters.items()):
            continue
        tags = "".join(f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in instance.spot_tags)
        items += (f"<item><spotInstanceRequestId>{instance.spot_request}</spotInstanceRequestId><type>one-time</type><state>{state}</state>"
                  f"<status><code>{'fulfilled' if state == 'active' else 'instance-terminated-by-user'}</code></status><instanceId>{instance.id}</instanceId>"
                  f"<launchSpecification><imageId>{instance.image_id}</imageId><keyName>{escape(instance.key_name or '')}</keyName><instanceType>{instance.instance_type}</instanceType></launchSpecification>"
                  f"<createTime>{instance.launch_time}</createTime><launchedAvailabilityZone>{instance.placement}</launchedAvailabilityZone><tagSet>{tags}</tagSet></item>")
    return xml(call.action, f"<spotInstanceRequestSet>{items}</spotInstanceRequestSet>")


def refuse_to_stop_spot(call):
    for instance in call.ec2.all_instances():
        if instance.id in call.listed("InstanceId") and instance.spot_request:
            raise Refused(400, "UnsupportedOperation", f"You can't stop the Spot Instance '{instance.id}' because it is associated with a one-time Spot Instance request. "
                          "You can only stop Spot Instances associated with persistent Spot Instance requests.")


def cancel_spot_requests(call):
    wanted = call.listed("SpotInstanceRequestId")
    known = [instance.spot_request for instance in call.ec2.all_instances()]
    for request in wanted:
        if request not in known:
            raise Refused(400, "InvalidSpotInstanceRequestID.NotFound", f"The spot instance request ID '{request}' does not exist")
    items = "".join(f"<item><spotInstanceRequestId>{request}</spotInstanceRequestId><state>cancelled</state></item>" for request in wanted)
    return xml(call.action, f"<spotInstanceRequestSet>{items}</spotInstanceRequestSet>")


def name_key_pairs(call):
    """Stock moto knows pairs by their names only."""
    wanted = call.listed("KeyPairId")
    named = {pair.id: pair.name for pair in call.ec2.keypairs.values()}
    missing = [each for each in wanted if each not in named]
    if missing:
        raise Refused(400, "InvalidKeyPair.NotFound", f"The key pair IDs '{', '.join(missing)}' do not exist")
    call.body += "".join(f"&KeyName.{place}={quote(named[each])}" for place, each in enumerate(wanted, 1)).encode()


def decode_message(call):
    try:
        decoded = base64.b64decode(call.form["EncodedMessage"], validate=True).decode()
    except ValueError:
        raise Refused(400, "InvalidAuthorizationMessageException", "The error returned if the message passed to DecodeAuthorizationMessage was invalid.") from None
    inner = f"<DecodeAuthorizationMessageResult><DecodedMessage>{escape(decoded)}</DecodedMessage></DecodeAuthorizationMessageResult>"
    return xml(call.action, inner, "https://sts.amazonaws.com/doc/2011-06-15/")


def after_run_instances(call, answer):
    instances = [call.ec2.get_instance(found) for found in re.findall(r"<instanceId>(i-[0-9a-f]+)</instanceId>", answer[2])]
    for instance in instances:
        for name, device in call.form.items():
            mapping = re.fullmatch(r"(BlockDeviceMapping\.\d+)\.DeviceName", name)
            if mapping and f"{mapping[1]}.Ebs.DeleteOnTermination" not in call.form and device in instance.block_device_mapping:
                instance.block_device_mapping[device].delete_on_termination = True
    for instance in instances:
        tell("launched", instance)
    if call.form.get("ClientToken"):
        tokens[(call.region, call.form["ClientToken"])] = (launch_parameters(call), instances, answer)
    return answer


def delete_security_group(call):
    group_id = call.form.get("GroupId")
    if not group_id or call.form.get("DryRun") == "true":
        return None
    backend = call.ec2
    for instance in backend.all_instances():
        members = [group.id for group in instance.security_groups]
        members += [getattr(group, "id", group) for nic in instance.nics.values() for group in nic.group_set]
        if group_id in members and instance._state.name != "terminated":
            raise Refused(400, "DependencyViolation", f"resource {group_id} has a dependent object")
    for groups in backend.groups.values():
        for other in groups.values():
            rules = [*other.ingress_rules, *other.egress_rules]
            if other.id != group_id and any(source.get("GroupId") == group_id for rule in rules for source in rule.source_groups):
                raise Refused(400, "DependencyViolation", f"resource {group_id} has a dependent object")
    return None


def refuse_duplicate_rule(call):
    """Stock moto takes an equal rule with another description for a new one."""
    group = call.ec2.get_security_group_from_id(call.form.get("GroupId", ""))
    for name, protocol in call.form.items():
        permission = re.fullmatch(r"(IpPermissions\.\d+)\.IpProtocol", name)
        if not permission or not group:
            continue
        ports = [call.form.get(f"{permission[1]}.{end}Port") for end in ("From", "To")]
        ranges = [value for key, value in call.form.items() if re.fullmatch(re.escape(permission[1]) + r"\.IpRanges\.\d+\.CidrIp", key)]
        sources = [value for key, value in call.form.items() if re.fullmatch(re.escape(permission[1]) + r"\.(UserId)?Group(Pair)?s\.\d+\.GroupId", key)]
        for rule in group.ingress_rules:
            same = rule.ip_protocol == protocol and [str(port) for port in (rule.from_port, rule.to_port)] == [str(port) for port in ports]
            theirs = [entry.get("CidrIp") for entry in rule.ip_ranges] + [entry.get("GroupId") for entry in rule.source_groups]
            twin = next((each for each in ranges + sources if each in theirs), None)
            if same and twin:
                raise Refused(400, "InvalidPermission.Duplicate", f'the specified rule "peer: {twin}, {protocol.upper()}, from port: {ports[0]}, to port: {ports[1]}, ALLOW" already exists')


def delete_key_pair(call):
    if "KeyPairId" not in call.form or call.form.get("DryRun") == "true":
        return None
    found = next((pair for pair in call.ec2.keypairs.values() if pair.id == call.form["KeyPairId"]), None)
    if found:
        call.ec2.delete_key_pair(found.name)
    return xml("DeleteKeyPair", f"<return>true</return><keyPairId>{escape(call.form['KeyPairId'])}</keyPairId>")


def modify_metadata_options(call):
    instance = call.ec2.get_instance(call.form["InstanceId"])
    instance.metadata = {**instance.metadata, **{key: value for key, value in call.form.items() if key.startswith("Http")}}
    options = "".join(f"<{key[0].lower()}{key[1:]}>{escape(value)}</{key[0].lower()}{key[1:]}>" for key, value in instance.metadata.items())
    return xml(call.action, f"<instanceId>{instance.id}</instanceId><instanceMetadataOptions><state>pending</state>{options}</instanceMetadataOptions>")


def fingerprint(line):
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(line.split()[1])).digest()).decode().rstrip("=")
    kinds = {"ssh-ed25519": (256, "ED25519"), "ssh-rsa": (3072, "RSA"), "ecdsa-sha2-nistp256": (256, "ECDSA")}
    bits, kind = kinds.get(line.split()[0], (0, line.split()[0]))
    return f"{bits} SHA256:{digest}", kind


def get_console_output(call):
    instance = call.ec2.get_instance(call.form["InstanceId"])
    text = ""
    folder = OPTIONS.get("hostKeys", {}).get(instance.machine, "/nowhere")
    delay = CONSOLES["latest" if call.form.get("Latest") == "true" else "buffered"]
    late = CONSOLES["held"] or time.monotonic() < instance.launched_at + delay
    if instance.build and not late:
        text = builds.console_of(instance)
    lines = [open(path).read().strip() for path in sorted(glob.glob(os.path.join(folder, "ssh_host_*_key.pub")))]
    if lines and instance._state.name == "running" and not late:
        host = "root@" + instance.private_dns.split(".")[0]
        stamp = time.strftime("<14>%b %d %H:%M:%S cloud-init: ")
        out = ["[    0.000000] Linux version 6.8.0-1021-aws", "[    9.120377] cloud-init[612]: Cloud-init v. 24.4 running 'modules:final'",
               stamp + "#" * 61, stamp + "-----BEGIN SSH HOST KEY FINGERPRINTS-----"]
        for line in lines:
            print_, kind = fingerprint(line)
            out.append(f"{stamp}{print_} {host} ({kind})")
        out += [stamp + "-----END SSH HOST KEY FINGERPRINTS-----", stamp + "#" * 61, "-----BEGIN SSH HOST KEY KEYS-----"]
        out += [f"{' '.join(line.split()[:2])} {host}" for line in lines]
        out += ["-----END SSH HOST KEY KEYS-----", "[   11.020417] cloud-init[612]: Cloud-init v. 24.4 finished. Datasource DataSourceEc2Local.", ""]
        text = "\r\n".join(out)
    encoded = base64.b64encode(text.encode()).decode()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return xml(call.action, f"<instanceId>{instance.id}</instanceId><timestamp>{stamp}</timestamp><output>{encoded}</output>")


def sort_of(action):
    """The sort of thing that an action is judged on, as far as IAM's simulation tells sorts apart."""
    service, name = action.split(":")
    sorts = {"iam": ("InstanceProfile", "ServiceLinkedRole", "PassRole"), "s3": ("Object", "TagResource")}.get(service, ())
    return service, next((sort for sort in sorts if sort in name), "")


def simulate_principal_policy(call):
    source = call.form.get("PolicySourceArn", "")
    if not re.match(r"arn:[^:]+:iam::\d+:(user|group|role)/", source):
        raise Refused(400, "InvalidInput", f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
    known = {action.lower() for action in denied}
    actions, resources = call.listed("ActionNames.member"), [arn for arn in call.listed("ResourceArns.member") if arn != "*"]
    sorts = {action: sort_of(action) for action in actions}
    others = [action for action in actions if sorts[action] != sorts[actions[0]]]
    if resources and others:
        alike = [action for action in actions if action not in others]
        raise Refused(400, "InvalidInput", f"Invalid Input Actions: [{','.join(alike)}] and [{','.join(others)}] require different authorization information.")
    results = ""
    for action in actions:
        decision = "implicitDeny" if action.lower() in known else "allowed"
        each = "".join(f"<member><EvalResourceName>{escape(arn)}</EvalResourceName><EvalResourceDecision>{decision}</EvalResourceDecision><MatchedStatements/>"
                       "<MissingContextValues/></member>" for arn in resources)
        template = re.sub(r"[^:/]+$", "*", resources[0]) if resources else "*"
        results += (f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(template)}</EvalResourceName>"
                    f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/><MissingContextValues/>"
                    f"<ResourceSpecificResults>{each}</ResourceSpecificResults></member>")
    inner = f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>"
    return xml(call.action, inner, "https://iam.amazonaws.com/doc/2010-05-08/")


def send_ssh_public_key(call):
    instance_id, user, key = call.json["InstanceId"], call.json["InstanceOSUser"], call.json["SSHPublicKey"]
    instance = next((each for each in call.ec2.all_instances() if each.id == instance_id), None)
    if not instance or instance._state.name == "terminated":
        raise Refused(404, "EC2InstanceNotFoundException", f"No instance found with id {instance_id}")
    if instance._state.name != "running":
        raise Refused(400, "EC2InstanceStateInvalidException", f"Instance {instance_id} is not in a running state")
    if not key.startswith(("ssh-rsa ", "ssh-ed25519 ")):
        raise Refused(400, "InvalidArgsException", "SSH Public key is invalid")
    image = call.ec2.amis.get(instance.image_id)
    # Debian's images have no agent that would read the key: AWS says Success all the same.
    if not image or not getattr(image, "made_of", image.name).startswith("debian-"):
        pushed_keys.append((time.monotonic() + 60, instance, user, " ".join(key.split()[:2])))
    return 200, "application/x-amz-json-1.1", json.dumps({"RequestId": "peers", "Success": True})


def quota(call):
    code = call.json.get("QuotaCode")
    if call.json.get("ServiceCode") != "ec2" or code not in quotas:
        raise Refused(400, "NoSuchResourceException", "The request failed because the specified quota does not exist.")
    found = {"ServiceCode": "ec2", "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)", "QuotaCode": code, "QuotaName": quota_names.get(code, code),
             "Value": quotas[code], "Unit": "None", "Adjustable": True, "GlobalQuota": False}
    return 200, "application/x-amz-json-1.1", json.dumps({"Quota": found})


def products(call):
    wanted = {entry["Field"]: entry["Value"] for entry in call.json.get("Filters", [])}
    region = wanted.get("regionCode", "us-east-1")
    items = []
    if wanted.get("volumeApiName") == "gp3" or wanted.get("productFamily") == "Storage":
        items.append(("Storage", {"volumeApiName": "gp3", "regionCode": region}, "GB-Mo", 0.08))
    for name, price in ON_DEMAND.items():
        if wanted.get("instanceType") == name:
            items.append(("Compute Instance", {"instanceType": name, "regionCode": region, "operatingSystem": "Linux", "tenancy": "Shared"}, "Hrs", price))
    listed = [json.dumps({
        "product": {"productFamily": family, "attributes": attributes, "sku": "PEERS"}, "serviceCode": "AmazonEC2",
        "terms": {"OnDemand": {"PEERS.JRTCKXETXF": {"priceDimensions": {"PEERS.JRTCKXETXF.6YS6EN2CT7": {
            "unit": unit, "pricePerUnit": {"USD": f"{price:.10f}"}, "description": f"${price} per {unit}", "beginRange": "0", "endRange": "Inf"}},
            "effectiveDate": "2026-11-01T00:00:00Z", "termAttributes": {}}}},
        "version": "20261101000000", "publicationDate": "2026-11-01T00:00:00Z",
    }) for family, attributes, unit, price in items]
    return 200, "application/x-amz-json-1.1", json.dumps({"FormatVersion": "aws_v1", "PriceList": listed})


def bare_bucket(call):
    """Stock moto drops the tags of a new bucket, and takes no body without a region: they are set once the bucket is made."""
    if call.action != "CreateBucket" or not call.body:
        return []
    tags = strictness.bucket_tags(call.body)
    if b"LocationConstraint" not in call.body:
        call.body = b""
    return tags


def disk_key(call):
    """The key that encrypts disks where a launch names none: AWS's own, unless a test has set a customer's."""
    return xml(call.action, f"<kmsKeyId>{escape(OPTIONS.get('diskKey') or 'alias/aws/ebs')}</kmsKeyId>")


def account_attributes(call):
    """Stock moto says that no region has a default VPC."""
    value = f"<attributeValueSet><item><attributeValue>{call.ec2.default_vpc.id}</attributeValue></item></attributeValueSet>"
    return xml(call.action, f"<accountAttributeSet><item><attributeName>default-vpc</attributeName>{value}</item></accountAttributeSet>")


def taken_bucket(call):
    if not call.path.lstrip("/").startswith("taken-by-others"):
        return None
    if call.action == "CreateBucket":
        raise Refused(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
    raise Refused(403, "AccessDenied", "Access Denied")


def make_linked_role(call):
    """Stock moto has a word of its own for a role that is there."""
    service = call.form["AWSServiceName"].split(".")[0]
    name = f"AWSServiceRoleFor{SERVICE_NAME_CONVERSION.get(service, service)}"
    if any(role.name == name for role in iam_backends[ACCOUNT]["aws"].roles.values()):
        raise Refused(400, "InvalidInput", f"Service role name {name} has been taken in this account, please try a different suffix.")
    strictness.note("linked role", name)


def role_date(self, own=Role.created_iso_8601.fget):
    """A service's role is let in a minute after it was made, which is late() here: its date is so much earlier, so that whoever waits for the minute waits as long."""
    if not self.name.startswith("AWSServiceRoleFor"):
        return own(self)
    told = self.create_date + datetime.timedelta(seconds=late() - 60)
    # IAM tells whole seconds. The next one, so that nobody comes too early by that.
    return f"{told + datetime.timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"


Role.created_iso_8601 = property(role_date)


ANSWERS = {
    ("ec2", "RunInstances"): before_run_instances, ("ec2", "DeleteSecurityGroup"): delete_security_group,
    ("ec2", "AuthorizeSecurityGroupIngress"): refuse_duplicate_rule, ("ec2", "DeleteKeyPair"): delete_key_pair,
    ("ec2", "ModifyInstanceMetadataOptions"): modify_metadata_options, ("ec2", "GetConsoleOutput"): get_console_output,
    ("ec2", "DescribeKeyPairs"): name_key_pairs, ("ec2", "DescribeSpotInstanceRequests"): describe_spot_requests,
    ("ec2", "StopInstances"): refuse_to_stop_spot, ("ec2", "AssociateIamInstanceProfile"): known_profile, ("ec2", "CancelSpotInstanceRequests"): cancel_spot_requests, ("sts", "DecodeAuthorizationMessage"): decode_message,
    ("iam", "SimulatePrincipalPolicy"): simulate_principal_policy, ("ec2-instance-connect", "SendSSHPublicKey"): send_ssh_public_key,
    ("ec2", "GetEbsDefaultKmsKeyId"): disk_key, ("ec2", "DescribeAccountAttributes"): account_attributes,
    ("ec2", "CreateLaunchTemplate"): lambda call: templates.make(call, xml, USER_ARN, lambda made: call.late and strictness.note("template", made)),
    ("ec2", "CreateLaunchTemplateVersion"): lambda call: templates.make_version(call, xml), ("ec2", "DescribeLaunchTemplates"): lambda call: templates.describe(call, xml),
    ("ec2", "DescribeLaunchTemplateVersions"): lambda call: templates.describe_versions(call, xml), ("ec2", "DeleteLaunchTemplate"): lambda call: templates.delete(call, xml),
    ("ec2", "DescribeImages"): lambda call: images.looked(call.ec2), ("ec2", "CreateImage"): lambda call: images.make(call, xml), ("ec2", "DeregisterImage"): lambda call: images.deregister(call, xml, late_for(call)),
    ("ec2", "DescribeSnapshots"): lambda call: images.describe_snapshots(call, xml, late_for(call)),
    ("ec2", "DeleteSnapshot"): lambda call: images.delete_snapshot(call, xml, late_for(call)),
    ("iam", "CreateServiceLinkedRole"): make_linked_role,
    ("servicequotas", "GetServiceQuota"): quota, ("servicequotas", "GetAWSDefaultServiceQuota"): quota, ("pricing", "GetProducts"): products,
}


class Groups:
    """What Auto Scaling groups work with: EC2, called by their own role."""

    account, role_name = ACCOUNT, "AWSServiceRoleForAutoScaling"
    role_arn = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"

    def __init__(self, application, environ):
        self.application, self.environ = application, environ

    def ec2(self, region):
        return ec2_backends[ACCOUNT][region]

    def price(self, kind):
        return ON_DEMAND.get(kind, 0.1)

    def make_role(self):
        iam = iam_backends[ACCOUNT]["aws"]
        if not any(role.name == self.role_name for role in iam.roles.values()):
            if "iam:CreateServiceLinkedRole" in denied:
                sentence = f"User: {USER_ARN} is not authorized to perform: iam:CreateServiceLinkedRole on resource: {self.role_arn}"
                raise Refused(403, "AccessDenied", f"{sentence} with an explicit deny in an identity-based policy")
            iam.create_service_linked_role("autoscaling.amazonaws.com", "", "")
            strictness.note("linked role", self.role_name)

    def role_is_young(self):
        return strictness.age("linked role", self.role_name) < late()

    def is_new(self, call, template):
        return call.late and strictness.age("template", template) < late()

    def judge_rights(self):
        """Auto Scaling tries a launch with the rights of whoever gives it a template."""
        if denied & {"ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"}:
            raise Refused(403, "AccessDenied", "You are not authorized to use launch template")

    def call(self, region, action, form):
        """A call to EC2 that nobody's laptop makes."""
        scope = f"AWS4-HMAC-SHA256 Credential=GROUPS/20260101/{region}/ec2/aws4_request, SignedHeaders=host, Signature=groups"
        own = {"HTTP_AUTHORIZATION": scope, "REQUEST_METHOD": "POST", "PATH_INFO": "/", "QUERY_STRING": "", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        environ = {key: value for key, value in self.environ.items() if not key.startswith("HTTP_X_")}
        environ.update(own)
        return environ, Call(environ, urlencode({"Action": action, "Version": "2016-11-15", **form}).encode())

    def judge_launch(self, region, form):
        """What of a launch stands there at all, in EC2's words; stock moto has others, or none."""
        backend = self.ec2(region)
        if form.get("ImageId") not in backend.amis:
            raise images.not_found(form.get("ImageId"))
        images.judge_launch(backend, form["ImageId"], 0)
        if form["InstanceType"] not in INSTANCE_TYPES:
            raise Refused(400, "InvalidParameterValue", f"Invalid value '{form['InstanceType']}' for InstanceType.")
        if form.get("KeyName") and form["KeyName"] not in backend.keypairs:
            raise Refused(400, "InvalidKeyPair.NotFound", f"The key pair '{form['KeyName']}' does not exist")
        for name, value in form.items():
            if re.fullmatch(r"(NetworkInterface\.\d+\.)?SecurityGroupId\.\d+", name) and not backend.get_security_group_from_id(value):
                raise Refused(400, "InvalidGroup.NotFound", f"The security group '{value}' does not exist")
        known_profile(self.call(region, "RunInstances", form)[1])

    def carry(self, region, action, form):
        environ, call = self.call(region, action, form)
        before = CURRENT.get("call")
        CURRENT["call"] = call
        try:
            status, _, text = carried(self.application, environ, call)
        except Exception as error:
            raise told_by_moto(error) from error
        finally:
            CURRENT["call"] = before
        if status != 200:
            code, message = (re.search(rf"<{tag}>([^<]*)</{tag}>", text.decode()) for tag in ("Code", "Message"))
            raise Refused(status, code[1], html.unescape(message[1]))
        return text.decode()

    def run(self, region, form):
        self.judge_launch(region, form)
        text = self.carry(region, "RunInstances", form)
        return self.ec2(region).get_instance(re.search(r"<instanceId>(i-[0-9a-f]+)</instanceId>", text)[1])

    def terminate(self, region, instance_id):
        self.carry(region, "TerminateInstances", {"InstanceId.1": instance_id})


def told_by_moto(error):
    """One of moto's own errors, raised outside of moto's dispatcher (an instance that does not exist, say), or what it can't do."""
    if isinstance(error, Refused):
        return error
    if not hasattr(error, "get_response"):
        traceback.print_exc()
        return Refused(400, "PeersNotImplemented", f"{type(error).__name__}: {error}")
    described = (error.description or "").strip()
    code, message = (re.search(rf"<{tag}>([^<]*)</{tag}>", described) for tag in ("Code", "Message"))
    return Refused(400, code[1] if code else "InvalidParameterValue", html.unescape(message[1]) if message else described)


def ask_moto(application, environ, call):
    environ["wsgi.input"] = io.BytesIO(call.body)
    environ["CONTENT_LENGTH"] = str(len(call.body))
    started = {}

    def start_response(status, headers, exc_info=None):
        started.update(status=int(status.split()[0]), headers=headers)

    try:
        text = b"".join(application(environ, start_response))
    except Exception as error:  # moto raises what it does not know
        if hasattr(error, "get_response") or isinstance(error, Refused):
            raise
        traceback.print_exc()
        raise Refused(400, "PeersNotImplemented", f"moto could not do {call.service} {call.action}: {error}") from error
    if started["status"] == 500 and b"<html" in text.lower():
        raise Refused(400, "PeersNotImplemented", f"moto could not do {call.service} {call.action}")
    return started["status"], started["headers"], text


def answer_call(application, environ, call):
    """Gives (status, headers, bytes): from the answers above where there is one, else from moto."""
    settle()
    groups = Groups(application, environ)
    CURRENT["call"] = call
    scaling.settle(groups)
    refuse_denied(call)
    strictness.before(call, late(), OPTIONS.get("rest", 3))
    if call.service == "autoscaling":
        status, kind, text = scaling_calls.ANSWERS[call.action](groups, call)
        return status, [("Content-Type", kind)], text.encode()
    return carried(application, environ, call)


def carried(application, environ, call):
    """The same for a call that may be made."""
    ready = taken_bucket(call) if call.service == "s3" else ANSWERS.get((call.service, call.action), lambda _: None)(call)
    if ready:
        return ready[0], [("Content-Type", ready[1])], ready[2].encode()
    tags = bare_bucket(call)
    status, headers, text = ask_moto(application, environ, call)
    if status == 200:
        strictness.after(call, text)
    if tags and status == 200:
        s3_backends[ACCOUNT]["aws"].put_bucket_tagging(call.path.lstrip("/").split("/")[0], dict(tags))
    if call.service == "ec2" and call.action in PASSING and status == 200:
        if call.action == "RunInstances":
            text = after_run_instances(call, (status, "text/xml", text.decode()))[2].encode()
        for found in re.findall(rb"<instanceId>(i-[0-9a-f]+)</instanceId>", text):
            pass_through(call, call.ec2.get_instance(found.decode()))
    if call.service == "sts" and call.action == "GetCallerIdentity":
        text = text.replace(f"arn:aws:sts::{ACCOUNT}:user/moto".encode(), USER_ARN.encode())
    return status, [(name, value) for name, value in headers if name.lower() != "content-length"], text


def running_at(address):
    return [each for backend in ec2_backends[ACCOUNT].values() for each in backend.all_running_instances() if each.machine == address]


def authorized_keys(user, address):
    """Public keys that a fresh login as this user finds at a machine: of its instance's key pair, and those pushed in the last minute."""
    now = time.monotonic()
    here = running_at(address)
    lines = [line for until, instance, name, line in pushed_keys if until > now and name == user and instance in here]
    lines += [instance.launch_key for instance in here if getattr(instance, "launch_key", None)]
    return "".join(line + "\n" for line in lines)


def worker_for(manager, address=None, ident=None):
    """What the machine at an address finds at a worker; None where there is none."""
    here = next(iter(running_at(manager)), None)
    for backend in ec2_backends[ACCOUNT].values():
        for each in backend.all_instances():
            if each.id == ident or (address and each.machine == address and is_alive(each)):
                return workers.told(each, here, backend.amis[each.image_id], ACCOUNT)
    return None


def role_in(profile):
    """What IAM knows of a profile and of the role in it, whose policies are told as they were put."""
    known = next((each for each in iam_backends[ACCOUNT]["aws"].instance_profiles.values() if each.name == profile), None)
    role = known.roles[0] if known and known.roles else None
    return {"name": profile, "arn": known and known.arn, "roleArn": role and role.arn, "policies": dict(role.policies) if role else {}}


def profile_at(address):
    """The name of the profile that the machine at an address has."""
    return next((each.iam_instance_profile["Arn"].split("/")[-1] for each in running_at(address) if each.iam_instance_profile), "")


def forget_terminated():
    """An hour goes by: terminated instances can't be seen any more. The tokens that they were launched with stay remembered."""
    gone = []
    for backend in ec2_backends[ACCOUNT].values():
        for reservation in backend.reservations.values():
            gone += [each.id for each in reservation.instances if each._state.name == "terminated"]
            reservation.instances = [each for each in reservation.instances if each._state.name != "terminated"]
    return gone


def admin(path, query, body, machine):
    """The tests' own door; `machine` is the address of the machine that asks, where one does."""
    settle()
    asked = json.loads(body or b"{}")
    given = {key: values[0] for key, values in parse_qs(query).items()}
    if path == "/peers/authorized-keys":
        worker = worker_for(machine, given.get("address"))
        return "text/plain", authorized_keys(given.get("user"), given.get("address")) if not worker or (worker["open"] and worker["user"] == given.get("user")) or given.get("address") == machine else ""
    if path == "/peers/worker":
        return "application/json", json.dumps(worker_for(machine, given.get("address"), given.get("id")))
    if path == "/peers/role":
        return "application/json", json.dumps(role_in(given["profile"] if "profile" in given else profile_at(given["address"])))
    if path == "/peers/newer-image":
        return "application/json", json.dumps({"names": publish_newer(asked.get("serial", "20261120"))})
    if path == "/peers/denied":
        denied.clear()
        denied.update(asked["actions"])
        return "application/json", "{}"
    if path == "/peers/quota":
        if asked.get("value") is None:
            quotas.pop(asked["code"], None)
        else:
            quotas[asked["code"]] = float(asked["value"])
        return "application/json", "{}"
    if path == "/peers/group-launches":
        scaling.refused_launches["said"] = asked.get("said")
        return "application/json", "{}"
    if path == "/peers/builds":
        builds.failing["why"] = asked.get("why")
        return "application/json", "{}"
    if path == "/peers/hour":
        return "application/json", json.dumps({"gone": forget_terminated()})
    if path == "/peers/consoles":
        CONSOLES["held"] = asked["held"]
        return "application/json", "{}"
    if path == "/peers/host-keys":
        OPTIONS.setdefault("hostKeys", {})[asked["address"]] = asked["folder"]
        return "application/json", "{}"
    return None


def serve(environ, start_response, application=DomainDispatcherApplication(create_backend_app)):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    path = environ.get("PATH_INFO", "")
    with LOCK:
        if path.startswith("/peers/"):
            found = admin(path, environ.get("QUERY_STRING", ""), body, environ.get("HTTP_X_PEERS_MACHINE"))
            start_response("200 OK" if found else "404 Not Found", [("Content-Type", found[0] if found else "text/plain")])
            return [(found[1] if found else "no such door\n").encode()]
        call = Call(environ, body)
        try:
            status, headers, text = answer_call(application, environ, call)
        except Refused as error:
            status, kind, text = refusal(call, error)
            headers, text = [("Content-Type", kind), ("x-amz-bucket-region", "us-east-1")], text.encode()
        except Exception as error:
            status, kind, text = refusal(call, told_by_moto(error))
            headers, text = [("Content-Type", kind)], text.encode()
    if not any(name.lower() == "x-amzn-requestid" for name, _ in headers):
        headers.append(("x-amzn-requestid", f"peers-{time.monotonic_ns():x}"))
    if call.method != "HEAD":
        headers.append(("Content-Length", str(len(text))))
    start_response(f"{status} peers", headers)
    return [text]


class Quiet(WSGIRequestHandler):
    """Says nothing. An answer is one write: each costs as much as all that moto does for most calls."""

    wbufsize = -1

    def log_request(self, *_):
        pass


def answer(options, say):
    OPTIONS.update(options)
    server = make_server("127.0.0.1", 0, serve, threaded=True, request_handler=Quiet)
    ec2_backends[ACCOUNT]["us-east-1"]
    say(json.dumps({"port": server.port}) + "\n")
    server.serve_forever()


def fork(path):
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Which regions a service has takes long to find out, and is the same for all.
    for backends in (ec2_backends, iam_backends, s3_backends, ssm_backends):
        backends[ACCOUNT]
    while True:
        asked, _ = door.accept()
        if os.fork():
            asked.close()
            continue
        door.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        mock_random.seed()
        options = asked.makefile().readline()
        threading.Thread(target=lambda: os._exit(len(asked.recv(1))), daemon=True).start()
        answer(json.loads(options), lambda text: asked.sendall(text.encode()))


def main():
    kept.keep()
    if sys.argv[1] == "--fork":
        fork(sys.argv[2])
    answer(json.loads(sys.argv[1]), lambda text: print(text, end="", flush=True))


if __name__ == "__main__":
    main()
