import type {Namer} from '../../world/host/machine-name.ts';
import {parseConfig, plain, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import {partitionedOf, shortToken} from '../online.ts';
import {type ExecutorConfig, inForce, type WorkersConfigured} from './fields.ts';

/** One `[[runners]]` of config.toml, as far as a live view needs it, without secrets. */
export type RunnerFacts = Namer &
	WorkersConfigured & {
		name: string;
		id: number | undefined;
		url: string | undefined;
		executor: string;
		/** Undefined where config.toml sets none, or 0. */
		limit: number | undefined;
		requestConcurrency: number;
	};

/** config.toml as far as a live view needs it. */
export type ConfigFacts = {concurrent: number | undefined; runners: RunnerFacts[]};

/** What tells a runner in names, lines and metrics: its token's first characters. */
export function namedBy(runner: Table): {shortToken: string; partitioned: string} {
	const token = textAt(runner, 'token')?.trim() ?? '';
	return {shortToken: shortToken(token), partitioned: partitionedOf(token)};
}

const noWorkers: WorkersConfigured = {idleCount: undefined, maxGrowthRate: undefined, options: {}, scheduled: false};

function runnerFacts(document: Table, runner: Table, configs: readonly ExecutorConfig[]): RunnerFacts {
	const executor = textAt(runner, 'executor') ?? '';
	const config = configs.find((one) => one.executor === executor);
	const number = (path: string): number | undefined => {
		const value = plain(inForce(config ?? {rows: []}, document, runner, path));
		// For the runner 0 is the same as an absent key.
		return typeof value === 'number' && value !== 0 ? value : undefined;
	};
	return {
		...namedBy(runner),
		...(config?.workers(runner, number) ?? noWorkers),
		name: textAt(runner, 'name') ?? '',
		id: number('runners.id'),
		url: textAt(runner, 'url'),
		executor,
		limit: number('runners.limit'),
		requestConcurrency: number('runners.request_concurrency') ?? 1,
	};
}

/** Picks what a live view needs from the text of a config.toml; undefined when it isn't one, as while somebody mends it. Never throws. */
export function readConfig(text: string, configs: readonly ExecutorConfig[]): ConfigFacts | undefined {
	try {
		const document = parseConfig(text, 'config.toml on the manager');
		const concurrent = plain(document.concurrent);
		return {
			concurrent: typeof concurrent === 'number' ? concurrent : undefined,
			runners: tablesAt(document, 'runners').map((runner) => runnerFacts(document, runner, configs)),
		};
	} catch {
		// The text itself is shown as it is, whatever it holds.
		return undefined;
	}
}
