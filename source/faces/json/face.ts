import type {Happening} from '../../engine/events.ts';
import type {Problem} from '../../problem.ts';
import type {Clock} from '../../world/laptop/clock.ts';
import {type Face, unattended} from '../face.ts';
import {stamped} from '../words/run-state.ts';
import {agreedDefault, unagreed, unanswered} from '../words/unanswered.ts';

/** A problem as data, without its cause. */
const problemEvent = ({code, message, advice, fault}: Problem): Extract<Happening, {event: 'problem'}> => ({
	event: 'problem',
	code,
	message,
	...(advice === undefined ? {} : {advice}),
	fault,
});

/** The face for scripts: one event a line on `out`, as `events.schema.json` says; asks nobody, agrees only with `yes`. */
export function jsonFace({out, yes, clock}: {out: NodeJS.WritableStream; yes: boolean; clock: Pick<Clock, 'now'>}): Face {
	const emit = (happening: Happening) => {
		const {event, at, ...payload} = stamped(happening, clock.now());
		out.write(`${JSON.stringify({event, at, ...payload})}\n`);
	};
	return {
		...unattended,
		async ask(asked) {
			const taken = yes ? agreedDefault(asked) : undefined;
			if (taken) return taken.value;
			throw unanswered(asked, yes ? 'yes' : 'json');
		},
		async agree(proposal) {
			if (!yes) throw unagreed(proposal, 'json');
			emit({event: 'agreement.asked', says: proposal.says, agreed: true, by: 'flag'});
			return true;
		},
		emit,
		watch: (_title, work) => work(new AbortController().signal),
		fail: (problem) => emit(problemEvent(problem)),
		close: async () => {},
	};
}
