import type {WizardMove} from '../../wizard/seen.ts';
import type {WizardShown, WizardTerminal} from '../../wizard/terminal.ts';
import type {Press} from '../press.ts';
import type {Move, Screen, View} from '../screen.ts';
import {type OverviewScreen, overviewScreen} from '../screens/overview.ts';
import type {Store} from '../store.ts';
import {filled, questionScreen, valueOn} from './shown.ts';

/** The wizard's terminal while it is open, and what the face does with presses and moves meanwhile. */
export type OpenWizardTerminal = {
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
