import {Problem} from '../problem.ts';
import type {Session} from './session.ts';

/** Tells problems, each once, and gives the exit code: that of the gravest. `last` is what to do after all of them. */
export function failAll({face, world}: Session, problems: readonly Problem[], last?: string): number {
	const each = [...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values()];
	for (const [index, problem] of each.entries()) {
		const where = problem.fault === 'bug' ? `The details are in ${world.disk.logPath}.` : undefined;
		face.fail(withAdvice(problem, where, index === each.length - 1 ? last : undefined));
	}
	return Math.max(1, ...each.map(({exit}) => exit));
}

function withAdvice(problem: Problem, ...more: (string | undefined)[]): Problem {
	if (more.every((one) => one === undefined)) return problem;
	const {code, message, fault, again, exit, cause} = problem;
	return new Problem({code, message, fault, again, exit, cause, advice: [problem.advice, ...more].filter(Boolean).join('\n')});
}
