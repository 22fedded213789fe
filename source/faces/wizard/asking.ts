import {inOrder, questions} from '../../answers/all.ts';
import {liveChoices, putAtOnce, withLive} from '../../answers/interview.ts';
import {type Asked, keyWords} from '../../answers/question.ts';
import {inWords} from '../../answers/value.ts';
import type {WalkState} from '../../answers/walk.ts';
import type {AnswerKey} from '../../fleet.ts';
import type {Interviewer, LeftAnswers} from '../face.ts';
import type {Walking, WizardTerminal} from './seen.ts';

/** Milliseconds that live choices may take before the question is shown without them. */
const patience = 40;

/**
 * Shows a question. Its live choices were mostly asked for ahead; where they take longer, they come to it as they come. What nothing goes on without,
 * such as a session, is thrown; once the question is shown already, it's told to `hindered`.
 */
export async function showQuestion(
	terminal: WizardTerminal,
	state: WalkState,
	key: AnswerKey,
	walking: Walking,
	hindered: (why: unknown) => void,
): Promise<void> {
	const {walk, settled} = state;
	const asked = await putAtOnce(state, key);
	const isListed = questions[key].kind === 'choice';
	const coming = liveChoices(key, walk.asking(settled.given));
	const soon = isListed
		? await Promise.race([coming, new Promise<undefined>((resolve) => void terminal.later(() => resolve(undefined), patience))])
		: await coming;
	if (soon) return terminal.show({is: 'question', asked: withLive(asked, soon), walking});
	terminal.show({is: 'question', asked, walking: {...walking, loading: true}});
	void coming.then((live) => terminal.filled(withLive(asked, live), walking), hindered);
}

/** Asks whether to go on with the answers of before. */
export async function draftTaken(terminal: WizardTerminal, {says, answers}: LeftAnswers): Promise<boolean> {
	const told = inOrder.flatMap(({id, unit, written}) => (answers[id] === undefined ? [] : [`${keyWords(id)} ${inWords(answers[id], {unit, written})}`]));
	const asked: Asked = {
		question: {
			id: 'which',
			flag: '--preset',
			title: 'Go on where you left the questions?',
			help: `${says} are kept here${told.length === 0 ? '' : `: ${told.join(', ')}`}. No secret is among them.`,
			kind: 'choice',
			closed: true,
		},
		choices: [
			{value: true, label: 'go on', hint: 'with these answers; each can still be changed'},
			{value: false, label: 'begin anew', hint: 'they are forgotten'},
		],
		default: {value: true},
		wrong: (value) => (typeof value === 'boolean' ? undefined : 'It takes one of the two.'),
	};
	terminal.show({is: 'question', asked, walking: {about: 'draft', back: false}});
	for (;;) {
		const move = await terminal.next();
		if (move.do === 'answer') return move.value === true;
	}
}

/** Asks ahead for the choices of questions to come; what they end with is met when they are put. */
export function prefetch({walk, settled}: WalkState, keys: readonly AnswerKey[]): void {
	for (const key of keys) void liveChoices(key, walk.asking(settled.given)).catch(() => undefined);
}

/** What costs are asked for and told with. `pricing` counts up each time that they are asked for: only the newest are told. */
type Pricing = {interviewer: Interviewer; terminal: WizardTerminal; pricing: number};

/** Says what the answers that are looked at now cost, once it's known. What the plan or the prices fail of is met at the review. */
export function priceNow(walker: Pricing): void {
	void tellCosts(walker).catch(() => undefined);
}

/** Tells the costs of the newest plan; costs that were asked for before are told no more. */
export async function tellCosts(walker: Pricing): Promise<void> {
	const {interviewer, terminal} = walker;
	const mine = ++walker.pricing;
	const ended = await interviewer.plan.ended();
	const costs = ended ? await interviewer.costs(ended) : [];
	if (mine === walker.pricing) terminal.tell({costs});
}
