import {running, spent} from '../words/durations.ts';
import type {Line} from '../words/lines.ts';
import {inLine, type RunState, type StepSeen} from '../words/run-state.ts';

/** Nothing new for this long is worth a word, then each minute again. Milliseconds. */
const firstAfter = 30_000;
const thenEach = 60_000;

const doing = (step: StepSeen): string => step.says ?? step.stages.at(-1)?.stage ?? 'working';

function waitLine(step: StepSeen, silent: number, now: number): Line {
	const ran = (now - (step.from ?? now)) / 1000;
	const usual = step.usual === undefined ? '' : ` (usually about ${spent(step.usual)})`;
	const seen = silent >= thenEach && step.log.length > 0 ? ` Its last line: ${step.log.at(-1)}` : '';
	return {mark: 'pending', text: `${inLine(step.title)}: still ${doing(step)}, ${running(ran)}${usual}.${seen}`};
}

/** Says what a silent step waits for and how long so far: a line after half a minute, then one a minute. Each call gives the lines that are due. */
export function waits(): (state: RunState, now: number) => Line[] {
	const told = new Map<string, number>();
	return (state, now) =>
		state.steps.flatMap((step) => {
			const from = step.saidAt;
			if (step.state !== 'working' || from === undefined) return [];
			const last = told.get(step.name) ?? 0;
			const due = last > from ? last + thenEach : from + firstAfter;
			if (now < due) return [];
			told.set(step.name, now);
			return [waitLine(step, now - from, now)];
		});
}
