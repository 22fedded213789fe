import type {Change, Found} from '../../engine/step.ts';
import {type Answers, type Fleet, mark, names} from '../../fleet.ts';
import {aptInstall} from '../../steps/bake/recipe.ts';
import type {ImageSeen} from '../../steps/images.ts';
import {tagList} from '../../steps/tags.ts';
import type {RequestLaunchTemplateData, ResponseLaunchTemplateData} from '../../world/cloud/port.ts';
import {printable} from '../../world/printable.ts';

/** dockerd refuses to start where a flag and its file name the same setting, so the mirror goes into the file. */
const mirrored = (mirror: string): string => `python3 - ${mirror} <<'END'
import json, sys
path = '/etc/docker/daemon.json'
with open(path) as file:
    told = json.load(file)
told.setdefault('registry-mirrors', sys.argv[1:])
with open(path, 'w') as file:
    json.dump(told, file)
END
`;

/** Lines of sh that put Docker on a system that has none, from its own packages, while no update in the background holds apt's locks. */
export const installDocker = `${aptInstall}if ! command -v docker >/dev/null; then
  if command -v apt-get >/dev/null; then
    systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service
    export DEBIAN_FRONTEND=noninteractive
    apt_install docker.io
  else
    dnf install -y docker
  fi
fi
`;

/**
 * What a worker runs at its first boot, of any image that is offered. The ECS-optimized image has Docker, which its agent would pull up: the agent finds no
 * cluster here, so it goes and Docker is started by itself. On others Docker is installed. A daemon.json of the image's own stays. The runner waits for Docker
 * in one session, which may be older than the user's membership of the group docker: so the socket belongs to the user's own group. A mirror is written into a
 * daemon.json of the image's own too, unless that names one.
 */
export const userDataFor = (user: string, mirror?: string): string => `#!/bin/sh
# Written by gitlab-runner-aws.
systemctl disable --now --no-block ecs amazon-ecs-volume-plugin 2>/dev/null
if [ ! -e /etc/docker/daemon.json ]; then
  mkdir -p /etc/docker
  echo '{"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}' >/etc/docker/daemon.json
fi
${mirror === undefined ? '' : mirrored(mirror)}mkdir -p /etc/systemd/system/docker.socket.d
printf '[Socket]\\nSocketGroup=%s\\n' "$(id -gn ${user})" >/etc/systemd/system/docker.socket.d/gitlab-runner-aws.conf
systemctl daemon-reload
${installDocker}usermod -aG docker ${user}
systemctl enable --now --no-block docker
`;

/** What a launch template is made from. */
type TemplateSetting = {
	answers: Answers;
	fleet: Fleet;
	image: ImageSeen;
	network: Pick<Found['network'], 'public'>;
	workersGroupId: string;
	/** The URL of the mirror that workers take Docker Hub's images from. */
	mirror?: string | undefined;
};

const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** As whom the runner, and whoever tries a worker, gets on to it. */
export const workerUser = ({workerSshUser}: Pick<Answers, 'workerSshUser'>, image: Pick<ImageSeen, 'user'>): string => workerSshUser ?? image.user;

/** Tags of all that a launch makes. */
const workerTags = (fleet: Fleet, answers: Pick<Answers, 'tags'>): Record<string, string> => ({
	...answers.tags,
	Name: `${fleet.name}-worker`,
	...mark(fleet, 'worker'),
});

/** What a launch makes that gets tags. A spot request gets none: EC2 refuses a launch on demand that names tags for one (docs/facts.md, "Auto Scaling: launches"). */
const tagged = ['instance', 'volume', 'network-interface'] as const;

/**
 * What workers are launched with: no type and no market, which the group's mixed instances policy says (Auto Scaling refuses a template that names a market
 * beside it). Containers of a job reach the worker's role over one hop more.
 */
export function templateData({answers, fleet, image, mirror, network, workersGroupId}: TemplateSetting): RequestLaunchTemplateData {
	const Tags = tagList(workerTags(fleet, answers));
	return {
		ImageId: image.id,
		KeyName: names.workerKey(fleet),
		...(answers.workerProfile === undefined ? {} : {IamInstanceProfile: {Name: answers.workerProfile}}),
		NetworkInterfaces: [{DeviceIndex: 0, AssociatePublicIpAddress: network.public, DeleteOnTermination: true, Groups: [workersGroupId]}],
		BlockDeviceMappings: [{DeviceName: image.rootDevice, Ebs: {VolumeType: 'gp3', Encrypted: true, DeleteOnTermination: true, VolumeSize: answers.workerDisk}}],
		MetadataOptions: {HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: answers.workerProfile === undefined ? 1 : 2},
		TagSpecifications: tagged.map((ResourceType) => ({ResourceType, Tags})),
		UserData: encoded(userDataFor(workerUser(answers, image), mirror)),
	};
}

