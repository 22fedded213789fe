import type {Context} from '../engine/step.ts';
import {Problem, unless} from '../problem.ts';
import type {Input} from '../world/cloud/port.ts';
import {until} from '../world/laptop/clock.ts';
import {longestLateness} from './late.ts';

/**
 * Makes a parameter, never over another that can be seen: that is what it gives then. AWS gives a name free 30 s after its parameter was deleted,
 * and shows a new one late; both are waited for, and said. Throws a Problem where AWS neither makes nor shows it in two minutes.
 */
export async function makeParameter<Seen>(
	context: Pick<Context, 'clock' | 'cloud' | 'signal'>,
	input: Input<'PutParameter'>,
	seen: () => Promise<Seen | undefined>,
	says: (text: string) => void,
): Promise<Seen | undefined> {
	const begun = context.clock.now();
	const waited = (): number => Math.round((context.clock.now() - begun) / 1000);
	const made = async (): Promise<{there: Seen | undefined} | undefined> => {
		if (await unless(context.cloud.call('PutParameter', input), 'ParameterAlreadyExists', 'TooManyUpdates')) return {there: undefined};
		const there = await seen();
		return there && {there};
	};
	const done = await until(
		context,
		{pause: 5000, longest: longestLateness},
		made,
		(one) => one !== undefined,
		() => says(`waiting, since AWS gives a name free 30 s after it was deleted, and shows a new one some seconds late (${waited()} s so far)`),
	);
	if (done) return done.there;
	throw new Problem({
		code: 'parameter-name-resting',
		fault: 'outside',
		again: true,
		message: `AWS refuses to make the parameter ${input.Name}, and shows none of that name, for ${waited()} s now.`,
		advice: 'Run the same command again in a minute.',
	});
}
