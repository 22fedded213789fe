import {aboutCredentials} from '../engine/plan.ts';
import {Problem} from '../problem.ts';
import type {Session} from './session.ts';

/** Tells problems, each once, and gives the exit code: that of the gravest. `last` is what to do after all of them. */
export function failAll({face, world}: Session, problems: readonly Problem[], last?: string): number {
	const each = [...new Map(problems.map((problem) => [sortOf(problem), problem])).values()];
	for (const [index, problem] of each.entries()) {
		const where = problem.fault === 'bug' ? detailsWords(world.disk.logPath) : undefined;
		face.fail(withAdvice(problem, where, index === each.length - 1 ? last : undefined));
	}
	return Math.max(1, ...each.map(({exit}) => exit));
}

/** What is told once: the same thing, and credentials, of which each service has words of its own. */
const sortOf = ({code, message}: Problem): string => (aboutCredentials.includes(code) && code !== 'no-answer' ? code : `${code} ${message}`);

/** Where the details of a bug of ours are, or how to get them. */
export const detailsWords = (logPath: string | undefined): string =>
	logPath === undefined
		? "The details aren't kept, since the log can't be written: name another folder for it with `XDG_STATE_HOME`, and run it again."
		: `The details are in ${logPath}.`;

function withAdvice(problem: Problem, ...more: (string | undefined)[]): Problem {
	if (more.every((one) => one === undefined)) return problem;
	const {code, message, fault, again, exit, cause} = problem;
	return new Problem({code, message, fault, again, exit, cause, advice: [problem.advice, ...more].filter(Boolean).join('\n')});
}
