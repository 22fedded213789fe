import {questions} from '../../../answers/all.ts';
import type {Asked} from '../../../answers/ask.ts';
import {liveChoices, putAtOnce} from '../../../answers/interview.ts';
import type {Choice} from '../../../answers/question.ts';
import {toText} from '../../../answers/value.ts';
import type {WalkState} from '../../../answers/walk.ts';
import type {AnswerKey} from '../../../fleet.ts';
import type {Screen} from '../screen.ts';
import {choicesOf, chooseFor, focusedIn, withChoices} from '../screens/choose.ts';
import {fieldFor, shownAs, valueIn} from '../screens/field.ts';
import type {WizardTerminal} from './terminal.ts';
import type {Walking} from './walking.ts';

/** Milliseconds that live choices may take before the list is shown without them. */
const patience = 40;

/** The list for a question, or a field where its answer is typed. */
const screenFor = (asked: Asked, walk: Walking): Screen => {
	const choices = choicesOf(asked);
	return choices ? chooseFor(asked, choices, walk) : fieldFor(asked, undefined, walk);
};

/** Until the live choices are there, the default can be taken. */
function whileLoading(asked: Asked, walk: Walking): Screen {
	const usual: Choice<unknown>[] = asked.default ? [{value: asked.default.value, label: toText(asked.default.value, shownAs(asked.question))}] : [];
	return usual.length > 0 ? chooseFor({...asked, choices: usual}, usual, {...walk, loading: true}) : fieldFor(asked, undefined, walk);
}

/** Shows a question. Its live choices were mostly asked for ahead; where they take longer, they come into the list as they come. */
export async function showQuestion(terminal: WizardTerminal, state: WalkState, key: AnswerKey, walking: Walking): Promise<Asked> {
	const {walk, settled} = state;
	const asked = await putAtOnce(state, key);
	const isListed = questions[key].kind === 'choice';
	const coming = liveChoices(key, walk.asking(settled.given));
	const soon = isListed
		? await Promise.race([coming, new Promise<undefined>((resolve) => void terminal.later(() => resolve(undefined), patience))])
		: await coming;
	if (soon) {
		terminal.show(screenFor({...asked, ...soon}, walking));
		return {...asked, ...soon};
	}
	terminal.show(whileLoading(asked, walking));
	void coming.then(
		(live) => terminal.update((screen) => filled(screen, {...asked, ...live}, walking)),
		(error: unknown) => terminal.update((screen) => filled(screen, {...asked, note: error instanceof Error ? error.message : String(error)}, walking)),
	);
	return asked;
}

/** The screen with the choices that have come, if it is still about that question. */
function filled(screen: Screen, asked: Asked, walking: Walking): Screen {
	const isOurs = (screen.is === 'choose' || screen.is === 'field') && screen.walk?.about === walking.about && screen.asked.question === asked.question;
	if (!isOurs) return screen;
	const choices = choicesOf(asked);
	if (screen.is === 'choose' && choices) return withChoices(screen, asked, choices);
	if (screen.is === 'choose') return fieldFor(asked, undefined, walking);
	return screen.draft.text === '' ? screenFor(asked, walking) : screen;
}

/** Asks ahead for the choices of questions to come; what they end with is met when they are put. */
export function prefetch({walk, settled}: WalkState, keys: readonly AnswerKey[]): void {
	for (const key of keys) void liveChoices(key, walk.asking(settled.given)).catch(() => undefined);
}

/** The value that a question would be answered with now, for the checks beside it; nothing where there is none. */
export function valueOn(screen: Screen): unknown {
	if (screen.is === 'choose') {
		const on = focusedIn(screen);
		return on?.disabled === undefined && on !== undefined && screen.asked.wrong(on.value) === undefined ? on.value : undefined;
	}
	return screen.is === 'field' ? valueIn(screen) : undefined;
}
