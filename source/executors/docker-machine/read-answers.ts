import {type AnswerKey, type Given, wrongShape} from '../../fleet.ts';
import {printableIn} from '../../printable.ts';
import {Problem} from '../../problem.ts';
import {booleanAt, isTable, numberAt, parseConfig, type Table, tablesAt, textAt, textsAt} from './config-document.ts';
import {flagOf} from './machine-options.ts';

/** What a config.toml of any docker+machine manager says in our answers, and what of it can't be said so. */
export type AnswersRead = {answers: Given; notes: string[]};

/** Options that the answers make anew, or that hold a secret: never taken over. */
const leftOut = new Set([
	...['access-key', 'secret-key', 'session-token', 'vpc-id', 'zone', 'endpoint', 'security-group', 'security-group-readonly', 'use-private-address'],
	...[
		'private-address-only',
		'device-name',
		'volume-type',
		'volume-encrypted',
		'metadata-token',
		'metadata-token-response-hop-limit',
		'userdata',
		'keypair-name',
		'ssh-keypath',
	],
]);

const secretOptions = ['access-key', 'secret-key', 'session-token'];

const inner = (table: Table | undefined, key: string): Table => {
	const value = table?.[key];
	return isTable(value) ? value : {};
};

/** `amazonec2-…` options by name, and all others as they are. */
function optionsIn(machine: Table): {amazon: Map<string, string>; others: string[]} {
	const amazon = new Map<string, string>();
	const others: string[] = [];
	for (const option of textsAt(machine, 'MachineOptions')) {
		const flag = flagOf(option);
		if (flag.startsWith('amazonec2-')) amazon.set(flag.slice('amazonec2-'.length), option.slice(flag.length + 1));
		else others.push(option);
	}
	return {amazon, others};
}

/** docker-machine's own list of tags, `key,value,…`, less those that are ours and the name. */
function tagsIn(list: string | undefined): Record<string, string> {
	const parts = (list ?? '').split(',');
	const tags: Record<string, string> = {};
	for (let at = 0; at + 1 < parts.length; at += 2) {
		const [key = '', value = ''] = [parts[at], parts[at + 1]];
		if (!key.startsWith('gitlab-runner-aws:') && key !== 'Name') tags[key] = value;
	}
	return tags;
}

/** An omitted price means a cap of 0.50 USD an hour there; an empty one the on-demand price (facts §3.4). */
const priceOf = (price: string | undefined): number | 'on-demand' => (price === undefined ? 0.5 : price === '' ? 'on-demand' : Number(price));

function ofMachine(machine: Table): Record<string, unknown> {
	const {amazon, others} = optionsIn(machine);
	const isSpot = amazon.has('request-spot-instance') && amazon.get('request-spot-instance') !== 'false';
	const taken = ['region', 'subnet-id', 'instance-type', 'ami', 'root-size', 'ssh-user', 'request-spot-instance', 'spot-price', 'iam-instance-profile', 'tags'];
	const own = [...amazon].flatMap(([name, value]) =>
		taken.includes(name) || leftOut.has(name) ? [] : [value === '' ? `amazonec2-${name}` : `amazonec2-${name}=${value}`],
	);
	const engine = others.find((option) => flagOf(option) === 'engine-install-url')?.slice('engine-install-url='.length);
	const tags = tagsIn(amazon.get('tags'));
	const size = amazon.get('root-size');
	return {
		region: amazon.get('region'),
		subnet: amazon.get('subnet-id'),
		workerType: amazon.get('instance-type'),
		workerImage: amazon.get('ami'),
		workerDisk: size === undefined ? undefined : Number(size),
		workerSshUser: amazon.get('ssh-user'),
		spot: isSpot,
		spotPrice: isSpot ? priceOf(amazon.get('spot-price')) : undefined,
		workerProfile: amazon.get('iam-instance-profile'),
		tags: Object.keys(tags).length === 0 ? undefined : tags,
		engineInstall: engine,
		machineOptions: [...others.filter((option) => flagOf(option) !== 'engine-install-url'), ...own],
		idleCount: numberAt(machine, 'IdleCount'),
		idleTime: numberAt(machine, 'IdleTime'),
		maxBuilds: numberAt(machine, 'MaxBuilds'),
		maxGrowthRate: numberAt(machine, 'MaxGrowthRate'),
		schedule: tablesAt(machine, 'autoscaling').map((window) => ({
			periods: textsAt(window, 'Periods'),
			timezone: textAt(window, 'Timezone') || 'UTC',
			idleCount: numberAt(window, 'IdleCount') ?? 0,
			idleTime: numberAt(window, 'IdleTime') ?? 0,
		})),
	};
}

