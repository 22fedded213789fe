import type {Press} from '../press.ts';
import type {Move, Screen, View} from '../screen.ts';
import type {Store} from '../store.ts';
import type {WizardMove, WizardSeen} from './seen.ts';

/** What the wizard has of the terminal: it shows its screens there, one at a time, and hears what is done on them. */
export type WizardTerminal = {
	/** Shows a screen in place of the last one. */
	show(screen: Screen): void;
	/** Changes the screen that is shown, whatever lies on top of it. */
	update(change: (screen: Screen) => Screen): void;
	tell(seen: Partial<WizardSeen>): void;
	seen(): WizardSeen;
	/** The next thing that is done. What is pressed meanwhile waits. */
	next(): Promise<WizardMove>;
	/** Hears of each change of the screen on top: the cursor moved, a letter was typed. */
	onChange(listener: ((screen: Screen) => void) | undefined): void;
	/** Hands the terminal to a command, and takes it back. */
	handOver(run: () => boolean): Promise<boolean>;
	later(callback: () => void, ms: number): () => void;
};

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
	let listener: ((screen: Screen) => void) | undefined;
	const below = (): [Screen, ...Screen[]] => {
		const [bottom, ...above] = store.now().screens;
		return [bottom, ...above.slice(0, depth - 1)];
	};
	const drain = (): void => {
		while (hears && held.length > 0) {
			const one = held.shift();
			if (one) press(one.press, {...one.view, ...store.now()});
		}
	};
	const terminal: WizardTerminal = {
		show: (screen) => store.set(() => ({screens: [...below(), screen]})),
		update: (change) =>
			store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.map((screen, at) => (at === depth - 1 ? change(screen) : screen))]})),
		tell: (seen) => store.set(({wizard}) => ({wizard: {...wizard, ...seen}})),
		seen: () => store.now().wizard,
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
		onChange(heard) {
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
		changed: (screen) => listener?.(screen),
		end: () => store.set(() => ({screens: below()})),
	};
}

/** What of a move is the walk's own. */
export const wizardMoveIn = (move: Move): WizardMove | undefined =>
	'wizard' in move ? move.wizard : 'answer' in move ? {do: 'answer', value: move.answer} : undefined;
