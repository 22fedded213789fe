import {type Given, markKeys} from '../../fleet.ts';
import {booleanAt, isTable, numberAt, parseConfig, type Table, tablesAt, textAt, textsAt, type Value} from './config-document.ts';
import {standingOptions} from './config-toml.ts';
import {extraOptions, flagOf} from './machine-options.ts';

const tableAt = (table: Table, key: string): Table => {
	const value: Value | undefined = table[key];
	return isTable(value) ? value : {};
};

const optionsOf = (options: readonly string[]) => {
	const values = new Map(options.map((option) => [flagOf(option), option.slice(flagOf(option).length + 1)]));
	return (flag: string): string | undefined => values.get(`amazonec2-${flag}`);
};

/** Tags as docker-machine has them, less the mark. */
function tagsIn(joined: string | undefined): Record<string, string> {
	const words = joined?.split(',') ?? [];
	const pairs = words.flatMap((key, index) => (index % 2 === 0 ? [[key, words[index + 1] ?? ''] as const] : []));
	const marks: readonly string[] = Object.values(markKeys);
	return Object.fromEntries(pairs.filter(([key]) => key !== '' && !marks.includes(key)));
}

function spotIn(option: (flag: string) => string | undefined): Pick<Given, 'spot' | 'spotPrice'> {
	const wanted = option('request-spot-instance');
	if (wanted === undefined || wanted === 'false') return {spot: false};
	// Left out, docker-machine's own default is a cap of 0.50 USD an hour (facts §3.4).
	const price = option('spot-price') ?? '0.50';
	return {spot: true, spotPrice: price === '' ? 'on-demand' : Number(price)};
}

const schedulesIn = (machine: Table): NonNullable<Given['schedule']> =>
	tablesAt(machine, 'autoscaling').map((one) => ({
		periods: textsAt(one, 'Periods'),
		timezone: textAt(one, 'Timezone') ?? 'Local',
		idleCount: numberAt(one, 'IdleCount') ?? 0,
		idleTime: numberAt(one, 'IdleTime') ?? 0,
	}));

function present(given: {[Key in keyof Given]?: Given[Key] | undefined}): Given {
	const said: Given = {};
	return Object.assign(said, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
}

/**
 * The answers that a docker+machine runner's config.toml implies, whoever wrote it: for a preset made from a manager that stands. `name` chooses
 * among several runners; undefined when no docker+machine runner is there. No token is read. Throws `config-broken`.
 */
export function answersIn(text: string, name?: string): Given | undefined {
	const document = parseConfig(text, 'config.toml on the manager');
	const runner = tablesAt(document, 'runners').find(
		(one) => textAt(one, 'executor') === 'docker+machine' && (name === undefined || textAt(one, 'name') === name),
	);
	if (!runner) return undefined;
	const [docker, machine, cache] = [tableAt(runner, 'docker'), tableAt(runner, 'machine'), tableAt(runner, 'cache')];
	const options = standingOptions(runner);
	const option = optionsOf(options);
	const disk = Number(option('root-size') ?? 16);
	return present({
		executor: 'docker+machine',
		region: option('region'),
		concurrent: numberAt(document, 'concurrent'),
		checkInterval: numberAt(document, 'check_interval') || undefined,
		gitlabUrl: textAt(runner, 'url')?.replace(/\/$/, ''),
		runnerName: textAt(runner, 'name'),
		limit: numberAt(runner, 'limit') || undefined,
		dockerImage: textAt(docker, 'image'),
		privileged: booleanAt(docker, 'privileged'),
		disableCache: booleanAt(docker, 'disable_cache'),
		cache: textAt(tableAt(cache, 's3'), 'BucketName'),
		idleCount: numberAt(machine, 'IdleCount'),
		idleTime: numberAt(machine, 'IdleTime'),
		maxBuilds: numberAt(machine, 'MaxBuilds'),
		maxGrowthRate: numberAt(machine, 'MaxGrowthRate'),
		schedule: schedulesIn(machine),
		workerType: option('instance-type'),
		workerImage: option('ami'),
		workerDisk: disk,
		workerSshUser: option('ssh-user'),
		workerProfile: option('iam-instance-profile'),
		subnet: option('subnet-id'),
		tags: tagsIn(option('tags')),
		machineOptions: extraOptions(options, []),
		...spotIn(option),
	});
}
