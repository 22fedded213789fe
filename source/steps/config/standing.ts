import type {Fleet} from '../../fleet.ts';
import {bareUrl} from '../../world/gitlab/url.ts';
import {parseConfig, plain, type Table, tablesAt, textAt, valueAt} from '../../world/host/toml.ts';
import type {ConfigSetting, ExecutorConfig, RunnerToken} from './fields.ts';

/** What a person calls the file. */
export const fileName = 'config.toml on the manager';

/** Whose `[[runners]]` entry is meant. */
type Whose = {fleet: Fleet; runnerName: string; config: ExecutorConfig};

/** What tells a fleet's entry. */
type WhoseSetting = Pick<ConfigSetting, 'answers' | 'fleet' | 'config'>;

/** A fleet's own entry among those of a file: the one whose workers are named after the fleet, else the one of its name. */
export function entryOf(runners: readonly Table[], {config, fleet, runnerName}: Whose): Table | undefined {
	const naming = config.rows.flatMap(({names, path}) => (names ? [{key: path.slice('runners.'.length), value: names(fleet)}] : []));
	const isNamedSo = (runner: Table): boolean => naming.some(({key, value}) => valueAt(runner, key) === value);
	return runners.find(isNamedSo) ?? runners.find((runner) => textAt(runner, 'name') === runnerName);
}

/** The entry that a fleet's answers mean. */
export const whose = ({answers, config, fleet}: WhoseSetting): Whose => ({config, fleet, runnerName: answers.runnerName});

/** Our entry as it stands in a config.toml, or undefined. Throws `config-broken`. */
export const standingRunner = (text: string, setting: WhoseSetting): Table | undefined =>
	entryOf(tablesAt(parseConfig(text, fileName), 'runners'), whose(setting));

/** Whether a file has any runner: the one that `gitlab-runner install` writes has none. Throws `config-broken`. */
export const hasRunners = (text: string): boolean => tablesAt(parseConfig(text, fileName), 'runners').length > 0;

/** The GitLab that our entry's token is for, as it stands; undefined where none stands. */
export function standingUrl(text: string, setting: WhoseSetting): string | undefined {
	const runner = standingRunner(text, setting);
	const url = runner && textAt(runner, 'url');
	return url === undefined ? undefined : bareUrl(url);
}

/** The token that stands in our entry, with its id. */
export function standingToken(text: string, setting: WhoseSetting): RunnerToken | undefined {
	const runner = standingRunner(text, setting);
	const token = runner && textAt(runner, 'token')?.trim();
	if (!runner || !token) return undefined;
	const id = Number(plain(runner.id) ?? 0);
	const obtainedAt = timeAt(runner, 'token_obtained_at');
	const expiresAt = timeAt(runner, 'token_expires_at');
	return {token, ...(id > 0 ? {id} : {}), ...(obtainedAt === undefined ? {} : {obtainedAt}), ...(expiresAt === undefined ? {} : {expiresAt})};
}

/** A time in milliseconds since 1970; the zero time of Go, which stands for "never", counts as none. */
function timeAt(runner: Table, key: string): number | undefined {
	const value = runner[key];
	const time = value instanceof Date ? value.getTime() : Number.NaN;
	return time > 0 ? time : undefined;
}
