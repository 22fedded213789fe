import {criticalPath, type Executor, type Span, timedSetup} from '../engine/setup-time.ts';

/** When each step began and was done, in seconds, while setups waited for what they didn't need: as measured in this world before that was changed. */
const before: Record<Executor, readonly (readonly [step: string, from: number, to: number])[]> = {
	'docker+machine': [
		['record', 0.5, 0.7],
		['spot-role', 0.7, 0.9],
		['bucket', 0.7, 1.1],
		['security-groups', 0.7, 1.5],
		['key-pair', 0.7, 0.9],
		['instance-profile', 0.7, 1.2],
		['manager', 1.5, 34.9],
		['connection', 35.4, 41.4],
		['host-key', 41.6, 104.5],
		['software', 42.6, 56.2],
		['test-machine', 105.3, 179.6],
		['runner', 179.6, 181.8],
		['service', 181.8, 184.2],
	],
	'docker-autoscaler': [
		['record', 0.6, 0.8],
		['spot-role', 0.8, 1],
		['scaling-role', 0.8, 1],
		['bucket', 0.8, 1.2],
		['security-groups', 0.8, 1.5],
		['key-pair', 0.8, 1],
		['instance-profile', 0.8, 1.3],
		['manager', 1.5, 34.9],
		['connection', 35.3, 41.3],
		['host-key', 41.5, 104.4],
		['software', 42.5, 55.4],
		['worker-key', 105.2, 106.5],
		['launch-template', 106.5, 106.7],
		['test-worker', 106.7, 147.1],
		['group', 147.1, 147.5],
		['runner', 147.1, 150.1],
		['service', 150.1, 152.5],
	],
};

/** Columns of the whole picture. */
const width = 72;

function waterfall(spans: readonly Pick<Span, 'step' | 'from' | 'to' | 'after'>[], whole: number): string[] {
	const at = (seconds: number): number => Math.round((seconds / whole) * width);
	return spans.map(({after, from, step, to}) => {
		const bar = `${' '.repeat(at(from))}${'█'.repeat(Math.max(1, at(to) - at(from)))}`.padEnd(width + 1);
		// Of what it waited for, what came last.
		const last = spans.filter((one) => after.includes(one.step)).toSorted((one, other) => other.to - one.to)[0];
		return `  ${step.padEnd(21)}${bar}${from.toFixed(1).padStart(6)} → ${to.toFixed(1).padStart(6)}${last ? `  after ${last.step}` : ''}`;
	});
}

/** A setup from nothing as a waterfall, before and now, beside what can't be shortened. */
export async function setupLines(executor: Executor): Promise<string[]> {
	const setup = await timedSetup(executor);
	const {path, seconds} = criticalPath(executor, setup);
	const earlier = before[executor].map(([step, from, to]) => ({step, from, to, after: []}));
	const whole = Math.max(setup.whole, ...earlier.map(({to}) => to));
	const was = Math.max(...earlier.map(({to}) => to));
	return [
		`setup of ${executor} from nothing, in the simulated world with real times: ${was.toFixed(1)} s before, ${setup.whole.toFixed(1)} s now; the critical path takes ${seconds.toFixed(1)} s: ${(setup.whole / seconds).toFixed(2)} x (${(was / seconds).toFixed(2)} x before)`,
		`  critical path: ${path.join(' → ')}`,
		'  before',
		...waterfall(earlier, whole),
		'  now',
		...waterfall(setup.spans, whole),
	];
}
