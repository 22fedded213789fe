/** config.toml as other projects set it up, written here from what their documentation says of them: names and numbers are made up. */

/** By hand, as in GitLab's guide for docker-machine on AWS, with keys in the file and a mirror. */
const byHand = `
concurrent = 48
check_interval = 2
log_level = "warning"

[session_server]
  session_timeout = 1800

[[runners]]
  name = "shared-linux"
  url = "https://gitlab.example.com/"
  token = "glrt-abcdefghijklmnop"
  executor = "docker+machine"
  limit = 40
  output_limit = 8192
  environment = ["DOCKER_DRIVER=overlay2"]
  pre_build_script = "ulimit -n 65536"
  [runners.docker]
    tls_verify = false
    image = "alpine:latest"
    privileged = true
    disable_cache = true
    volumes = ["/cache", "/var/run/docker.sock:/var/run/docker.sock"]
    shm_size = 268435456
    pull_policy = ["if-not-present"]
  [runners.cache]
    Type = "s3"
    Path = "runners"
    Shared = true
    [runners.cache.s3]
      ServerAddress = "s3.amazonaws.com"
      AccessKey = "AKIAIOSFODNN7EXAMPLE"
      SecretKey = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00"
      BucketName = "runners-cache"
      BucketLocation = "us-east-2"
      Insecure = false
  [runners.machine]
    IdleCount = 1
    IdleTime = 0
    MaxBuilds = 20
    MaxGrowthRate = 8
    MachineDriver = "amazonec2"
    MachineName = "gitlab-docker-machine-%s"
    MachineOptions = [
      "amazonec2-access-key=AKIAIOSFODNN7EXAMPLE",
      "amazonec2-secret-key=wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00",
      "amazonec2-region=us-east-2",
      "amazonec2-vpc-id=vpc-0a1b2c3d",
      "amazonec2-subnet-id=subnet-0a1b2c3d",
      "amazonec2-zone=b",
      "amazonec2-ami=ami-0123456789abcdef0",
      "amazonec2-use-private-address=true",
      "amazonec2-tags=runner-manager-name,shared,gitlab-aws-autoscaler,true",
      "amazonec2-security-group=docker-machine-scaler",
      "amazonec2-instance-type=c5.2xlarge",
      "amazonec2-request-spot-instance=true",
      "amazonec2-block-duration-minutes=60",
      "engine-registry-mirror=http://10.0.0.9:6000",
      "engine-opt=mtu=1400",
    ]
    [[runners.machine.autoscaling]]
      Periods = ["* * 9-17 * * mon-fri *"]
      Timezone = "Europe/Berlin"
      IdleCount = 5
      IdleTime = 3600
    [[runners.machine.autoscaling]]
      Periods = ["0 30 8 * * mon *", "* * * L * * *"]
      Timezone = "UTC"
      IdleCount = 8
      IdleTime = 600
`;

/** A Terraform module of many options (cattle-ops' terraform-aws-gitlab-runner with docker+machine). */
const terraform = `
concurrent = 10
check_interval = 3
sentry_dsn = "__SENTRY_DSN_REPLACED_BY_USER_DATA__"
log_format = "json"
connection_max_age = "15m"
listen_address = "0.0.0.0:9252"
shutdown_timeout = 60

[[runners]]
  name = "ci-default"
  url = "https://gitlab.com"
  clone_url = "https://gitlab.com"
  token = "glrt-abcdefghijklmnop"
  token_obtained_at = 0001-01-01T00:00:00Z
  token_expires_at = 0001-01-01T00:00:00Z
  executor = "docker+machine"
  environment = []
  pre_get_sources_script = ""
  post_build_script = ""
  request_concurrency = 1
  output_limit = 4096
  limit = 10
  [runners.docker]
    disable_cache = false
    image = "docker:18.03.1-ce"
    privileged = true
    pull_policy = ["always"]
    runtime = ""
    helper_image = ""
    shm_size = 0
    tls_verify = false
    volumes = ["/cache"]
  [runners.docker.tmpfs]
  [runners.docker.services_tmpfs]
  [runners.cache]
    Type = "s3"
    Shared = false
    [runners.cache.s3]
      AuthenticationType = "iam"
      ServerAddress = "s3.amazonaws.com"
      BucketName = "gitlab-runner-cache-1234"
      BucketLocation = "eu-west-1"
      Insecure = false
  [runners.machine]
    IdleCount = 0
    IdleTime = 600
    MaxBuilds = 1
    MaxGrowthRate = 0
    MachineDriver = "amazonec2"
    MachineName = "runner-%s"
    MachineOptions = [
      "amazonec2-instance-type=m5.large",
      "amazonec2-region=eu-west-1",
      "amazonec2-zone=a",
      "amazonec2-vpc-id=vpc-0a1b2c3d",
      "amazonec2-subnet-id=subnet-0a1b2c3d",
      "amazonec2-private-address-only=true",
      "amazonec2-use-private-address=false",
      "amazonec2-request-spot-instance=true",
      "amazonec2-spot-price=0.06",
      "amazonec2-security-group=ci-docker-machine",
      "amazonec2-tags=Name,ci-worker,environment,prod",
      "amazonec2-use-ebs-optimized-instance=true",
      "amazonec2-monitoring=false",
      "amazonec2-iam-instance-profile=ci-docker-machine",
      "amazonec2-root-size=30",
      "amazonec2-volume-type=gp2",
      "amazonec2-userdata=/etc/gitlab-runner/runners_userdata.sh",
      "amazonec2-ami=ami-0123456789abcdef0",
      "amazonec2-metadata-token=optional",
      "amazonec2-metadata-token-response-hop-limit=2",
    ]
  [[runners.machine.autoscaling]]
    Periods = ["* * 0-9,17-23 * * mon-fri *", "* * * * * sat,sun *"]
    IdleCount = 0
    IdleTime = 60
    Timezone = "Europe/Amsterdam"
`;

