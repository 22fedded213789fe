"""docker-machine (GitLab's fork) as a runner manager sees it: its flags, lines, exit codes and state files; its instances are real ones of moto.

Told to fail by /etc/docker-machine-fail: a stage (precheck, keypair, launch, tags, running, os, ssh, provision, copy, docker, check, run, rm), then, if wanted, the words to say.
/etc/docker-machine-delay holds the seconds that each stage takes.
"""

import base64
import json
import os
import re
import sys
import time
import urllib
import xml.etree

from peers_later import later

secrets, shutil, subprocess, ElementTree = map(later, ("secrets", "shutil", "subprocess", "xml.etree.ElementTree"))
for part in ("urllib.error", "urllib.parse", "urllib.request"):
    later(part)

VERSION = ""
BOOLEANS = {"amazonec2-request-spot-instance", "amazonec2-private-address-only", "amazonec2-use-private-address", "amazonec2-monitoring",
            "amazonec2-use-ebs-optimized-instance", "amazonec2-security-group-readonly", "amazonec2-volume-encrypted", "amazonec2-insecure-transport"}
TAKES_VALUE = {"driver", "url", "engine-install-url", "engine-opt", "engine-insecure-registry", "engine-registry-mirror", "engine-label", "engine-storage-driver", "engine-env",
               "tls-san", *("amazonec2-" + name for name in (
                   "access-key", "secret-key", "session-token", "region", "ami", "instance-type", "vpc-id", "subnet-id", "zone", "security-group", "open-port", "tags",
                   "device-name", "root-size", "volume-type", "volume-kms-key", "iam-instance-profile", "ssh-user", "ssh-port", "ssh-keypath", "keypair-name", "spot-price",
                   "block-duration-minutes", "retries", "endpoint", "userdata", "metadata-token", "metadata-token-response-hop-limit"))}
REGIONS = {"af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
           "ca-central-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
           "me-central-1", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1"}
FAILURES = {
    "precheck": ("Error with pre-create check: \"There is already a keypair with the name {name}.  Please either remove that keypair or use a different machine name.\"", 3),
    "keypair": ("Error creating machine: Error in driver during machine creation: unable to create key pair: UnauthorizedOperation: You are not authorized to perform this operation.", 1),
    "launch": ("Error creating machine: Error in driver during machine creation: Error launching instance: MaxSpotInstanceCountExceeded: Max spot instance count exceeded", 1),
    "tags": ("Error creating machine: Error in driver during machine creation: Error setting tags for the spot instance: UnauthorizedOperation: You are not authorized to perform this operation.", 1),
    "running": ("Error creating machine: Error waiting for machine to be running: Maximum number of retries (60) exceeded", 1),
    "os": ("Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded", 1),
    "ssh": ("Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.  Last error: Maximum number of retries (60) exceeded", 1),
    "provision": ("Error creating machine: Error running provisioning: error installing docker: ", 1),
    "docker": ("Error creating machine: Error running provisioning: Unable to verify the Docker daemon is listening: Maximum number of retries (10) exceeded", 1),
    "check": ("Error creating machine: Error checking the host: Error checking and/or regenerating the certs: There was an error validating certificates for host \"{ip}:2376\": remote error: tls: bad certificate", 1),
    "rm": ("Error removing host \"{name}\": RequestLimitExceeded: Request limit exceeded.", 1),
}


class Failed(Exception):
    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}\n\tstatus code: 400, request id: {secrets.token_hex(8)}")
        self.code = code


def storage():
    return globals_.get("storage-path") or os.environ.get("MACHINE_STORAGE_PATH") or os.path.join(os.environ.get("HOME", ""), ".docker/machine")


def folder(name):
    return os.path.join(storage(), "machines", name)


def read_text(path, default=""):
    return open(path).read().strip() if os.path.exists(path) else default


def stage(name, /, **words):
    """Takes its time, then fails if this stage was told to."""
    time.sleep(float(read_text("/etc/docker-machine-delay", "0.05")))
    told = read_text("/etc/docker-machine-fail").split(None, 1)
    if told and told[0] == name:
        text, code = FAILURES.get(name, (f"exit status 125: told to fail at {name}", 1))
        raise Failed(told[1] if len(told) > 1 else text.format(**{"name": "", "ip": "", **words}), code)


def say(text):
    print(text, flush=True)


# What it asks of AWS.

