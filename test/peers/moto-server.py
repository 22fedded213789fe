"""moto's server, taught what stock moto lacks and the program under test relies on.

Started by moto.ts as: /usr/bin/python3 moto-server.py '{"publicAddress": "127.77.1.2", "hostKeys": "/folder"}'
It prints one line of JSON, {"port": ...}, once it accepts calls. Paths under /peers/ are the tests' own door.
"""

import base64
import glob
import hashlib
import html
import io
import json
import os
import re
import sys
import threading
import time
import traceback
from urllib.parse import parse_qs, unquote
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
import moto.ec2.responses.amis as image_responses  # noqa: E402
import moto.ec2.responses.instances as instance_responses  # noqa: E402
import moto.ec2.responses.security_groups as group_responses  # noqa: E402
import moto.ec2.responses.spot_instances as spot_responses  # noqa: E402
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT  # noqa: E402
from moto.ec2 import utils as ec2_filters  # noqa: E402
from moto.ec2.models import EC2Backend, ec2_backends  # noqa: E402
from moto.ec2.models.amis import Ami, AmiBackend  # noqa: E402
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS  # noqa: E402
from moto.ec2.models.instances import Instance, InstanceState  # noqa: E402
from moto.iam.models import iam_backends  # noqa: E402
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: E402
from moto.ssm.models import Parameter, ParameterDict  # noqa: E402

OPTIONS = json.loads(sys.argv[1])
LOCK = threading.RLock()
SETTLE = OPTIONS.get("settle", 0.3)

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
pushed_keys: list = []
unsettled: list = []
newer_images: list = []


# --- Images and the publishers' parameters -------------------------------------------------------------------------


def ubuntu(codename, version, serial):
    for arch, machine in (("amd64", "x86_64"), ("arm64", "arm64")):
        yield {
            "name": f"ubuntu/images/hvm-ssd-gp3/ubuntu-{codename}-{version}-{arch}-server-{serial}",
            "owner": "099720109477", "machine": machine, "root": "/dev/sda1", "serial": serial,
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


loaded_parameters: list = []


def load_parameters(self, key):
    """Fills in the publishers' parameters the first time that a region is asked for one."""
    if not str(key or "").startswith("/aws/service/") or self in_identity(loaded_parameters):
        return
    loaded_parameters.append(self)
    for image in IMAGES + newer_images:
        for name in image["parameters"]:
            parameter(self, name, image_id(self.region_name, image))
