import {wrongAlone} from '../../answers/value.ts';
import {isOfAnother} from '../../executors/offered.ts';
import type {Given} from '../../fleet.ts';
import {shownAt} from '../../world/host/secret-words.ts';
import {isTable, printConfig, putAt, same, shown, type Table, tablesAt, textAt, type Value} from '../../world/host/toml.ts';
import {type ExecutorConfig, type Fate, fieldsOf, mapped, meaning, notNeeded, notPossible, type OptionFate, ourVolumes} from './fields.ts';

/** One value of a file, where it stands for a person and for the rows. */
type Leaf = {option: string; path: string; value: Value};

/** Every single value below one; a list of tables by its elements. */
function leavesOf(value: Value, option: string, path = option): Leaf[] {
	const under = (table: Table, at: string): Leaf[] =>
		Object.entries(table).flatMap(([key, inner]) => leavesOf(inner, at === '' ? key : `${at}.${key}`, path === '' ? key : `${path}.${key}`));
	if (isTable(value)) return under(value, option);
	if (!Array.isArray(value) || value.length === 0 || !value.every(isTable)) return [{option, path, value}];
	return value.flatMap((one, index) => (isTable(one) ? under(one, `${option}[${index}]`) : []));
}

/** Keys of `[[runners]]`, and of its `[runners.docker]`, that no answer holds and that are the same for whichever executor makes its workers. */
const takenOver = new Set([
	...'output_limit builds_dir cache_dir clone_url pre_get_sources_script post_get_sources_script pre_build_script post_build_script'.split(' '),
	...'debug_trace_disabled unhealthy_requests_limit unhealthy_interval strict_check_interval prepare_timeout'.split(' '),
	...(
		'volumes memory memory_swap memory_reservation cpuset_cpus cpus cpu_shares dns dns_search extra_hosts network_mode network_mtu links services shm_size tmpfs sysctls ' +
		'helper_image helper_image_flavor pull_policy allowed_images allowed_services allowed_pull_policies allowed_privileged_images services_privileged services_limit ' +
		'wait_for_services_timeout cap_add cap_drop security_opt devices gpus runtime user userns_mode ulimit oom_kill_disable disable_entrypoint_overwrite volume_keep'
	)
		.split(' ')
		.map((key) => `docker.${key}`),
]);

const ofItself = notNeeded("the runner's own; the token is given at `setup`, by `--token-file` or typed");
const asAbsent = notNeeded('it says no more than an absent key');
const ofFleet = notNeeded('every fleet has its own');

/** Keys that are one manager's, or the runner's, and why. */
const known: Readonly<Record<string, Fate>> = {
	'runners.token': ofItself,
	'runners.id': ofItself,
	'runners.token_obtained_at': ofItself,
	'runners.token_expires_at': ofItself,
	'runners.name': notNeeded("the runner's name in the file; a fleet's own runner is called by the answer runnerName"),
	'runners.tls-ca-file': notPossible('a file on that manager: give `--gitlab-ca` the same certificate on this machine'),
	'runners.environment': notPossible('variables may be secrets, so they are never read: give those that are none with `--runner-config`, the others in GitLab'),
	'runners.cache.s3.AccessKey': notNeeded("the manager signs for the cache by its role, or by a user's keys with `--access access-keys`"),
	'runners.cache.s3.SecretKey': notNeeded("the manager signs for the cache by its role, or by a user's keys with `--access access-keys`"),
	'runners.cache.s3.Insecure': notNeeded('S3 is reached by TLS'),
	connection_max_age: notNeeded("a fleet keeps the runner's own"),
	log_level: notNeeded("a fleet keeps the runner's own"),
	user: notNeeded('jobs run in containers on workers'),
	sentry_dsn: notPossible('a secret: write it into config.toml on the new manager, where it stays'),
};

/** Tables of other executors, which this one never reads. */
const foreignTables = /^runners\.(machine|autoscaler|kubernetes|ssh|virtualbox|parallels|custom|instance)\./;

/** Of a key of the person's own: it can go into runnerConfig, unless it's none that we know or looks like a secret. */
function ownFate({path, value}: Leaf): Fate {
	const key = path.slice('runners.'.length);
	if (!path.startsWith('runners.')) return notPossible('no answer holds it: write it into config.toml on the new manager, where it stays');
	if (!takenOver.has(key) && !key.startsWith('feature_flags.'))
		return notPossible('no answer holds it: where GitLab Runner takes it, give it with `--runner-config`');
	return wrongAlone('runnerConfig', ownToml([{path, value}])) === undefined
		? mapped('runnerConfig')
		: notPossible('it looks like a secret, which a preset never holds: give it with `--runner-config` once it is none');
}

