import {questions} from '../../answers/all.ts';
import {liveChoices, putAtOnce} from '../../answers/interview.ts';
import type {WalkState} from '../../answers/walk.ts';
import type {AnswerKey} from '../../fleet.ts';
import type {Walking, WizardTerminal} from './terminal.ts';

/** Milliseconds that live choices may take before the question is shown without them. */
const patience = 40;

/** Shows a question. Its live choices were mostly asked for ahead; where they take longer, they come to it as they come. */
export async function showQuestion(terminal: WizardTerminal, state: WalkState, key: AnswerKey, walking: Walking): Promise<void> {
	const {walk, settled} = state;
	const asked = await putAtOnce(state, key);
	const isListed = questions[key].kind === 'choice';
	const coming = liveChoices(key, walk.asking(settled.given));
	const soon = isListed
		? await Promise.race([coming, new Promise<undefined>((resolve) => void terminal.later(() => resolve(undefined), patience))])
		: await coming;
	if (soon) return terminal.show({is: 'question', asked: {...asked, ...soon}, walking});
	terminal.show({is: 'question', asked, walking: {...walking, loading: true}});
	void coming.then(
		(live) => terminal.filled({...asked, ...live}, walking),
		(error: unknown) => terminal.filled({...asked, note: error instanceof Error ? error.message : String(error)}, walking),
	);
}

/** Asks ahead for the choices of questions to come; what they end with is met when they are put. */
export function prefetch({walk, settled}: WalkState, keys: readonly AnswerKey[]): void {
	for (const key of keys) void liveChoices(key, walk.asking(settled.given)).catch(() => undefined);
}
