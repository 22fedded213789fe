import {flagOf} from '../../answers/all.ts';
import {type Asked, isSecret} from '../../answers/question.ts';
import type {Proposal} from '../../engine/step.ts';
import {Problem} from '../../problem.ts';

/** Why nobody can be asked, as the middle of a sentence. */
type Silence = 'yes' | 'json' | 'no-terminal';

const because: Record<Silence, string> = {
	yes: 'with `--yes` no one is asked',
	json: 'with `--json` no one is asked',
	'no-terminal': 'there is no terminal to ask in',
};

/** How else it is given. */
function waysOf(question: Asked['question']): string {
	if (isSecret(question)) return question.instead;
	if ('flag' in question) return `Name it with \`${question.flag}\`.`;
	return `Give it with \`${flagOf(question.id)}\`, or in a preset with \`--preset\`.`;
}

/** An answer is needed and no one can give it: usage, exit 2, naming the flag. */
export function unanswered(asked: Asked, silence: Silence): Problem {
	const {question} = asked;
	const what = question.title.replace(/[?.]$/, '');
	const refused = asked.refused === undefined ? '' : `${asked.refused} `;
	return new Problem({
		code: 'unanswered',
		exit: 2,
		message: `${refused}"${what}?" has no answer, and ${because[silence]}.`,
		advice: waysOf(question),
	});
}

/** Something has to be agreed to and no one can: usage, exit 2. */
export const unagreed = (proposal: Proposal, silence: Exclude<Silence, 'yes'>): Problem =>
	new Problem({
		code: 'unagreed',
		exit: 2,
		message: `${proposal.says.replace(/\.?$/, '.')} Nobody has agreed to it, and ${because[silence]}.`,
		advice: 'Run the same with `--yes` to agree.',
	});

/** The default as an answer, where someone said yes to everything and it stands up to the validator. */
export const agreedDefault = (asked: Asked): {value: unknown} | undefined =>
	asked.default && asked.refused === undefined && asked.wrong(asked.default.value) === undefined ? {value: asked.default.value} : undefined;
