import {isWithin, periodFields} from '../../../simulated/host/periods.ts';
import {type RunnerConfig, type RunnerEntry, shortToken, tableOf} from '../../../simulated/host/runner-config.ts';
import {booleanAt, numberAt, type Table, tablesAt, textAt, textsAt} from '../../../world/host/toml.ts';

const machineOf = ({table}: RunnerEntry): Table => tableOf(table, 'machine');
const nameOf = (entry: RunnerEntry): string => textAt(machineOf(entry), 'MachineName') ?? '';

/** MachineOptions of an entry. */
export const optionsOfEntry = (entry: RunnerEntry): string[] => textsAt(machineOf(entry), 'MachineOptions');
/** How many jobs a machine runs; 0 is no limit. */
export const maxBuilds = (entry: RunnerEntry): number => numberAt(machineOf(entry), 'MaxBuilds') ?? 0;
/** Machines being made at a time; 0 is no limit. */
export const maxGrowthRate = (entry: RunnerEntry): number => numberAt(machineOf(entry), 'MaxGrowthRate') ?? 0;

/** Whether the runner takes its idle machines along when it ends. */
export const drainsIdle = ({table}: RunnerConfig): boolean => booleanAt(tableOf(tableOf(table, 'machine'), 'shutdown_drain'), 'enabled') === true;

/** Whether machines can be made by an entry at all. */
export const isUsable = (entry: RunnerEntry): boolean => textAt(machineOf(entry), 'MachineDriver') === 'amazonec2' && nameOf(entry).includes('%s');

/**
 * How many machines an entry keeps idle now, and for how many seconds: by the last `[[runners.machine.autoscaling]]` that matches, in which what is left out
 * counts as 0 (gitlab-runner, common/config.go).
 */
export function idleNow(entry: RunnerEntry, now: number): {count: number; seconds: number} {
	const machine = machineOf(entry);
	const window = tablesAt(machine, 'autoscaling').findLast((one) =>
		textsAt(one, 'Periods').some((period) => isWithin(period, periodFields.seven, textAt(one, 'Timezone'), now)),
	);
	const from = window ?? machine;
	return {count: numberAt(from, 'IdleCount') ?? 0, seconds: numberAt(from, 'IdleTime') ?? 0};
}

/** What the name of each of an entry's machines begins with; characters that no host name may hold are left out (gitlab-runner, helpers/dns/utils.go). */
function machinePrefix(entry: RunnerEntry): string {
	const short = shortToken(entry.token)
		.toLowerCase()
		.replace(/[^a-z0-9-]/g, '')
		.replace(/^-+/, '');
	return `runner-${short}-${nameOf(entry).split('%s', 1)[0] ?? ''}`;
}

/** The name of another machine of an entry, made at a time (milliseconds since 1970). */
export const machineNamed = (entry: RunnerEntry, now: number, hex: string): string =>
	`${machinePrefix(entry)}${Math.floor(now / 1000)}-${hex}${nameOf(entry).split('%s')[1] ?? ''}`;

/** Whether an entry's runner counts a machine as its own: by that beginning alone. */
export const manages = (entry: RunnerEntry, name: string): boolean => name.startsWith(machinePrefix(entry));
