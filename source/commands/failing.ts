import {Problem} from '../problem.ts';
import type {Session} from './session.ts';

/** Tells problems, each once, and gives the exit code: that of the gravest. `last` is what to do after all of them. */
export function failAll({face, world}: Session, problems: readonly Problem[], last?: string): number {
	const each = [...new Map(problems.map((problem) => [`${problem.code} ${problem.message}`, problem])).values()];
	for (const [index, problem] of each.entries()) {
		if (problem.fault === 'bug') world.disk.log(`${problem.message}\n${String(problem.cause instanceof Error ? problem.cause.stack : problem.cause)}`);
		const isLast = index === each.length - 1;
		face.fail(isLast && last !== undefined ? withAdvice(problem, last) : problem);
	}
	return Math.max(1, ...each.map(({exit}) => exit));
}

function withAdvice(problem: Problem, last: string): Problem {
	const {code, message, fault, again, exit, cause} = problem;
	return new Problem({code, message, fault, again, exit, cause, advice: [problem.advice, last].filter(Boolean).join('\n')});
}