function ofRunner(runner: Table): Record<string, unknown> {
	const docker = inner(runner, 'docker');
	const cache = inner(runner, 'cache');
	const limit = numberAt(runner, 'limit');
	return {
		gitlabUrl: textAt(runner, 'url')?.replace(/\/+$/, ''),
		limit: limit === 0 ? undefined : limit,
		dockerImage: textAt(docker, 'image'),
		privileged: booleanAt(docker, 'privileged'),
		disableCache: booleanAt(docker, 'disable_cache'),
		cache: textAt(cache, 'Type') === 's3' ? textAt(inner(cache, 's3'), 'BucketName') : textAt(cache, 'Type') === undefined ? 'none' : undefined,
		runner: 'token',
	};
}

const place = <Key extends AnswerKey>(into: Given, key: Key, value: Given[Key]): void => {
	into[key] = value;
};

/**
 * Reads the answers in a config.toml: of its first docker+machine runner. Token and access keys stay out, whatever of the rest has no answer of ours
 * is named in the notes. Throws `config-broken`, and `no-docker-machine` where no runner of the file makes machines.
 */
export function readAnswers(text: string): AnswersRead {
	const config = parseConfig(text, "The manager's config.toml");
	const runners = tablesAt(config, 'runners').filter((one) => textAt(one, 'executor') === 'docker+machine');
	const [runner] = runners;
	if (!runner)
		throw new Problem({
			code: 'no-docker-machine',
			message: "The manager's config.toml has no runner with the executor docker+machine.",
			advice: 'Name another manager with `--from`.',
		});
	const machine = inner(runner, 'machine');
	const driver = textAt(machine, 'MachineDriver') ?? '';
	const notes = [
		...(runners.length > 1 ? [`Its first of ${runners.length} docker+machine runners is taken: ${textAt(runner, 'name') ?? 'without a name'}.`] : []),
		...(driver === 'amazonec2' ? [] : [`Its machines are made by ${driver || 'no driver'}, not by amazonec2, so nothing of them is taken.`]),
	];
	const read: Record<string, unknown> = {
		concurrent: numberAt(config, 'concurrent'),
		checkInterval: numberAt(config, 'check_interval') || undefined,
		...ofRunner(runner),
		...(driver === 'amazonec2' ? ofMachine(machine) : {}),
	};
	const {amazon} = optionsIn(machine);
	if (secretOptions.some((name) => amazon.has(name)))
		notes.push('Its access key stays out: a preset never holds a secret. Workers get no key from the manager that is made.');
	const answers: Given = {};
	for (const [key, value] of Object.entries(read)) {
		if (value === undefined || !isKey(key)) continue;
		const wrong = wrongShape(key, value);
		if (wrong === undefined) place(answers, key, value as Given[typeof key]);
		else notes.push(`${key} is left out: ${wrong}`);
	}
	return {answers, notes: printableIn(notes)};
}

const keys: readonly string[] = [
	...[
		'region',
		'subnet',
		'workerType',
		'workerImage',
		'workerDisk',
		'workerSshUser',
		'spot',
		'spotPrice',
		'workerProfile',
		'tags',
		'engineInstall',
		'machineOptions',
	],
	...['idleCount', 'idleTime', 'maxBuilds', 'maxGrowthRate', 'schedule', 'gitlabUrl', 'limit', 'dockerImage', 'privileged', 'disableCache', 'cache', 'runner'],
	...['concurrent', 'checkInterval'],
];
const isKey = (key: string): key is AnswerKey => keys.includes(key);