def access_key():
    """The key that calls are signed with: an option's, the environment's, root's file's, or else the instance role's, which the world calls MACHINE."""
    named = globals_.get("access-key") or os.environ.get("AWS_ACCESS_KEY_ID") or re.search(r"aws_access_key_id\s*=\s*(\S+)", read_text(f"{os.environ.get('HOME', '')}/.aws/credentials"))
    return named if isinstance(named, str) else named[1] if named else "MACHINE"


def ec2(region, action, signer=None, **parameters):
    """One call; parameters are EC2's own, with nested lists and maps flattened as its query protocol has them."""
    form = {"Action": action, "Version": "2016-11-15"}

    def flatten(prefix, value):
        if isinstance(value, dict):
            for key, inner in value.items():
                flatten(f"{prefix}.{key}", inner)
        elif isinstance(value, list):
            for place, inner in enumerate(value, 1):
                flatten(f"{prefix}.{place}", inner)
        else:
            form[prefix] = "true" if value is True else "false" if value is False else str(value)

    for key, value in parameters.items():
        flatten(key, value)
    scope = f"AWS4-HMAC-SHA256 Credential={signer or access_key()}/20260101/{region}/ec2/aws4_request, SignedHeaders=host, Signature=none"
    request = urllib.request.Request(json.load(open("/etc/peers.json"))["aws"], urllib.parse.urlencode(form).encode(), {"Authorization": scope})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        found = re.search(r"<Code>(.*?)</Code>.*?<Message>(.*?)</Message>", text, re.S)
        raise Refused(found[1] if found else str(error.code), found[2] if found else text) from None
    return ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", text, count=1))


def has_credentials(flags):
    home = os.environ.get("HOME", "")
    if flags.get("amazonec2-access-key") or os.environ.get("AWS_ACCESS_KEY_ID") or os.path.exists(f"{home}/.aws/credentials"):
        return True
    peers = json.load(open("/etc/peers.json"))
    with urllib.request.urlopen(peers["aws"] + "/peers/role?address=" + peers["address"], timeout=10) as answer:
        return json.load(answer)["name"] != ""


# Flags.

def parse(arguments):
    """Splits a command line into flags (lists) and words, and refuses what docker-machine does not know."""
    flags, words = {}, []
    pending = iter(arguments)
    for word in pending:
        if not word.startswith("-"):
            words.append(word)
            continue
        name, mark, value = word.lstrip("-").partition("=")
        name = {"d": "driver"}.get(name, name)
        if name in BOOLEANS:
            flags[name] = [value if mark else "true"]
        elif name in TAKES_VALUE:
            flags.setdefault(name, []).append(value if mark else next(pending, ""))
        else:
            raise Failed(f"Incorrect Usage.\n\nUsage: docker-machine create [OPTIONS] [arg...]\n\nflag provided but not defined: -{name}")
    return flags, words


def make_config(name, flags):
    def last(key, default=""):
        return flags.get("amazonec2-" + key, [default])[-1]

    def on(key):
        return last(key, "false") == "true"

    globals_["access-key"] = last("access-key")
    driver = {
        "MachineName": name, "StorePath": storage(), "IPAddress": "", "PrivateIPAddress": "", "InstanceId": "", "SSHUser": last("ssh-user", "ubuntu"), "SSHPort": int(last("ssh-port", "22")),
        "SSHKeyPath": last("ssh-keypath") or f"{folder(name)}/id_rsa", "AccessKey": last("access-key"), "SecretKey": last("secret-key"), "SessionToken": last("session-token"),
        "Region": last("region", "us-east-1"), "AMI": last("ami"), "InstanceType": last("instance-type", "t2.micro"), "VpcId": last("vpc-id"), "SubnetId": last("subnet-id"),
        "Zone": last("zone", "a"), "Endpoint": last("endpoint"), "SecurityGroupNames": flags.get("amazonec2-security-group", ["docker-machine"]), "SecurityGroupIds": [], "SecurityGroupReadOnly": on("security-group-readonly"),
        "Tags": last("tags"), "DeviceName": last("device-name", "/dev/sda1"), "RootSize": int(last("root-size", "16")), "VolumeType": last("volume-type", "gp2"),
        "VolumeEncrypted": on("volume-encrypted"), "IamInstanceProfile": last("iam-instance-profile"), "KeyName": last("keypair-name") or name, "ExistingKey": bool(last("keypair-name")),
        "RequestSpotInstance": on("request-spot-instance"), "SpotPrice": last("spot-price", "0.50"), "PrivateIPOnly": on("private-address-only"), "UsePrivateIP": on("use-private-address"),
        "UserDataFile": last("userdata"), "HttpTokens": last("metadata-token"), "HttpPutResponseHopLimit": int(last("metadata-token-response-hop-limit", "1")),
    }
    return {"ConfigVersion": 3, "Driver": driver, "DriverName": flags.get("driver", ["virtualbox"])[-1], "Name": name, "HostOptions": {"EngineOptions": {
        "InstallURL": flags.get("engine-install-url", ["https://get.docker.com"])[-1], "ArbitraryFlags": flags.get("engine-opt", []), "RegistryMirror": flags.get("engine-registry-mirror", [])}}}


