import {readPrometheus} from '../../world/host/prometheus.ts';
import type {RunnerWatched} from '../../world/host/scripts/gone-over.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {same} from '../../world/host/toml.ts';
import {digest, type Hosts, type Machine, textOf} from './machine.ts';
import {readConfig} from './runner-config.ts';

/** Whether config.toml is another one than the one of a SHA-256. */
export const isAnotherConfig = (machine: Machine, from: string): boolean => digest(textOf(machine, paths.config) ?? '') !== from;

/** Counts by the runner's own metrics. */
type OldWorkersCount = (by: ReturnType<typeof readPrometheus>['by']) => {used: number; coming: number};

/** What the scripts are told of a runner whose entry has gone over to another executor: `came` are texts of lines that say that a job came by the one before. */
export function watchedRunner(
	{clock}: Hosts,
	machine: Machine,
	{came, count, quietSeconds}: {came: readonly string[]; count: OldWorkersCount; quietSeconds: number},
): RunnerWatched {
	const {process} = machine;
	if (!process) return {loaded: true, used: 0, coming: 0, jobs: 0, quiet: quietSeconds};
	if (machine.faults.metricsPort === 'taken') return {loaded: false, quiet: 0};
	const read = readConfig(textOf(machine, paths.config) ?? '');
	const loaded = 'config' in read && process.config !== undefined && same(read.config.table, process.config.table);
	const last = machine.journal.findLast(({message}) => [...came, 'Configuration loaded'].some((text) => message.includes(text)));
	const quiet = Math.min(quietSeconds + 1, (clock.now() - Math.max(process.startedAt, last?.at ?? 0)) / 1000);
	return {loaded, ...count(readPrometheus(process.metrics().join('\n'), ['gitlab_runner_', 'fleeting_']).by), jobs: process.jobs.length, quiet};
}