/** A construct of the AWS CDK that writes it (pepperize's cdk-autoscaling-gitlab-runner). */
const construct = `
concurrent = 10
check_interval = 0
log_format = "runner"
log_level = "info"
[session_server]
session_timeout = 1800
[[runners]]
name = "gitlab-runner"
url = "https://gitlab.com"
token = "glrt-abcdefghijklmnop"
executor = "docker+machine"
limit = 10
output_limit = 52428800
environment = ["DOCKER_DRIVER=overlay2", "DOCKER_TLS_CERTDIR=/certs"]
[runners.docker]
cap_add = ["CAP_SYS_ADMIN"]
disable_cache = false
image = "docker:19.03.5"
privileged = true
shm_size = 0
tls_verify = false
volumes = ["/certs/client", "/cache"]
wait_for_services_timeout = 300
[runners.machine]
IdleCount = 0
IdleTime = 300
MachineDriver = "amazonec2"
MachineName = "gitlab-runner-%s"
MaxBuilds = 20
MachineOptions = ["amazonec2-instance-type=t3.micro", "amazonec2-region=eu-central-1", "amazonec2-vpc-id=vpc-0a1b2c3d", "amazonec2-zone=a", "amazonec2-subnet-id=subnet-0a1b2c3d", "amazonec2-security-group=gitlab-runner", "amazonec2-private-address-only=true", "amazonec2-ami=ami-0123456789abcdef0", "amazonec2-iam-instance-profile=runners", "amazonec2-request-spot-instance=true", "amazonec2-spot-price=0.03", "amazonec2-metadata-token=required", "amazonec2-metadata-token-response-hop-limit=2", "amazonec2-keypair-name=runners", "amazonec2-ssh-keypath=/etc/gitlab-runner/ssh"]
[[runners.machine.autoscaling]]
Periods = ["* * 7-18 * * mon-fri *"]
IdleCount = 1
IdleTime = 1800
Timezone = "Etc/UTC"
[[runners.machine.autoscaling]]
Periods = ["* * * * * sat,sun *"]
IdleCount = 0
IdleTime = 300
Timezone = "Etc/UTC"
[runners.cache]
Type = "s3"
Shared = true
[runners.cache.s3]
ServerAddress = "s3.amazonaws.com"
BucketName = "runners-cache"
BucketLocation = "eu-central-1"
AuthenticationType = "iam"
`;

/** A guide of the years before 14.0: off-peak numbers at the root, spot without a price, scaling by a factor later. */
const offPeak = `
concurrent = 12
check_interval = 0
[[runners]]
  name = "gitlab-aws-autoscaler"
  url = "https://gitlab.example.com"
  token = "abcdefghijklmnopqrst"
  executor = "docker+machine"
  limit = 6
  tls-ca-file = "/etc/gitlab-runner/certs/ca.pem"
  [runners.docker]
    image = "ruby:2.7"
    privileged = false
    host = ""
    extra_hosts = ["registry.example.com:10.0.0.7"]
  [runners.machine]
    IdleCount = 2
    IdleScaleFactor = 0.5
    IdleCountMin = 1
    IdleTime = 1800
    MaxBuilds = 100
    OffPeakPeriods = ["* * 0-9,18-23 * * mon-fri *", "* * * * * sat,sun *"]
    OffPeakTimezone = "Europe/Lisbon"
    OffPeakIdleCount = 0
    OffPeakIdleTime = 1200
    MachineDriver = "amazonec2"
    MachineName = "gitlab-docker-machine-%s"
    MachineOptions = [
      "amazonec2-region=eu-west-1",
      "amazonec2-vpc-id=vpc-0a1b2c3d",
      "amazonec2-subnet-id=subnet-0a1b2c3d",
      "amazonec2-request-spot-instance=true",
      "amazonec2-security-group=runners",
      "amazonec2-security-group-readonly",
      "amazonec2-open-port=8080",
      "amazonec2-ssh-user=ubuntu",
      "amazonec2-ssh-port=22",
      "amazonec2-device-name=/dev/sda1",
      "amazonec2-volume-encrypted=false",
      "amazonec2-volume-kms-key=alias/runners",
      "amazonec2-monitoring",
      "amazonec2-retries=20",
      "amazonec2-endpoint=ec2.eu-west-1.amazonaws.com",
      "engine-install-url=https://releases.rancher.com/install-docker/19.03.9.sh",
      "engine-storage-driver=overlay2",
      "engine-insecure-registry=registry.example.com:5000",
      "engine-label=role=ci",
      "engine-env=HTTP_PROXY=http://user:secret@proxy:3128",
      "swarm-image=swarm:latest",
      "amazonec2-hostname=of-nobody",
    ]
`;