def save(config):
    os.makedirs(folder(config["Name"]), mode=0o700, exist_ok=True)
    path = f"{folder(config['Name'])}/config.json"
    with os.fdopen(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(config, file, indent=4)
    os.rename(path + ".new", path)


def load(name):
    path = f"{folder(name)}/config.json"
    if not os.path.exists(path):
        raise Failed(f"Docker machine \"{name}\" does not exist. Use \"docker-machine ls\" to list machines. Use \"docker-machine create\" to add a new one.")
    config = json.load(open(path))
    globals_["access-key"] = config["Driver"].get("AccessKey", "")
    return config


def bootstrap():
    """Makes the certificate authority on first use; as the real one, without any lock."""
    certs = f"{storage()}/certs"
    os.makedirs(certs, mode=0o700, exist_ok=True)
    if not os.path.exists(f"{certs}/ca.pem"):
        say(f"Creating CA: {certs}/ca.pem")
        stage("ca")
        for name in ("ca-key.pem", "ca.pem"):
            open(f"{certs}/{name}", "w").write(f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(secrets.token_bytes(48)).decode()}\n-----END CERTIFICATE-----\n")
    if not os.path.exists(f"{certs}/cert.pem"):
        say(f"Creating client certificate: {certs}/cert.pem")
        for name in ("key.pem", "cert.pem"):
            open(f"{certs}/{name}", "w").write(f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(secrets.token_bytes(48)).decode()}\n-----END CERTIFICATE-----\n")
    return read_text(f"{certs}/ca.pem")


# Creating.

def set_from_flags(driver, flags):
    prefix = "Error setting machine configuration from flags provided: "
    if not has_credentials(flags):
        raise Failed(prefix + "amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance role")
    if driver["Region"] not in REGIONS:
        # With an endpoint the driver goes on without any region, and its first call finds none.
        raise Failed(prefix + ("MissingRegion: could not find region configuration" if driver["Endpoint"] else "Invalid region specified"))
    if driver["ExistingKey"] and not flags.get("amazonec2-ssh-keypath"):
        raise Failed(prefix + "using --amazonec2-keypair-name also requires --amazonec2-ssh-keypath")
    if driver["SubnetId"]:
        try:
            subnet = ec2(driver["Region"], "DescribeSubnets", Filter=[{"Name": "subnet-id", "Value": [driver["SubnetId"]]}]).find(".//subnetSet/item")
        except Refused as error:
            raise Failed(prefix + str(error)) from None
        if subnet is None:
            raise Failed(prefix + "The desired subnet could not be located in this region. Is '%s' a typo?" % driver["SubnetId"])
        if driver["VpcId"] and subnet.findtext("vpcId") != driver["VpcId"]:
            raise Failed(prefix + f"SubnetId: {driver['SubnetId']} does not belong to VpcId: {driver['VpcId']}")
        driver["VpcId"] = subnet.findtext("vpcId")
    if not driver["VpcId"]:
        try:
            found = ec2(driver["Region"], "DescribeAccountAttributes").findtext(".//item[attributeName='default-vpc']/attributeValueSet/item/attributeValue")
        except Refused:
            found = None
        if not found or found == "none":
            raise Failed(prefix + "amazonec2 driver requires either the --amazonec2-subnet-id or --amazonec2-vpc-id option or an AWS Account with a default vpc-id")
        driver["VpcId"] = found


def zone_of(driver):
    """The zone is one letter that goes behind the region; with an endpoint it's sent as it was given."""
    return driver["Zone"] if driver["Endpoint"] else driver["Region"] + driver["Zone"]


def precheck(driver, name):
    region, zone = driver["Region"], zone_of(driver)
    try:
        pairs = [item.text for item in ec2(region, "DescribeKeyPairs", KeyName=[driver["KeyName"]]).iter("keyName")]
    except Refused:
        pairs = []
    if driver["ExistingKey"] and driver["KeyName"] not in pairs:
        raise Failed(f"Error with pre-create check: \"There is no keypair with the name {driver['KeyName']}. Please verify the key name provided.\"", 3)
    if not driver["ExistingKey"] and driver["KeyName"] in pairs:
        raise Failed(FAILURES["precheck"][0].format(name=driver["KeyName"]), 3)
    if not driver["SubnetId"]:
        filters = [{"Name": "availability-zone", "Value": [zone]}, {"Name": "vpc-id", "Value": [driver["VpcId"]]}]
        driver["SubnetId"] = ec2(region, "DescribeSubnets", Filter=filters).findtext(".//subnetId") or ""
        if not driver["SubnetId"]:
            raise Failed(f"Error with pre-create check: \"unable to find a subnet that is both in the zone {zone} and belonging to VPC ID {driver['VpcId']}\"", 3)


def security_groups(driver):
    region = driver["Region"]
    for name in driver["SecurityGroupNames"]:
        if name.startswith("sg-"):
            raise Refused("InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*")
        found = ec2(region, "DescribeSecurityGroups", Filter=[{"Name": "group-name", "Value": [name]}, {"Name": "vpc-id", "Value": [driver["VpcId"]]}])
        group, ports = found.findtext(".//groupId"), [item.text for item in found.findall(".//ipPermissions/item/fromPort")]
        if not group:
            group = ec2(region, "CreateSecurityGroup", GroupName=name, GroupDescription="Docker Machine", VpcId=driver["VpcId"]).findtext(".//groupId")
        for port in ("22", "2376"):
            if not driver["SecurityGroupReadOnly"] and port not in ports:
                ec2(region, "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        driver["SecurityGroupIds"].append(group)


def import_key(driver):
    if driver["ExistingKey"]:
        shutil.copy(driver["SSHKeyPath"], f"{folder(driver['MachineName'])}/id_rsa")
        return
    path = f"{folder(driver['MachineName'])}/id_rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", path], check=True, stdin=subprocess.DEVNULL)
    ec2(driver["Region"], "ImportKeyPair", KeyName=driver["KeyName"], PublicKeyMaterial=base64.b64encode(open(path + ".pub", "rb").read()).decode())


