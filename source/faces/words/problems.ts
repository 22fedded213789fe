import type {Line} from './lines.ts';
import type {ProblemSeen} from './run-state.ts';

/** Whether a code is the service's own, such as `InvalidGroup.Duplicate`; ours are in kebab-case. */
const isForeign = (code: string): boolean => /[A-Z]/.test(code);

/** What happened and why; the service's own code comes last, in brackets, for searching. */
export const sentenceOf = ({code, message}: ProblemSeen): string => (isForeign(code) && !message.includes(code) ? `${message} (${code})` : message);

/** A problem as a block: what happened, then what to do. */
export function problemLines(problem: ProblemSeen, indent = 0, subject?: string): Line[] {
	const what: Line = {mark: 'failed', text: (subject === undefined ? '' : `${subject}: `) + sentenceOf(problem), indent};
	return problem.advice === undefined ? [what] : [what, {text: problem.advice, indent: indent + 2}];
}
