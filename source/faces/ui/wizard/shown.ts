import type {Asked} from '../../../answers/ask.ts';
import type {Choice} from '../../../answers/question.ts';
import {shownAs, toText} from '../../../answers/value.ts';
import type {Walking} from '../../wizard/terminal.ts';
import type {Screen} from '../screen.ts';
import {choicesOf, chooseFor, focusedIn, withChoices} from '../screens/choose.ts';
import {fieldFor, valueIn} from '../screens/field.ts';

/** The list for a question, or a field where its answer is typed. */
function screenFor(asked: Asked, walk: Walking): Screen {
	const choices = choicesOf(asked);
	return choices ? chooseFor(asked, choices, walk) : fieldFor(asked, undefined, walk);
}

/** A question's screen. Until its live choices are there, the default can be taken, and what each region has. */
export function questionScreen(asked: Asked, {loading, ...walk}: Walking): Screen {
	if (!loading) return screenFor(asked, walk);
	const {default: fallback, question} = asked;
	const known: readonly unknown[] = 'regional' in question ? (question.known ?? []) : [];
	const values = fallback && !known.includes(fallback.value) ? [fallback.value, ...known] : known;
	const usual: Choice<unknown>[] = fallback ? values.map((value) => ({value, label: toText(value, shownAs(question))})) : [];
	return usual.length > 0 ? chooseFor({...asked, choices: usual}, usual, {...walk, loading}) : fieldFor(asked, undefined, walk);
}

/** The screen with the choices that have come, if it is still about that question. */
export function filled(screen: Screen, asked: Asked, walking: Walking): Screen {
	const isOurs = (screen.is === 'choose' || screen.is === 'field') && screen.walk?.about === walking.about && screen.asked.question === asked.question;
	if (!isOurs) return screen;
	const choices = choicesOf(asked);
	if (screen.is === 'choose' && choices) return withChoices(screen, asked, choices);
	if (screen.is === 'choose') return fieldFor(asked, undefined, walking);
	return screen.draft.text === '' ? screenFor(asked, walking) : screen;
}

/** The value that a question would be answered with now, for the checks beside it; nothing where there is none. */
export function valueOn(screen: Screen): unknown {
	if (screen.is === 'choose') {
		const on = focusedIn(screen);
		return on?.disabled === undefined && on !== undefined && screen.asked.wrong(on.value) === undefined ? on.value : undefined;
	}
	return screen.is === 'field' ? valueIn(screen) : undefined;
}
