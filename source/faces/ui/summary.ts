import type {Event, EventName} from '../../engine/events.ts';
import type {Line} from '../words/lines.ts';
import type {RunState} from '../words/run-state.ts';
import {linesOf} from '../words/sentences.ts';

/** What stays of a command on the normal screen: where, what was found or done, what went wrong, what comes next. */
const kept: ReadonlySet<EventName> = new Set([
	'fleet.known',
	'step.found',
	'plan.ended',
	'agreement.asked',
	'step.done',
	'step.failed',
	'step.skipped',
	'run.ended',
	'note',
	'standing.listed',
	'orphan.found',
	'orphan.removed',
	'job.seen',
	'ended',
	'problem',
	'document',
]);

/** Events that a later one of the same sort makes old. */
const onlyLast: ReadonlySet<EventName> = new Set(['fleet.known', 'job.seen']);

/** The events worth a line in the end: a new plan forgets the plan before, and a run the plan it came from. */
function worthKeeping(events: readonly Event[]): Event[] {
	const left: Event[] = [];
	for (const event of events) {
		const {event: name} = event;
		if (name === 'step.started' || name === 'step.done')
			left.splice(0, left.length, ...left.filter((one) => one.event !== 'step.failed' || one.step !== event.step));
		const forgets = name === 'plan.started' || name === 'run.started' ? isOfPlan : onlyLast.has(name) ? (one: Event) => one.event === name : undefined;
		if (forgets) left.splice(0, left.length, ...left.filter((one) => !forgets(one)));
		if (kept.has(name)) left.push(event);
	}
	return left;
}

const isOfPlan = ({event}: Event): boolean => event === 'step.found' || event === 'plan.ended';

/** The lines left on the normal screen once the screens are gone. Pure. */
export const summary = (events: readonly Event[], state: RunState): Line[] =>
	worthKeeping(events).flatMap((event) => linesOf(event, state.doing ? {...state, phase: 'run'} : state));
