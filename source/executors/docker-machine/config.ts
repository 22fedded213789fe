import type {Change} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import type {ConfigSetting, ExecutorConfig, Field} from '../../steps/config/fields.ts';
import {isTable, plain, same, shown, type Table, tablesAt, textAt, textsAt, type Value, whole} from '../../world/host/toml.ts';
import {answerOfFlag, extraOptions, flagOf, optionInForce, optionsRead, shownOf, shownOption, standingOptions} from './machine-options.ts';
import {elsewhere, handOver, tells} from './option-fates.ts';
import {isSecretOption} from './scripts/secret-options.ts';

/** Seconds in which idle machines are taken away at a stop; the runner warns below 300. */
const shutdownSeconds = 300;

const optionsIn = (value: Value | undefined): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

/** Options as wanted, in the order in which they stand, so that what a person wrote about them stays beside them; the person's own are kept. */
function optionsWanted(options: readonly string[], standing: Value | undefined): string[] {
	const before = optionsIn(standing);
	const extra = new Set(extraOptions(before, options));
	const left = [...options];
	const kept = before.flatMap((option) => {
		if (extra.has(option)) return [option];
		const at = left.findIndex((one) => flagOf(one) === flagOf(option));
		return at < 0 ? [] : left.splice(at, 1);
	});
	return [...kept, ...left];
}

