import {z} from 'zod';
import {printable, printableLines} from './printable.ts';

/** Errors of shape are sentences that name what would be right. */
const words = (right: string) => ({error: `It takes ${right}.`});
const matching = (pattern: RegExp, right: string) => z.string(words(right)).regex(pattern, words(right));
const count = (least: number, most: number, unit = '') => {
	const right = `a whole number from ${least} to ${most.toLocaleString('en-US')}${unit && ` ${unit}`}`;
	return z.int(words(right)).min(least, words(right)).max(most, words(right));
};
const flag = z.boolean(words('true or false'));
const text = z
	.string(words('a text'))
	.min(1, words('a text that is not empty'))
	.refine((value) => printable(value) === value, words('a text in one line, without control characters'));
const toml = z
	.string(words('TOML'))
	.min(1, words('TOML that is not empty'))
	.refine((value) => printableLines(value.replaceAll('\t', ' ')) === value.replaceAll('\t', ' '), words('TOML without control characters'));
const instanceType = matching(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as c5.large');
const imageNames = ['ubuntu-24.04', 'ubuntu-22.04', 'debian-13', 'debian-12', 'al2023'] as const;
const image = matching(
	/^(ami-[0-9a-f]{8,17}|(ubuntu-24\.04|ubuntu-22\.04|debian-13|debian-12|al2023)(-arm64|-x86_64)?)$/,
	`an AMI id, or one of ${imageNames.join(', ')}, with -arm64 or -x86_64 to fix the architecture`,
);
const cidr = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(3[0-2]|[12]?\d)$/;
/** A host and a port of a URL, then a path: nothing else, so that nothing in it means anything to a shell, and no name and password hide another host. */
const host = '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]+\\]';
const loopback = 'localhost|127(\\.\\d{1,3}){3}|\\[::1\\]';
const toLoopback = new RegExp(`^https?://(${loopback})(:\\d{1,5})?(/|$)`);

const path = '(/[\\w.~%+@-]+)*';
/** What is run as root is never fetched without TLS, but from this very machine. */
const programUrl = `(https://(${host})|http://(${loopback}))(:\\d{1,5})?${path}`;
const folderUrl = matching(new RegExp(`^${programUrl}/?$`), 'the https URL of a folder');
/** A reference of an image as Docker reads it: registry, path, tag, digest. */
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const imageReference = new RegExp(
	`^(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\\d{1,5})?/)?${part}(?:/${part})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][\\w.+-]*:[0-9a-fA-F]{32,})?$`,
);
const iamName = /^[\w+=,.@-]{1,128}$/;
/** A path in GitLab, or an id. */
const gitlabPath = /^\w[\w.-]*(\/\w[\w.-]*)*$/;
/** A region as AWS names them: us-east-2, us-gov-west-1, eusc-de-east-1. */
const region = '[a-z]{2,4}(-[a-z]+)+-\\d+';
/** A zone: the region's name and a letter, or, of a Local or Wavelength Zone, further words. */
const zone = `${region}([a-z]|(-[a-z0-9]+)+)`;
/** What IAM, S3 and Systems Manager take in a tag; EC2 takes more. A comma isn't among it: docker-machine splits its tags by them. */
const tagText = (most: number) =>
	z
		.string(words('a text'))
		.max(most, words(`at most ${most} characters`))
		.regex(/^[\p{L}\p{Zs}\p{N}_.:/=+\-@]*$/u, words('letters, digits, spaces and _ . : / = + - @, as AWS does in tags'));
/** AWS takes 50 tags on one thing, and the manager has eight of ours. */
const mostTags = 40;
/** Keys that say the same to IAM, which heeds no case. */
const isTwice = (key: string, index: number, keys: string[]): boolean => keys.findIndex((other) => other.toLowerCase() === key.toLowerCase()) !== index;
const tags = z
	.record(tagText(128), tagText(256), {
		error: ({code}) => `It takes ${code === 'invalid_key' ? 'tag keys of letters, digits, spaces and _ . : / = + - @, at most 128' : 'an object of tags'}.`,
	})
	.refine(
		(value) => !Object.keys(value).some((key) => /^(aws:|gitlab-runner-aws:|$)/i.test(key)),
		words('tag keys that are not empty and begin with neither aws: nor gitlab-runner-aws:'),
	)
	.refine((value) => !('Name' in value), words('tags without Name, which is what a machine is called by'))
	.refine((value) => !Object.keys(value).some(isTwice), words('each tag key once, whatever its case: to IAM Team and team are one'))
	.refine((value) => Object.keys(value).length <= mostTags, words(`at most ${mostTags} tags, since AWS takes 50 and some are ours`));

/**
 * Names of fleets. The names of groups and buckets begin with them, and EC2 takes no group that begins with `sg-`, S3 no bucket that begins with
 * `xn--`, `sthree-` or `amzn-s3-demo-`.
 */
const fleetName = /^(?!(sg|sthree|amzn-s3-demo)(-|$)|xn--)[a-z][a-z0-9-]{0,22}[a-z0-9]$/;

/** One window of the week with its own idle machines, in GitLab Runner's terms. */
const period = z.strictObject({
	/** GitLab Runner's seven fields: second minute hour day-of-month month day-of-week year. */
	periods: z
		.array(matching(/^[\w*/,?#-]+( [\w*/,?#-]+){6}$/, 'seven fields such as "* * 9-17 * * mon-fri *"'), words('a list of periods'))
		.min(1, words('at least one period')),
	timezone: matching(/^[\w+/-]+$/, 'a time zone such as Europe/Berlin'),
	idleCount: count(0, 1000, 'machines'),
	idleTime: count(0, 86_400, 'seconds'),
});

/** Whether a URL leads to this very machine. */
export const isLoopback = (url: string): boolean => toLoopback.test(url);

/** The shape of every answer, by key: the one place where a key is known. Live checks are the steps' own. */
export const answerShapes = {
	profile: text,
	region: matching(new RegExp(`^${region}$`), 'a region such as us-east-2'),
	fleet: matching(
		fleetName,
		'2 to 24 lower-case letters, digits and hyphens, beginning with a letter, not with sg-, xn--, sthree- or amzn-s3-demo-, and not ending in a hyphen',
	),
	executor: z.literal('docker+machine', words('docker+machine')),
	subnet: matching(new RegExp(`^(default|subnet-[0-9a-f]{8,17}|${zone})$`), 'a subnet id, a zone such as us-east-2a, or default'),
	image,
	sshUser: matching(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name'),
	workerSshUser: matching(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name'),
	managerType: instanceType,
	securityGroup: matching(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, 'create, or the id or name of a security group'),
	sshFrom: z.string(words('a CIDR or my-ip')).refine((value) => value === 'my-ip' || cidr.test(value), words('my-ip, or a CIDR such as 203.0.113.0/24')),
	keyPair: matching(/^[!-~]([ -~]{0,253}[!-~])?$/, 'create, or the name of a key pair'),
	privateKey: text,
	access: matching(iamName, 'create, access-keys, or the name of an instance profile'),
	permissionsBoundary: matching(/^arn:[a-z0-9-]+:iam::(\d{12}|aws):policy\/[\w+=,.@/-]+$/, "a policy's ARN"),
	rolePath: matching(/^\/([\w+=,.@-]+\/)*$/, 'a path such as /ci/'),
	cache: matching(/^(create|none|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/, 'create, none, or the name of a bucket'),
	cacheDays: count(1, 3650, 'days'),
	workerType: instanceType,
	workerImage: image,
	workerDisk: count(8, 16_384, 'GiB'),
	spot: flag,
	spotPrice: z.union([z.literal('on-demand'), z.number().gt(0.001)], words('on-demand, or USD an hour above 0.001')),
	limit: count(1, 5000, 'machines'),
	concurrent: count(1, 10_000, 'jobs'),
	idleCount: count(0, 1000, 'machines'),
	idleTime: count(0, 86_400, 'seconds'),
	maxGrowthRate: count(0, 1000, 'machines'),
	maxBuilds: count(0, 100_000, 'jobs'),
	checkInterval: count(1, 3600, 'seconds'),
	schedule: z.array(period, words('a list of {periods, timezone, idleCount, idleTime}')),
	privileged: flag,
	disableCache: flag,
	dockerImage: matching(imageReference, 'an image such as alpine:latest or registry.example.com/ci/base:1.2'),
	workerProfile: matching(iamName, 'the name of an instance profile'),
	machineOptions: z.array(
		matching(
			/^[a-z0-9][a-z0-9-]*(=[\w .,:/=@%+~^*{}-]*)?$/,
			'a docker-machine option such as engine-opt=mtu=1400, without quotes and other signs of a shell',
		).refine((option) => !option.startsWith('engine-install-url'), words('no engine-install-url, which the answer engineInstall is for')),
		words('a list of docker-machine options'),
	),
	runnerConfig: toml,
	tags,
	gitlabUrl: matching(new RegExp(`^https?://(${host})(:\\d{1,5})?${path}$`), 'a URL such as https://gitlab.com, without a slash at its end'),
	gitlabCa: text,
	runner: z.enum(['token', 'create'], words('token or create')),
	runnerName: text,
	runnerTags: z.array(text.regex(/^[^,]*[^,\s][^,]*$/, words('tags without commas, by which GitLab parts them')), words('a list of tags')),
	runUntagged: flag,
	project: matching(gitlabPath, 'an id, or a path such as my-group/my-project'),
	group: matching(gitlabPath, 'an id, or a path such as my-group'),
	tokenStore: z.enum(['manager', 'ssm'], words('manager or ssm')),
	gitlabRunnerVersion: matching(/^\d+\.\d+\.\d+$/, 'a version such as 19.3.0'),
	dockerMachineVersion: matching(/^\d+\.\d+\.\d+(-gitlab\.\d+)?$/, 'a version such as 0.16.2-gitlab.48'),
	/** docker-machine puts it into `curl -sSL %s | sh` on each worker, as root. */
	engineInstall: matching(new RegExp(`^(image|${programUrl})$`), 'the https URL of an install script, or image'),
	downloads: z.strictObject({gitlabRunner: folderUrl, dockerMachine: folderUrl}, words('{gitlabRunner, dockerMachine}, folder URLs')),
	sshAddress: matching(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}$/, 'host:port'),
} as const;

/** A key of the public contract: a preset, a flag and a question name it alike. */
export type AnswerKey = keyof typeof answerShapes;

/** All answers that were given, by anyone; a key is absent where nothing is wanted. */
export type Given = {[Key in AnswerKey]?: z.infer<(typeof answerShapes)[Key]>};

/** Keys that stay absent unless somebody gives them. */
type Optional =
	| 'profile'
	| 'sshUser'
	| 'workerSshUser'
	| 'privateKey'
	| 'permissionsBoundary'
	| 'rolePath'
	| 'workerProfile'
	| 'runnerConfig'
	| 'gitlabCa'
	| 'project'
	| 'group'
	| 'downloads'
	| 'sshAddress';

/** A complete set of answers: what the steps work from, and, less what is only this laptop's, what the record holds. */
export type Answers = Required<Omit<Given, Optional>> & Pick<Given, Optional>;

/** Where an answer came from; the review shows it. */
export type Source = 'flag' | 'preset' | 'environment' | 'record' | 'found' | 'default' | 'typed';

/** What a changed answer does to a standing fleet. */
export type How = 'live' | 'drain' | 'replace' | 'never';

/** What a change of each answer does to a standing fleet (design §4); undefined where an answer says only how this laptop works. */
export const howOf: Record<AnswerKey, How | undefined> = {
	profile: undefined,
	region: 'never',
	fleet: 'never',
	executor: 'drain',
	subnet: 'replace',
	image: 'replace',
	sshUser: 'live',
	workerSshUser: 'live',
	managerType: 'replace',
	securityGroup: 'replace',
	sshFrom: 'live',
	keyPair: 'replace',
	privateKey: undefined,
	access: 'live',
	permissionsBoundary: 'live',
	rolePath: 'live',
	cache: 'live',
	cacheDays: 'live',
	workerType: 'live',
	workerImage: 'live',
	workerDisk: 'live',
	spot: 'live',
	spotPrice: 'live',
	limit: 'live',
	concurrent: 'live',
	idleCount: 'live',
	idleTime: 'live',
	maxGrowthRate: 'live',
	maxBuilds: 'live',
	checkInterval: 'live',
	schedule: 'live',
	privileged: 'live',
	disableCache: 'live',
	dockerImage: 'live',
	workerProfile: 'live',
	machineOptions: 'live',
	runnerConfig: 'live',
	tags: 'live',
	gitlabUrl: 'drain',
	gitlabCa: 'drain',
	runner: 'drain',
	runnerName: 'live',
	runnerTags: 'live',
	runUntagged: 'live',
	project: 'live',
	group: 'live',
	tokenStore: 'live',
	gitlabRunnerVersion: 'drain',
	dockerMachineVersion: 'drain',
	engineInstall: 'drain',
	downloads: 'live',
	sshAddress: undefined,
};

/** Keys that say how this laptop works rather than what the fleet is: they never go into the record. */
export const laptopKeys: readonly AnswerKey[] = ['profile', 'privateKey', 'sshAddress'];

/** Answers whose default is another answer: as long as nobody gives one of its own, it goes along with that, and the record doesn't hold it. */
export const followed: {readonly [Key in AnswerKey]?: AnswerKey} = {concurrent: 'limit'};

/** A sentence that says what is wrong with a value's shape, or nothing. */
export function wrongShape(key: AnswerKey, value: unknown): string | undefined {
	const judged = answerShapes[key].safeParse(value);
	if (judged.success) return undefined;
	const issue = judged.error.issues[0];
	const where = issue?.path.length ? `${issue.path.join('.')}: ` : '';
	return `${where}${issue?.message ?? 'It has another shape.'}`;
}

/** A fleet is an account, a region and a name; the account is the one that answers. */
export type Fleet = {name: string; region: string};

/** Tag keys of the mark: all that belongs to a fleet bears it from the call that created it. */
export const markKeys = {
	fleet: 'gitlab-runner-aws:fleet',
	part: 'gitlab-runner-aws:part',
	region: 'gitlab-runner-aws:region',
	/** On the manager: hash of what the test machine proved (MachineOptions, versions, image). */
	proven: 'gitlab-runner-aws:proven',
	/** On the manager: Docker's version on the last test machine, and when that was by the manager's clock: `28.2.1 2026-11-24T09:12:07.000Z`. */
	engine: 'gitlab-runner-aws:engine',
	/** On the manager: the host key's fingerprint, once verified. */
	hostKey: 'gitlab-runner-aws:host-key',
	/** On a manager that takes over from another: the instance id of that one. */
	replaces: 'gitlab-runner-aws:replaces',
} as const;

/** The parts of a fleet that bear the mark, named after the step that makes them. */
export type Part = 'record' | 'bucket' | 'security-groups' | 'key-pair' | 'instance-profile' | 'manager' | 'worker' | 'runner';

/** The mark as tags; `global` is for things outside any region (IAM, S3's names). */
export function mark(fleet: Fleet, part: Part, global = false): Record<string, string> {
	const tags: Record<string, string> = {[markKeys.fleet]: fleet.name, [markKeys.part]: part};
	if (global) tags[markKeys.region] = fleet.region;
	return tags;
}

/** Names that derive from the mark (design §7). */
export const names = {
	record: (fleet: Fleet) => `/gitlab-runner-aws/${fleet.name}`,
	/** SecureString beside the record, when `tokenStore` is `ssm`. */
	token: (fleet: Fleet) => `/gitlab-runner-aws/${fleet.name}/token`,
	bucket: (fleet: Fleet, account: string) => `${fleet.name}-cache-${account}-${fleet.region}`,
	managerGroup: (fleet: Fleet) => `${fleet.name}-manager`,
	workersGroup: (fleet: Fleet) => `${fleet.name}-workers`,
	/** This laptop's file for the fleet's private key: two accounts may each have a fleet of that name. */
	keyFile: (fleet: Fleet, account: string) => `${account}.${fleet.region}.${fleet.name}`,
	keyPair: (fleet: Fleet) => `${fleet.name}-manager`,
	manager: (fleet: Fleet) => `${fleet.name}-manager`,
	/** Role, instance profile and inline policy. */
	profile: (fleet: Fleet) => `${fleet.name}-${fleet.region}-manager`,
	lifecycleRule: (fleet: Fleet) => `gitlab-runner-aws-${fleet.name}`,
	cachePath: (fleet: Fleet) => fleet.name,
	/** `MachineName` of the runner: the runner puts `runner-<short token>-` before it and a time and a hash for `%s`. */
	machine: (fleet: Fleet) => `${fleet.name}-%s`,
} as const;

/**
 * Whether a key pair or machine name is one that this fleet's runner gave: `runner-<short token>-<fleet>-<unix>-<hex>`.
 * A short token has at most nine characters, so a fleet whose name ends in this one's doesn't match (facts §1, §3.5); `test` stands for it in the
 * name of a test machine, and then the fleet's own name follows.
 */
export const isWorkerName = (fleet: Fleet, name: string): boolean =>
	new RegExp(`^runner-(test|(?!test-)[a-z0-9-]{1,9})-${fleet.name}-\\d{9,11}-[0-9a-f]{8}$`).test(name);