def launch(driver, name):
    region = driver["Region"]
    words = driver["Tags"].split(",") if driver["Tags"] else []
    if len(words) % 2:
        say(f"({name}) Tags are not key value in pairs. {len(words)} elements found")
    tags = [{"Key": "Name", "Value": name}, *({"Key": key, "Value": value} for key, value in zip(words[::2], words[1::2]))]
    parameters = {
        "ImageId": driver["AMI"], "MinCount": 1, "MaxCount": 1, "InstanceType": driver["InstanceType"], "KeyName": driver["KeyName"], "Placement": {"AvailabilityZone": zone_of(driver)},
        "NetworkInterface": [{"DeviceIndex": 0, "SubnetId": driver["SubnetId"], "SecurityGroupId": driver["SecurityGroupIds"], "AssociatePublicIpAddress": not driver["PrivateIPOnly"]}],
        "BlockDeviceMapping": [{"DeviceName": driver["DeviceName"], "Ebs": {"VolumeSize": driver["RootSize"], "VolumeType": driver["VolumeType"], "DeleteOnTermination": True, "Encrypted": driver["VolumeEncrypted"]}}],
        "MetadataOptions": {"HttpTokens": driver["HttpTokens"] or "optional", "HttpPutResponseHopLimit": driver["HttpPutResponseHopLimit"]},
    }
    parameters["IamInstanceProfile"] = {"Name": driver["IamInstanceProfile"]}
    if driver["UserDataFile"]:
        parameters["UserData"] = base64.b64encode(open(driver["UserDataFile"], "rb").read()).decode()
    if driver["RequestSpotInstance"]:
        parameters["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": {"MaxPrice": driver["SpotPrice"]}}
    else:
        parameters["TagSpecification"] = [{"ResourceType": kind, "Tag": tags} for kind in ("instance", "volume", "network-interface")]
    driver["InstanceId"] = ec2(region, "RunInstances", **parameters).findtext(".//instancesSet/item/instanceId")
    if driver["RequestSpotInstance"]:
        try:
            stage("tags")
            for start in range(0, len(tags), 10):
                ec2(region, "CreateTags", ResourceId=[driver["InstanceId"]], Tag=tags[start:start + 10])
        except (Refused, Failed) as error:
            raise error if isinstance(error, Failed) else Failed(f"Error creating machine: Error in driver during machine creation: Error setting tags for the spot instance: {error}") from None


