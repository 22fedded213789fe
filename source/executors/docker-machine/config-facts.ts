import type {Namer} from '../../world/host/machine-name.ts';
import {isTable, parseConfig, plain, type Table, tablesAt, textAt, textsAt} from '../../world/host/toml.ts';
import {inForce} from './config-fields.ts';
import {flagOf} from './machine-options.ts';
import {isSecretOption} from './scripts/secret-options.ts';
import {partitionedOf, shortToken} from './verify-lines.ts';

/** One `[[runners]]` of config.toml, as far as a live view needs it, without secrets. */
export type RunnerFacts = Namer & {
	name: string;
	id: number | undefined;
	url: string | undefined;
	executor: string;
	/** Undefined where config.toml sets none, or 0. */
	limit: number | undefined;
	requestConcurrency: number;
	/** Undefined where the runner makes no machines. */
	idleCount: number | undefined;
	maxGrowthRate: number | undefined;
	/** `amazonec2-…` options by name, without `amazonec2-`; a repeated one's last value. */
	options: Record<string, string>;
	scheduled: boolean;
};

/** config.toml as far as a live view needs it. */
export type ConfigFacts = {concurrent: number | undefined; runners: RunnerFacts[]};

const optionsOf = (options: readonly string[]): Record<string, string> =>
	Object.fromEntries(
		options
			.map((option) => [flagOf(option), option] as const)
			.flatMap(([flag, option]) => (isSecretOption(flag) ? [] : [[flag.replace(/^amazonec2-/, ''), option.slice(flag.length + 1)]])),
	);

/** What stands in the names of an entry's machines. */
export function namerOf(runner: Table): Namer {
	const token = textAt(runner, 'token')?.trim() ?? '';
	const machineName = isTable(runner.machine) ? textAt(runner.machine, 'MachineName') : undefined;
	return {shortToken: shortToken(token), partitioned: partitionedOf(token), ...(machineName === undefined ? {} : {machineName})};
}

function runnerFacts(document: Table, runner: Table): RunnerFacts {
	const number = (path: string): number | undefined => {
		const value = plain(inForce(document, runner, path));
		// For the runner 0 is the same as an absent key.
		return typeof value === 'number' && value !== 0 ? value : undefined;
	};
	const machine = isTable(runner.machine) ? runner.machine : undefined;
	return {
		...namerOf(runner),
		name: textAt(runner, 'name') ?? '',
		id: number('runners.id'),
		url: textAt(runner, 'url'),
		executor: textAt(runner, 'executor') ?? '',
		limit: number('runners.limit'),
		requestConcurrency: number('runners.request_concurrency') ?? 1,
		idleCount: machine && (number('runners.machine.IdleCount') ?? 0),
		maxGrowthRate: number('runners.machine.MaxGrowthRate'),
		options: optionsOf(machine ? textsAt(machine, 'MachineOptions') : []),
		scheduled: machine !== undefined && tablesAt(machine, 'autoscaling').length > 0,
	};
}

/** Picks what a live view needs from the text of a config.toml; undefined when it isn't one, as while somebody mends it. Never throws. */
export function readConfig(text: string): ConfigFacts | undefined {
	try {
		const document = parseConfig(text, 'config.toml on the manager');
		const concurrent = plain(document.concurrent);
		return {
			concurrent: typeof concurrent === 'number' ? concurrent : undefined,
			runners: tablesAt(document, 'runners').map((runner) => runnerFacts(document, runner)),
		};
	} catch {
		// The text itself is shown as it is, whatever it holds.
		return undefined;
	}
}
