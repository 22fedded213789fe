import {type Fleet, isWorkerName} from '../../fleet.ts';
import {parseConfig, type Table, tablesAt, textAt, valueAt} from './config-document.ts';
import {shortToken} from './verify-lines.ts';

/** A short token as it stands in machine names: what no host name may hold is left out (gitlab-runner, helpers/dns/utils.go). */
const inNames = (short: string): string =>
	short
		.toLowerCase()
		.replace(/[^a-z0-9-]/g, '')
		.replace(/^-+/, '');

/** A token's parts of names: versions of the runner differ in whether the partition `t3_` is among them. */
const partsOf = (token: string): string[] =>
	[...new Set([shortToken(token), token.replace(/^glrt-/, '').slice(0, 9)].map(inNames))].filter((part) => part !== '');

/** What the names of an entry's machines begin with: by that alone the runner knows them as its own. */
export function prefixesOf(runner: Table): string[] {
	const template = valueAt(runner, 'machine.MachineName');
	const head = typeof template === 'string' ? (template.split('%s', 1)[0] ?? '') : '';
	return partsOf(textAt(runner, 'token')?.trim() ?? '').map((part) => `runner-${part}-${head}`);
}

/** docker-machine's name of any machine that a runner made: `runner-<token>-<MachineName>-<unix>-<hex>`. */
const made = /^runner-(?!test-)[a-z0-9-]+-\d{9,11}-[0-9a-f]{8}$/;

/**
 * Machines of this fleet in docker-machine's store that no `[[runners]]` entry's names begin like: the runner doesn't know them, so they stay and are
 * paid for until somebody takes them away. `ours` is our entry as it stands, whose machines may bear another MachineName than the fleet's.
 */
export function unmanaged(names: readonly string[], text: string, fleet: Fleet, ours: Table | undefined): string[] {
	const known = tablesAt(parseConfig(text, 'config.toml on the manager'), 'runners').flatMap(prefixesOf);
	const parts = ours ? partsOf(textAt(ours, 'token')?.trim() ?? '') : [];
	const isOurs = (name: string): boolean => isWorkerName(fleet, name) || parts.some((part) => name.startsWith(`runner-${part}-`));
	return names.filter((name) => made.test(name) && isOurs(name) && !known.some((prefix) => name.startsWith(prefix)));
}
