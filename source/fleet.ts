/**
 * All answers there are, by key. The list of questions (answers/all.ts) opens it: a key, the type of its value and whether it may be absent stand in the
 * question's record alone.
 */
// biome-ignore lint/suspicious/noEmptyInterface: It is filled by declaration merging.
export interface Records {}

/** A key of the public contract: a preset, a flag and a question name it alike. */
export type AnswerKey = keyof Records;

/** What an answer's value is. */
export type AnswerValue<Key extends AnswerKey> = Records[Key]['value'];

/** Keys of a complete set; the others stay absent unless somebody gives them. */
type Required = {[Key in AnswerKey]: Records[Key] extends {required: true} ? Key : never}[AnswerKey];

/** All answers that were given, by anyone; a key is absent where nothing is wanted. */
export type Given = {[Key in AnswerKey]?: AnswerValue<Key>};

/** A complete set of answers: what the steps work from, and, less what is only this laptop's, what the record holds. */
export type Answers = {[Key in Required]: AnswerValue<Key>} & {[Key in Exclude<AnswerKey, Required>]?: AnswerValue<Key>};

/** Where an answer came from; the review shows it. One is derived where other answers that were given leave no choice. */
export type Source = 'flag' | 'preset' | 'environment' | 'record' | 'found' | 'derived' | 'default' | 'typed';

/** What a changed answer does to a standing fleet. */
export type How = 'live' | 'drain' | 'replace' | 'never';

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
	/** The same two of a worker of the Auto Scaling group: a fleet that goes back from there finds its earlier proof. */
	provenWorker: 'gitlab-runner-aws:proven-worker',
	workerEngine: 'gitlab-runner-aws:worker-engine',
	/** On the manager: the host key's fingerprint, once verified. */
	hostKey: 'gitlab-runner-aws:host-key',
	/** On a manager that takes over from another: the instance id of that one. */
	replaces: 'gitlab-runner-aws:replaces',
	/** On an image of workers that was baked, and on its builder: what went into it, as a hash; the answer it was made from, and the image that this meant. */
	recipe: 'gitlab-runner-aws:recipe',
	base: 'gitlab-runner-aws:base',
	baseImage: 'gitlab-runner-aws:base-image',
	/** On a baked image: who logs in to it; the instance that it was made from; and when a worker that started from it was proven (ISO 8601). */
	user: 'gitlab-runner-aws:user',
	builder: 'gitlab-runner-aws:builder',
	provenImage: 'gitlab-runner-aws:proven-image',
} as const;

/** The parts of a fleet that bear the mark, named after the step that makes them. */
export type Part =
	| 'record'
	| 'bucket'
	| 'security-groups'
	| 'key-pair'
	| 'instance-profile'
	| 'manager'
	| 'worker-key'
	| 'launch-template'
	| 'group'
	| 'worker'
	| 'runner'
	/** An image that `bake` made, with its snapshot, and the instance that it is made on. */
	| 'worker-image'
	| 'image-builder';

/** The mark as tags; `global` is for things outside any region (IAM, S3's names). */
export function mark(fleet: Fleet, part: Part, global = false): Record<string, string> {
	const tags: Record<string, string> = {[markKeys.fleet]: fleet.name, [markKeys.part]: part};
	if (global) tags[markKeys.region] = fleet.region;
	return tags;
}

/** Names that derive from the fleet's own, so that any laptop finds its things by them. */
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
	/** The Auto Scaling group that the workers are in. */
	scalingGroup: (fleet: Fleet) => `${fleet.name}-workers`,
	/** The group in which one worker is tried, beside the workers that run jobs. */
	testGroup: (fleet: Fleet) => `${fleet.name}-workers-test`,
	launchTemplate: (fleet: Fleet) => `${fleet.name}-workers`,
	/** An image that was baked for workers, by its version and its builder's instance id: no other image of the account is called so. */
	workerImage: (fleet: Fleet, version: string, builder: string) => `${fleet.name}-workers-${version}-${builder.slice(-8)}`,
	imageBuilder: (fleet: Fleet) => `${fleet.name}-image-builder`,
	/** The key pair by which the manager gets on to the group's workers. */
	workerKey: (fleet: Fleet) => `${fleet.name}-workers`,
	/** `MachineName` of the runner: the runner puts `runner-<short token>-` before it and a time and a hash for `%s`. */
	machine: (fleet: Fleet) => `${fleet.name}-%s`,
} as const;

/** The fleet's name in that of its key's file here; undefined for any other name. */
export const fleetOfKeyFile = (name: string): string | undefined => /^\d{12}\.[a-z0-9-]+\.([a-z0-9-]+)$/.exec(name)?.[1];

/**
 * Whether a key pair or machine name is one that this fleet's runner gave: `runner-<short token>-<fleet>-<unix>-<hex>`.
 * A short token has at most nine characters, so a fleet whose name ends in this one's doesn't match; `test` stands for it in the
 * name of a test machine, and then the fleet's own name follows.
 */
export const isWorkerName = (fleet: Fleet, name: string): boolean =>
	new RegExp(`^runner-(test|(?!test-)[a-z0-9-]{1,9})-${fleet.name}-\\d{9,11}-[0-9a-f]{8}$`).test(name);
