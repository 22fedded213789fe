import type {CommonHost} from '../../world/host/scripts/panel.ts';
import {kindOf} from '../cloud/network.ts';
import type {Machine, Strain, Ticked, Work} from './machine.ts';

const gib = 1_073_741_824;
/** Share of the time that a manager's processor idles. */
const usuallyIdle = 0.93;
/** Below this share of its memory the kernel kills what wants more: what makes machines first. */
const tooLittle = 0.03;

const cpusOf = ({instance}: Machine): number => kindOf(instance.type)?.vcpus ?? 2;

/** The ticks now. What is wanted beyond what the hypervisor gives leaves nothing idle. */
function tickedTo(machine: Machine, now: number): Ticked {
	const {ticked, strain, instance} = machine;
	const before = ticked && ticked.at >= instance.bootedAt ? ticked : {at: instance.bootedAt, idle: 0, stolen: 0};
	const ticks = (Math.max(0, now - before.at) / 10) * cpusOf(machine);
	const {stolen = 0} = strain;
	return {at: now, idle: before.idle + ticks * (stolen > 0 ? 0 : usuallyIdle), stolen: before.stolen + ticks * stolen};
}

/** Puts another strain on a machine from now on. */
export function strainOn(machine: Machine, strain: Strain, now: number): void {
	machine.ticked = tickedTo(machine, now);
	machine.strain = strain;
}

/** Disk, memory and processor, a little busier with each job. */
export function loads(machine: Machine, now: number): Pick<CommonHost, 'resources' | 'ticks'> {
	const {strain} = machine;
	const cpus = cpusOf(machine);
	const memory = (kindOf(machine.instance.type)?.mib ?? 2048) * 1_048_576;
	const jobs = machine.process?.jobs.length ?? 0;
	const {idle, stolen} = tickedTo(machine, now);
	return {
		resources: {
			diskFree: machine.diskFreeGib * gib,
			diskTotal: 8 * gib,
			memoryFree: strain.memoryFree === undefined ? Math.max(0, memory * 0.7 - jobs * 12_000_000) : Math.round(memory * strain.memoryFree),
			memoryTotal: memory,
			load1: strain.load ?? Math.min(cpus, 0.05 + jobs * 0.04),
			cpus,
		},
		ticks: {total: Math.floor((now - machine.instance.bootedAt) / 10) * cpus, idle: Math.floor(idle), stolen: Math.floor(stolen)},
	};
}

/** Whether the kernel kills what makes machines, for want of memory. */
export const killsForMemory = ({strain}: Machine): boolean => (strain.memoryFree ?? 1) < tooLittle;

/** A work of the machine's own, which takes longer the less of its processor it gets. */
export function* slowed<Result>(machine: Machine, work: Work<Result>): Work<Result> {
	for (let next = work.next(); ; next = work.next()) {
		if (next.done) return next.value;
		yield next.value / (1 - Math.min(0.9, machine.strain.stolen ?? 0));
	}
}
