import type {Asked, Choice} from '../../../answers/question.ts';
import {shownAs, toText} from '../../../answers/value.ts';
import type {Walking, WizardMove, WizardShown, WizardTerminal} from '../../wizard/seen.ts';
import type {Move, Press, Screen, Store, View} from '../screen.ts';
import {choicesOf, chooseFor, focusedIn, withChoices} from '../screens/choose.ts';
import {fieldFor, valueIn} from '../screens/field.ts';
import {type OverviewScreen, overviewScreen} from '../screens/overview.ts';

/** The list for a question, or a field where its answer is typed. */
function screenFor(asked: Asked, walk: Walking): Screen {
	const choices = choicesOf(asked);
	return choices ? chooseFor(asked, choices, walk) : fieldFor(asked, undefined, walk);
}

/** A question's screen. Until its live choices are there, the default can be taken, and what each region has. */
function questionScreen(asked: Asked, {loading, ...walk}: Walking): Screen {
	if (!loading) return screenFor(asked, walk);
	const {default: fallback, question} = asked;
	const known: readonly unknown[] = 'regional' in question ? (question.known ?? []) : [];
	const values = fallback && !known.includes(fallback.value) ? [fallback.value, ...known] : known;
	const usual: Choice<unknown>[] = fallback ? values.map((value) => ({value, label: toText(value, shownAs(question))})) : [];
	return usual.length > 0 ? chooseFor({...asked, choices: usual}, usual, {...walk, loading}) : fieldFor(asked, undefined, {...walk, loading});
}

/** The screen with the choices that have come, if it is still about that question. */
function filled(screen: Screen, asked: Asked, walking: Walking): Screen {
	const isOurs = (screen.is === 'choose' || screen.is === 'field') && screen.walk?.about === walking.about && screen.asked.question === asked.question;
	if (!isOurs) return screen;
	const choices = choicesOf(asked);
	if (screen.is === 'choose' && choices) return withChoices(screen, asked, choices);
	if (screen.is === 'choose') return fieldFor(asked, undefined, walking);
	// Letters that were typed meanwhile stay, and are judged by what has come.
	return screen.draft.text === '' ? screenFor(asked, walking) : {...screen, asked, walk: walking};
}

/** The value that a question would be answered with now, for the checks beside it; nothing where there is none. */
function valueOn(screen: Screen): unknown {
	if (screen.is === 'choose') {
		const on = focusedIn(screen);
		return on?.disabled === undefined && on !== undefined && screen.asked.wrong(on.value) === undefined ? on.value : undefined;
	}
	return screen.is === 'field' ? valueIn(screen) : undefined;
}

/** The wizard's terminal while it is open, and what the face does with presses and moves meanwhile. */
type OpenWizardTerminal = {
	terminal: WizardTerminal;
	/** True when the press has to wait, since nobody listens right now. */
	holds(press: Press, view: View): boolean;
	take(move: WizardMove): void;
	changed(screen: Screen): void;
	end(): void;
};

/** Opens a terminal for the wizard: its screens lie on those that the store holds now. */
export function openWizardTerminal(
	store: Store,
	press: (press: Press, view: View) => void,
	handOver: WizardTerminal['handOver'],
	later: WizardTerminal['later'],
): OpenWizardTerminal {
	const depth = store.now().screens.length;
	const held: {press: Press; view: View}[] = [];
	let hears: ((move: WizardMove) => void) | undefined;
	let listener: ((value: unknown) => void) | undefined;
	/** Where the cursor of the review was when it was left. */
	let review: OverviewScreen = overviewScreen;
	const below = (): [Screen, ...Screen[]] => {
		const [bottom, ...above] = store.now().screens;
		return [bottom, ...above.slice(0, depth - 1)];
	};
	const screenOf = (shown: WizardShown): Screen => {
		if (shown.is === 'question') return questionScreen(shown.asked, shown.walking);
		return shown.is === 'review' ? review : shown;
	};
	const drain = (): void => {
		while (hears && held.length > 0) {
			const one = held.shift();
			if (one) press(one.press, {...one.view, ...store.now()});
		}
	};
	const terminal: WizardTerminal = {
		show: (shown) => store.set(() => ({screens: [...below(), screenOf(shown)]})),
		filled: (asked, walking) =>
			store.set(({screens: [bottom, ...above]}) => ({
				screens: [bottom, ...above.map((screen, at) => (at === depth - 1 ? filled(screen, asked, walking) : screen))],
			})),
		tell: (seen) => store.set(({wizard}) => ({wizard: {...wizard, ...seen}})),
		next() {
			const heard = new Promise<WizardMove>((resolve) => {
				hears = (move) => {
					hears = undefined;
					resolve(move);
				};
			});
			drain();
			return heard;
		},
		onThought(heard) {
			listener = heard;
		},
		handOver,
		later,
	};
	return {
		terminal,
		holds(one, view) {
			if (hears || ('key' in one && one.key === 'ctrl-c')) return false;
			held.push({press: one, view});
			return true;
		},
		take: (move) => hears?.(move),
		changed(screen) {
			if (screen.is === 'overview') review = screen;
			if (screen.is === 'choose' || screen.is === 'field') listener?.(valueOn(screen));
		},
		end: () => store.set(() => ({screens: below()})),
	};
}

/** What of a move is the walk's own. */
export const wizardMoveIn = (move: Move): WizardMove | undefined =>
	'wizard' in move ? move.wizard : 'answer' in move ? {do: 'answer', value: move.answer} : undefined;
