import {type Pausing, pausing, unattended} from '../engine/pausing.ts';
import type {RunResult} from '../engine/walk.ts';
import type {Helping} from '../face.ts';
import {Problem} from '../problem.ts';
import type {Looking} from '../step.ts';
import type {Session} from './session.ts';

/** A person before lines can't press a key for it, but sees that it waits and may log in elsewhere. */
const lookingOn: Pick<Pausing, 'signal' | 'onLook'> = {signal: new AbortController().signal, onLook: () => {}};

/**
 * Does a run's work with a context that meets an expired session as it should be: where somebody is there it pauses until there is another one, else the
 * run ends, and its last problem says how far it came. `all` is how many steps there are.
 */
export async function lookedAfter<C extends Looking>(
	{face, interactive}: Session,
	context: C,
	{helping, all, stands}: {helping?: Helping | undefined; all: number; stands: string},
	work: (context: C) => Promise<RunResult>,
): Promise<RunResult> {
	if (helping || interactive) return work(pausing(context, {...(helping ?? lookingOn), emit: face.emit}));
	const {context: alone, expired} = unattended(context);
	const result = await work(alone);
	const problem = expired();
	return problem ? {...result, problems: [...result.problems, endedBy(problem, `${result.done.length} of ${all} steps are done. ${stands}`)]} : result;
}

const endedBy = ({advice, cause, code, fault, message}: Problem, says: string): Problem =>
	new Problem({code, fault, cause, message: `${message} ${says}`, advice});