/** A template's data, as it is asked for or as EC2 tells it. */
type TemplateData = RequestLaunchTemplateData | ResponseLaunchTemplateData;

type DataPart = {
	/** An answer's key, or the thing in a few words. */
	what: string;
	keys: readonly (keyof RequestLaunchTemplateData)[];
	/** What it is, in words that are compared; `shown` where they aren't for a person. */
	is(data: TemplateData): string;
	shown?(data: TemplateData): string;
};

const disk = ({BlockDeviceMappings}: TemplateData) => (BlockDeviceMappings ?? [])[0];
const others = (list: readonly unknown[] | undefined): string => (list !== undefined && list.length > 1 ? ` and ${list.length - 1} more` : '');
const interfaceOf = ({NetworkInterfaces}: TemplateData) => (NetworkInterfaces ?? [])[0];

const tagsIn = ({TagSpecifications}: TemplateData): string =>
	(TagSpecifications ?? [])
		.flatMap(({ResourceType, Tags}) => (Tags ?? []).map(({Key, Value}) => `${ResourceType} ${Key}=${Value}`))
		.sort()
		.join(', ');

/** A template's data part by part, as answers and people name them. */
const parts: readonly DataPart[] = [
	{what: 'workerImage', keys: ['ImageId'], is: ({ImageId}) => ImageId ?? 'none'},
	{what: 'worker key', keys: ['KeyName'], is: ({KeyName}) => KeyName ?? 'none'},
	{what: 'workerProfile', keys: ['IamInstanceProfile'], is: ({IamInstanceProfile}) => IamInstanceProfile?.Name ?? IamInstanceProfile?.Arn ?? 'none'},
	{
		what: 'security group of workers',
		keys: ['NetworkInterfaces', 'SecurityGroupIds', 'SecurityGroups'],
		is: (data) => `${[...(interfaceOf(data)?.Groups ?? []), ...(data.SecurityGroupIds ?? [])].join(', ') || 'none'}${others(data.NetworkInterfaces)}`,
	},
	{
		what: 'address of workers',
		keys: [],
		is: (data) => (interfaceOf(data)?.AssociatePublicIpAddress === true ? 'public' : 'private'),
	},
	{what: 'workerDisk', keys: ['BlockDeviceMappings'], is: (data) => `${disk(data)?.Ebs?.VolumeSize ?? 'no'} GiB${others(data.BlockDeviceMappings)}`},
	{
		what: 'disk of workers',
		keys: [],
		is(data) {
			const {DeviceName = 'none', Ebs} = disk(data) ?? {};
			return `${DeviceName}, ${Ebs?.VolumeType ?? 'gp2'}${Ebs?.Encrypted ? ', encrypted' : ''}${Ebs?.DeleteOnTermination === false ? ', kept' : ''}`;
		},
	},
	{
		what: 'metadata service',
		keys: ['MetadataOptions'],
		is: ({MetadataOptions: told}) => `token ${told?.HttpTokens ?? 'optional'}, ${told?.HttpPutResponseHopLimit ?? 1} hops, ${told?.HttpEndpoint ?? 'enabled'}`,
	},
	{what: 'tags', keys: ['TagSpecifications'], is: tagsIn},
	{
		what: 'user data',
		keys: ['UserData'],
		is: ({UserData}) => UserData ?? '',
		shown: ({UserData}) => (UserData ? 'another text' : 'none'),
	},
];

const known: ReadonlySet<string> = new Set(parts.flatMap(({keys}) => keys));

/** Keys beside ours that somebody gave the newest version. */
const strange = (data: TemplateData): string[] =>
	Object.entries(data).flatMap(([key, value]) => (known.has(key) || value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [key]));

/** Of two lists of tags what the one has and the other lacks, in a few words. */
function without(list: string, other: string): string {
	const theirs = new Set(other.split(', '));
	const own = [
		...new Set(
			list
				.split(', ')
				.filter((tag) => tag !== '' && !theirs.has(tag))
				.map((tag) => tag.replace(/^\S+ /, '')),
		),
	];
	return own.join(', ') || 'as before';
}

/** What in a version isn't as it is wanted; the next version mends it, for workers that are launched from then on. */
export function templateChanges(standing: TemplateData, wanted: TemplateData): Change[] {
	const differing = parts.filter((part) => part.is(standing) !== part.is(wanted));
	const changes = differing.map(({is, shown, what}): Change => {
		const [from, to] = [is(standing), is(wanted)];
		if (what === 'tags') return {what, from: printable(without(from, to)), to: without(to, from), how: 'live'};
		return {what, from: printable(shown ? shown(standing) : from), to: shown ? 'as written by us' : to, how: 'live'};
	});
	const extra = strange(standing);
	return extra.length === 0 ? changes : [...changes, {what: 'launch template', from: printable(extra.join(', ')), to: 'not set', how: 'live'}];
}