def create_instance(config):
    name, driver = config["Name"], config["Driver"]
    in_driver = "Error creating machine: Error in driver during machine creation: "
    say(f"({name}) Launching instance...")
    try:
        precheck(driver, name)
        stage("keypair")
        try:
            import_key(driver)
        except Refused as error:
            raise Failed(f"{in_driver}unable to create key pair: {error}") from None
        try:
            security_groups(driver)
        except Refused as error:
            raise Failed(in_driver + str(error)) from None
        stage("launch")
        try:
            launch(driver, name)
        except (Refused, OSError) as error:
            raise Failed(f"{in_driver}Error launching instance: {error}") from None
    except Failed:
        undo(driver)
        raise
    finally:
        save(config)


def undo(driver):
    """A driver that fails takes away what it made, and says nothing of what it can't."""
    for take_away in (terminate, delete_key):
        try:
            take_away(driver)
        except Refused:
            pass


def terminate(driver):
    if not driver["InstanceId"]:
        print("Missing instance ID, this is likely due to a failure during machine creation", file=sys.stderr)
        return
    try:
        ec2(driver["Region"], "TerminateInstances", InstanceId=[driver["InstanceId"]])
    except Refused as error:
        if error.code != "InvalidInstanceID.NotFound":
            raise
        print("Remote instance does not exist, proceeding with removing local reference", file=sys.stderr)


def delete_key(driver):
    if not driver["ExistingKey"]:
        ec2(driver["Region"], "DeleteKeyPair", KeyName=driver["KeyName"])


def wait_running(driver):
    for _ in range(600):
        found = ec2(driver["Region"], "DescribeInstances", InstanceId=[driver["InstanceId"]]).find(".//instancesSet/item")
        if found.findtext("instanceState/name") == "running":
            driver["PrivateIPAddress"] = found.findtext("privateIpAddress") or ""
            driver["IPAddress"] = driver["PrivateIPAddress"] if driver["PrivateIPOnly"] or driver["UsePrivateIP"] else found.findtext("ipAddress") or ""
            return
        time.sleep(0.05)
    raise Failed(FAILURES["running"][0])


def create(arguments):
    flags, words = parse(arguments)
    if len(words) != 1:
        raise Failed("Error: No machine name specified" if not words else f"Invalid command line. Found extra arguments {words[1:]}")
    name = words[0]
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9\-.]*", name):
        raise Failed("Error creating machine: Invalid hostname specified. Allowed hostname chars are: 0-9a-zA-Z . -")
    if os.path.exists(folder(name)):
        raise Failed(f"Docker machine \"{name}\" already exists")
    config = make_config(name, flags)
    authority = bootstrap()
    driver = config["Driver"]
    if config["DriverName"] == "amazonec2":
        set_from_flags(driver, flags)
    elif config["DriverName"] != "none":
        raise Failed(f"Error loading driver \"{config['DriverName']}\": Driver \"{config['DriverName']}\" not found. Do you have the plugin binary \"docker-machine-driver-{config['DriverName']}\" accessible in your PATH?")
    elif not flags.get("url"):
        raise Failed("Error setting machine configuration from flags provided: --url option is required when no driver is selected")
    save(config)
    say("Running pre-create checks...")
    if config["DriverName"] == "amazonec2":
        stage("precheck", name=name)
        precheck(driver, name)
    say("Creating machine...")
    save(config)
    if config["DriverName"] == "amazonec2":
        create_instance(config)
        provision(config, authority)
    say(f"To see how to connect your Docker Client to the Docker Engine running on this virtual machine, run: docker-machine env {name}")