/** The same module with docker-autoscaler: its key in a file, a ready command, two policies. */
const module = `
concurrent = 20
check_interval = 3
shutdown_timeout = 120
log_format = "json"
[[runners]]
  name = "ci-autoscaler"
  url = "https://gitlab.com"
  token = "glrt-abcdefghijklmnop"
  id = 4711
  executor = "docker-autoscaler"
  limit = 20
  [runners.feature_flags]
    FF_NETWORK_PER_BUILD = true
  [runners.docker]
    image = "alpine:3.20"
    privileged = true
    volumes = ["/cache"]
    memory = "3g"
  [runners.cache]
    Type = "s3"
    [runners.cache.s3]
      AuthenticationType = "iam"
      BucketName = "gitlab-runner-cache-1234"
      BucketLocation = "eu-west-1"
  [runners.autoscaler]
    plugin = "fleeting-plugin-aws"
    capacity_per_instance = 2
    max_use_count = 10
    max_instances = 10
    instance_ready_command = "cloud-init status --wait || test $? -eq 2"
    update_interval = "1m"
    update_interval_when_expecting = "2s"
    delete_instances_on_shutdown = false
    [runners.autoscaler.plugin_config]
      name = "ci-asg"
      profile = "default"
      config_file = "/root/.aws/config"
      credentials_file = "/root/.aws/credentials"
      region = "eu-west-1"
    [runners.autoscaler.connector_config]
      username = "ec2-user"
      key_path = "/root/.ssh/worker"
      use_static_credentials = true
      use_external_addr = false
    [runners.autoscaler.state_storage]
      enabled = true
    [[runners.autoscaler.policy]]
      periods = ["* * * * *"]
      idle_count = 0
      idle_time = "0s"
      scale_factor = 0.0
    [[runners.autoscaler.policy]]
      periods = ["* 7-19 * * mon-fri"]
      timezone = "Europe/Amsterdam"
      idle_count = 3
      idle_time = "20m0s"
      scale_factor = 1.5
      scale_factor_limit = 8
      preemptive_mode = true
`;

/** GitLab's documentation of the executor: EC2 Instance Connect, an external address, one policy; beside it a shell runner, and a cache of Google's. */
const documented = `
concurrent = 10
[[runners]]
  name = "shell"
  url = "https://gitlab.com"
  token = "glrt-zzzzzzzzzzzzzzzzzzzz"
  executor = "shell"
[[runners]]
  name = "docker autoscaler example"
  url = "https://gitlab.com"
  token = "glrt-abcdefghijklmnop"
  executor = "docker-autoscaler"
  shell = "sh"
  [runners.docker]
    image = "busybox:latest"
  [runners.cache]
    Type = "gcs"
    [runners.cache.gcs]
      BucketName = "ci-cache"
  [runners.autoscaler]
    plugin = "aws:1.0.0"
    capacity_per_instance = 1
    max_use_count = 1
    max_instances = 10
    scale_throttle = {limit = 1, burst = 10}
    vm_isolation = {enabled = false}
    [runners.autoscaler.plugin_config]
      name = "my-docker-asg"
    [runners.autoscaler.connector_config]
      os = "linux"
      arch = "amd64"
      protocol = "ssh"
      protocol_port = 22
      username = "ec2-user"
      use_external_addr = true
      keepalive = "30s"
      timeout = "10m"
    [[runners.autoscaler.policy]]
      idle_count = 5
      idle_time = "20m0s"
`;

/** Windows in another cloud, which nothing of is taken. */
const elsewhere = `
concurrent = 4
[[runners]]
  name = "windows"
  url = "https://gitlab.com"
  token = "glrt-abcdefghijklmnop"
  executor = "docker-autoscaler"
  [runners.docker]
    image = "mcr.microsoft.com/windows/servercore:ltsc2022"
  [runners.autoscaler]
    plugin = "googlecloud:latest"
    capacity_per_instance = 1
    max_instances = 4
    [runners.autoscaler.plugin_config]
      name = "windows-group"
      project = "ci"
      zone = "europe-west1-c"
    [runners.autoscaler.connector_config]
      os = "windows"
      protocol = "winrm"
    [[runners.autoscaler.policy]]
      idle_count = 1
      idle_time = "20m0s"
`;

export const others = {
	'by hand, after GitLab’s guide for docker-machine': byHand,
	'by a Terraform module, with docker-machine': terraform,
	'by a construct of the CDK': construct,
	'by a guide from before 14.0': offPeak,
	'by the Terraform module, with an Auto Scaling group': module,
	'by GitLab’s documentation of the executor': documented,
	'in another cloud': elsewhere,
} as const;