const textsOf = (value: Value | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** One change for each flag; options of one flag stand together, since some may be repeated. */
function optionChanges(before: readonly string[], after: readonly string[]): Change[] {
	const values = (options: readonly string[], flag: string): string | undefined => {
		const found = options.filter((option) => flagOf(option) === flag).map((option) => option.slice(flag.length + 1));
		return found.length === 0 ? undefined : found.join(', ');
	};
	const says = (flag: string, value: string | undefined): string =>
		value === undefined ? ((answerOfFlag(flag) === 'spot' ? optionInForce({}, flag) : undefined) ?? shown(value)) : shownOf(flag, value);
	const differs = (flag: string): boolean => values(before, flag) !== values(after, flag);
	const all = [...new Set([...before, ...after].map(flagOf))];
	// The cap comes and goes with spot, and says nothing without it.
	const turns = all.some((flag) => answerOfFlag(flag) === 'spot' && differs(flag));
	const flags = all.filter((flag) => differs(flag) && !(turns && answerOfFlag(flag) === 'spotPrice'));
	return flags.map((flag): Change => {
		const [from, to] = [says(flag, values(before, flag)), says(flag, values(after, flag))];
		return {what: answerOfFlag(flag) ?? flag, from, to, how: 'live'};
	});
}

function answersOf(options: readonly string[]): ReturnType<NonNullable<Field['readAll']>> {
	const {answers, resolved, secrets} = optionsRead(options);
	const notes = secrets ? ['Its access key stays out: a preset never holds a secret. Workers get no key from the manager that is made.'] : [];
	return {answers, resolved, notes};
}

/** Windows of the week as wanted. Each replaces all four values, so both are always written; what a person added to one of the same time stays. */
function windowsWanted({answers}: ConfigSetting, standing: Value | undefined): Table[] | undefined {
	const before = Array.isArray(standing) ? standing.filter(isTable) : [];
	const windows = answers.schedule.map(({periods, timezone, idleCount, idleTime}) => {
		const at = before.findIndex((one) => same(textsAt(one, 'Periods'), [...periods]));
		const [own] = at < 0 ? [] : before.splice(at, 1);
		return {...own, Periods: [...periods], Timezone: timezone, IdleCount: whole(idleCount), IdleTime: whole(idleTime)};
	});
	return windows.length === 0 ? undefined : windows;
}

function scheduleIn(value: Value): unknown {
	if (!Array.isArray(value)) return undefined;
	return value.filter(isTable).map((window) => ({
		periods: textsAt(window, 'Periods'),
		timezone: plain(window.Timezone) || 'Local',
		idleCount: plain(window.IdleCount) ?? 0,
		idleTime: plain(window.IdleTime) ?? 0,
	}));
}

/** Keys that have had no effect since 14.0 go. */
const dead = (path: string): Field => ({path, write: () => undefined});

/** The rows of docker+machine, with the options that are wanted, less the person's own extra ones. */
const rowsFor = (options: readonly string[]): readonly Field[] => [
	{path: 'shutdown_timeout', absent: [30n], write: () => whole(shutdownSeconds)},
	{path: 'machine.shutdown_drain.enabled', absent: [false], write: () => true},
	{path: 'machine.shutdown_drain.concurrency', absent: [3n]},
	{path: 'machine.shutdown_drain.max_retries', absent: [3n]},
	{path: 'machine.shutdown_drain.retry_backoff', absent: ['5s']},
	{path: 'runners.machine.IdleCount', answer: 'idleCount', absent: [0n], write: ({answers}) => whole(answers.idleCount)},
	{path: 'runners.machine.IdleCountMin', absent: [1n]},
	{path: 'runners.machine.IdleTime', answer: 'idleTime', absent: [0n], write: ({answers}) => whole(answers.idleTime)},
	{path: 'runners.machine.MaxBuilds', answer: 'maxBuilds', absent: [0n], write: ({answers}) => whole(answers.maxBuilds)},
	{path: 'runners.machine.MaxGrowthRate', answer: 'maxGrowthRate', absent: [0n], write: ({answers}) => whole(answers.maxGrowthRate)},
	{path: 'runners.machine.MaxRemovalAttempts', absent: [30n]},
	{path: 'runners.machine.MachineDriver', write: () => 'amazonec2'},
	{path: 'runners.machine.MachineName', names: names.machine, write: ({fleet}) => names.machine(fleet), drains: true},
	{
		path: 'runners.machine.MachineOptions',
		absent: [[]],
		write: (_wanted, standing) => optionsWanted(options, standing),
		readAll: (value) => answersOf(optionsIn(value)),
		changes: (from, to) => optionChanges(textsOf(from), textsOf(to)),
		yours: (value) => extraOptions(optionsIn(value), options).map((option) => `MachineOptions ${shownOption(option)}`),
	},
	{path: 'runners.machine.autoscaling', answer: 'schedule', absent: [[]], write: windowsWanted, read: scheduleIn},
	{path: 'runners.machine.autoscaling.IdleCountMin', absent: [1n]},
	{path: 'runners.machine.autoscaling.Timezone', absent: ['Local']},
	// An entry that comes from an Auto Scaling group is known by that group's name.
	{path: 'runners.autoscaler.plugin_config.name', names: names.scalingGroup},
	...['OffPeakPeriods', 'OffPeakTimezone', 'OffPeakIdleCount', 'OffPeakIdleTime'].map((key) => dead(`runners.machine.${key}`)),
];

/** Another driver's options aren't ours to read. */
function foreign(entry: Table): string | undefined {
	const driver = (isTable(entry.machine) && textAt(entry.machine, 'MachineDriver')) || '';
	return driver === 'amazonec2' ? undefined : `Its machines are made by ${driver || 'no driver'}, not by amazonec2, so nothing of them is taken.`;
}

/** Options by name, without `amazonec2-` and without secrets; a repeated one's last value. */
const optionsShown = (options: readonly string[]): Record<string, string> =>
	Object.fromEntries(
		options
			.map((option) => [flagOf(option), option] as const)
			.flatMap(([flag, option]) => (isSecretOption(flag) ? [] : [[flag.replace(/^amazonec2-/, ''), option.slice(flag.length + 1)]])),
	);

/** What stands in the names of an entry's machines besides its token. */
export function machineNameIn(entry: Table): {machineName?: string} {
	const name = isTable(entry.machine) ? textAt(entry.machine, 'MachineName') : undefined;
	return name === undefined ? {} : {machineName: name};
}

/** config.toml of a docker+machine runner: as it is read, and with `options` as it is to be written. */
export const machineConfig = (options: readonly string[] = []): ExecutorConfig => ({
	executor: 'docker+machine',
	rows: rowsFor(options),
	owns: (path) => path.startsWith('runners.machine.'),
	foreign,
	tells,
	elsewhere,
	handOver,
	workers(entry, number) {
		const machine = isTable(entry.machine) ? entry.machine : undefined;
		return {
			...machineNameIn(entry),
			idleCount: machine && (number('runners.machine.IdleCount') ?? 0),
			maxGrowthRate: number('runners.machine.MaxGrowthRate'),
			options: optionsShown(standingOptions(entry)),
			scheduled: machine !== undefined && tablesAt(machine, 'autoscaling').length > 0,
		};
	},
});