def provision(config, authority):
    driver, engine = config["Driver"], config["HostOptions"]["EngineOptions"]
    say("Waiting for machine to be running, this may take a few minutes...")
    stage("running")
    wait_running(driver)
    save(config)
    say("Detecting operating system of created instance...")
    stage("os")
    say("Waiting for SSH to be available...")
    stage("ssh")
    say("Detecting the provisioner...")
    # The real one reads /etc/os-release over SSH; here the world tells, whoever may not ask EC2.
    image = ec2(driver["Region"], "DescribeImages", signer="WORLD", ImageId=[driver["AMI"]]).findtext(".//imagesSet/item/name") or ""
    system = "debian" if image.startswith("debian") else "amzn" if re.match(r"(al2023|amzn2?)-ami", image) else "ubuntu(systemd)"
    if not driver["SSHUser"] == {"debian": "admin", "amzn": "ec2-user"}.get(system, "ubuntu"):
        raise Failed(FAILURES["ssh"][0])
    say(f"Provisioning with {system}...")
    if system == "ubuntu(systemd)":
        say("Installing Docker...")
    stage("provision")
    if system == "amzn":
        # Amazon Linux 2023 has curl-minimal; an image that has no such conflict is unknown to Docker's own script.
        raise Failed("Error creating machine: Error running provisioning: " + (
            "ssh command error:\ncommand : sudo -E yum install -y curl\nerr     : exit status 1\noutput  : Error: \n Problem: problem with installed package curl-minimal\n"
            "  - package curl-minimal conflicts with curl provided by curl" if image.startswith("al2023") else "error installing docker: ERROR: Unsupported distribution 'amzn'"))
    if engine["InstallURL"].startswith("http"):
        fetched = subprocess.run(["curl", "-fsSL", "--max-time", "10", engine["InstallURL"]], capture_output=True, check=False)
        if fetched.returncode:
            raise Failed(FAILURES["provision"][0] + fetched.stderr.decode().strip())
        named = re.search(r'^VERSION="(.*)"$', fetched.stdout.decode(), re.M)
        config["Peers"] = {"engine": named[1] if named else "0.0.0"}
    say("Copying certs to the local machine directory...")
    for name in ("ca.pem", "server.pem", "server-key.pem"):
        open(f"{folder(config['Name'])}/{name}", "w").write(authority)
    say("Copying certs to the remote machine...")
    stage("copy")
    say("Setting Docker configuration on the remote daemon...")
    stage("docker")
    say("Checking connection to Docker...")
    stage("check", ip=driver["IPAddress"])
    if read_text(f"{storage()}/certs/ca.pem") != authority:
        raise Failed(FAILURES["check"][0].format(ip=driver["IPAddress"]))
    say("Docker is up and running!")
    save(config)


# The other commands.

def remove(arguments):
    flags = [word for word in arguments if word.startswith("-")]
    names = [word for word in arguments if not word.startswith("-")]
    force = any(flag.lstrip("-") in ("f", "force") for flag in flags)
    if not names:
        raise Failed("Error: Expected to get one or more machine names as arguments")
    say(f"About to remove {', '.join(names)}\nWARNING: This action will delete both local reference and remote instance.")
    if not force and not any(flag.lstrip("-") == "y" for flag in flags):
        print("Are you sure? (y/n): ", end="", flush=True)
        if not sys.stdin.readline().lower().startswith("y"):
            return
    failed = False
    for name in names:
        try:
            remove_one(load(name), name)
        except (Failed, Refused) as error:
            print(error, file=sys.stderr)
            failed = True
            if not force:
                continue
        shutil.rmtree(folder(name), ignore_errors=True)
        say(f"Successfully removed {name}")
    if failed and not force:
        raise Failed("Error removing machines")


def remove_one(config, name):
    driver = config["Driver"]
    if config["DriverName"] != "amazonec2":
        return
    stage("rm", name=name)
    terminate(driver)
    delete_key(driver)


def stop(config):
    driver = config["Driver"]
    say(f"Stopping \"{config['Name']}\"...")
    try:
        ec2(driver["Region"], "StopInstances", InstanceId=[driver["InstanceId"]], Force=False)
    except Refused as error:
        raise Failed(str(error)) from None


def state_of(config):
    driver = config["Driver"]
    if config["DriverName"] != "amazonec2" or not driver["InstanceId"]:
        return ""
    try:
        found = ec2(driver["Region"], "DescribeInstances", InstanceId=[driver["InstanceId"]]).findtext(".//instanceState/name")
    except Refused:
        return "Error"
    return {"running": "Running", "pending": "Starting", "stopping": "Stopping", "stopped": "Stopped", "shutting-down": "Stopping", "terminated": "Stopped"}.get(found, "Error")