function ownToml(leaves: readonly Pick<Leaf, 'path' | 'value'>[]): string {
	const table: Table = {};
	for (const {path, value} of leaves) putAt(table, path.slice('runners.'.length), value);
	return printConfig(table).trim();
}

/** Where the cache is served from: of AWS's own addresses nothing has to be said. */
const serverFate = (value: Value): Fate =>
	/(^|[./])s3[\w.-]*\.amazonaws\.com(\.cn)?\/?$/.test(String(value)) ? notNeeded('it is where S3 is anyway') : notPossible('a cache is a bucket of S3');

/** Of a window of the week whose periods can't be taken nothing is. */
function withoutWindows(options: readonly OptionFate[]): OptionFate[] {
	const left = options.flatMap(({is, option}) => /^(.*\[\d+\]\.)periods$/i.exec(is === 'not possible' ? option : '')?.[1] ?? []);
	return options.map(({answer, ...one}) =>
		answer !== undefined && left.some((window) => one.option.startsWith(window))
			? {...one, ...notPossible("its window isn't taken, as is said of its periods")}
			: {...one, ...(answer === undefined ? {} : {answer})},
	);
}

function fateOf(leaf: Leaf, config: ExecutorConfig, executor: string, entry: Table, answers: Given): Fate {
	const {path, value} = leaf;
	const field = fieldsOf(config).find((one) => one.path === path);
	const fixed = path === 'runners.cache.s3.ServerAddress' ? serverFate(value) : known[path];
	if (fixed) return fixed;
	if (path === 'runners.executor' && executor !== config.executor) return mapped('executor', `${executor} instead`);
	if (path === 'runners.docker.volumes' && !ourVolumes.some((one) => same(one, value))) return ownFate(leaf);
	if (field?.answer !== undefined && !isOfAnother(field.answer, {executor})) {
		if (answers[field.answer] !== undefined) return mapped(field.answer);
		if (path.startsWith('runners.cache.') && textAt(isTable(entry.cache) ? entry.cache : {}, 'Type') !== 's3') return notPossible('a cache is a bucket of S3');
		return notPossible(`the answer ${field.answer} can't be that`);
	}
	if (field?.write) return ofFleet;
	if (foreignTables.test(path) && config.owns?.(path) !== true) return notNeeded(`the executor ${config.executor} doesn't read it`);
	if (path.startsWith('runners.cache.')) return notPossible('a cache is a bucket of S3, as the fleet sets it up');
	return ownFate(leaf);
}

/** What becomes of every option of a file in a fleet of `executor` made from one of its entries; and what of it goes into the answer `runnerConfig`. */
export function fatesOf(
	document: Table,
	entry: Table,
	config: ExecutorConfig,
	executor: string,
	answers: Given,
): {options: OptionFate[]; runnerConfig: string | undefined} {
	const {runners: _runners, ...globals} = document;
	const ownLeaves: Leaf[] = [];
	const foreign = config.foreign?.(entry);
	const fates = [...leavesOf(globals, ''), ...leavesOf(entry, 'runners')].flatMap((leaf): OptionFate[] => {
		const saysNothing = meaning(config, leaf.path, leaf.value) === undefined;
		const own = foreign === undefined || config.owns?.(leaf.path) !== true ? config.tells?.(leaf.path, leaf.value, executor) : [notPossible(foreign)];
		const told = (own ?? [fateOf(leaf, config, executor, entry, answers)]).map((fate) =>
			saysNothing && (fate.is === 'not possible' || fate.answer === 'runnerConfig') ? asAbsent : fate,
		);
		return told.map(({option, value, ...fate}: Partial<OptionFate> & Fate) => {
			if (fate.answer === 'runnerConfig') ownLeaves.push(leaf);
			return {option: option === undefined ? leaf.option : `${leaf.option} ${option}`, value: value ?? shownAt(leaf.path, leaf.value), ...fate};
		});
	});
	const others = tablesAt(document, 'runners').filter((runner) => runner !== entry);
	const alone = others.map((runner): OptionFate => {
		const name = textAt(runner, 'name') ?? 'without a name';
		return {
			option: `[[runners]] ${name}`,
			value: shown(runner.executor),
			...notPossible('a fleet has one runner, and a preset is of the first that makes its workers'),
		};
	});
	return {options: [...withoutWindows(fates), ...alone], runnerConfig: ownLeaves.length === 0 ? undefined : ownToml(ownLeaves)};
}