def list_machines(arguments):
    root = os.path.join(storage(), "machines")
    names = sorted(os.listdir(root)) if os.path.isdir(root) else []
    names = [name for name in names if os.path.exists(f"{root}/{name}/config.json")]
    if any(word in ("-q", "--quiet") for word in arguments):
        for name in names:
            say(name)
        return
    say("NAME   ACTIVE   DRIVER   STATE   URL   SWARM   DOCKER   ERRORS")
    for name in names:
        config = load(name)
        say(f"{name}   -   {config['DriverName']}   {state_of(config)}   tcp://{config['Driver']['IPAddress']}:2376            v28.5.1")


def ssh(arguments):
    config = load(arguments[0] if arguments else "default")
    command = " ".join(arguments[1:])
    if config["DriverName"] == "amazonec2" and state_of(config) != "Running":
        raise Failed("Error: Cannot run SSH command: Host \"" + config["Name"] + "\" is not running")
    stage("run")
    # A shell on the worker reads the joined words, as the real one's does; only what Docker would say is made up.
    programs = 'sudo() { "$@"; }\ndocker() { printf "\\001%s\\n" "$*"; }\n'
    ran = subprocess.run(["sh", "-c", programs + command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    for line in ran.stdout.splitlines():
        say(docker_says(line[1:], config) if line.startswith("\1") else line)
    if ran.returncode != 0:
        raise Failed(ran.stderr.strip() or f"exit status {ran.returncode}", ran.returncode)


def docker_says(words, config):
    if "hello-world" in words:
        return "\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n"
    if re.search(r"^version .*--format .*Server\.Version", words):
        return config.get("Peers", {}).get("engine", "0.0.0")
    if not words.startswith("run "):
        return "Docker version 28.5.1, build peers"
    echoed = re.search(r"\becho (.+)$", words)
    return echoed[1] if echoed else "hello from container"


def inspect(arguments):
    config = load([word for word in arguments if not word.startswith("-") and "{{" not in word][0])
    path = next((match[1] for match in (re.search(r"\{\{\s*\.?([\w.]+)\s*\}\}", word) for word in arguments) if match), None)
    value = config
    for part in path.split(".") if path else []:
        value = value[part]
    say(json.dumps(config, indent=4) if path is None else str(value))


def run():
    arguments = sys.argv[1:]
    while arguments and arguments[0].startswith("-"):
        word = arguments.pop(0)
        name, mark, value = word.lstrip("-").partition("=")
        if name in ("version", "v"):
            say(f"docker-machine version {VERSION}, build peers")
            return
        globals_[{"s": "storage-path"}.get(name, name)] = value if mark else arguments.pop(0) if name in ("storage-path", "s", "bugsnag-api-token", "tls-ca-cert") else "true"
    command, rest = (arguments or ["help"])[0], arguments[1:]
    simple = {
        "version": lambda: say(f"docker-machine version {VERSION}, build peers"), "create": lambda: create(rest), "rm": lambda: remove(rest), "ls": lambda: list_machines(rest),
        "ssh": lambda: ssh(rest), "inspect": lambda: inspect(rest), "status": lambda: say(state_of(load(rest[0]))), "ip": lambda: say(load(rest[0])["Driver"]["IPAddress"]),
        "url": lambda: say(f"tcp://{load(rest[0])['Driver']['IPAddress']}:2376"), "provision": lambda: say(f"Provisioning with ubuntu(systemd)... {load(rest[0])['Name']}"),
        "config": lambda: say(f"--tlsverify\n--tlscacert=\"{folder(rest[-1])}/ca.pem\"\n-H=tcp://{load(rest[-1])['Driver']['IPAddress']}:2376"),
        "help": lambda: say("Usage: docker-machine [OPTIONS] COMMAND [arg...]"),
    }
    if command == "stop":
        stop(load(rest[0]))
    elif command in simple:
        simple[command]()
    else:
        raise Failed(f"docker-machine: '{command}' is not a docker-machine command. See 'docker-machine --help'.")


globals_: dict = {}


def main(version, _arch):
    global VERSION
    VERSION = version
    try:
        run()
    except (Failed, Refused) as problem:
        print(problem, file=sys.stderr, flush=True)
        sys.exit(getattr(problem, "code", 1) if isinstance(problem, Failed) else 1)
