import {act, moves} from './panel/acting.ts';
import {item} from './panel/item.ts';
import {panel} from './panel/keys.ts';
import {type Binding, type Move, nameOf, type Press, type Screen, type ScreenByName, type ScreenSpec, type View} from './screen.ts';
import {byHand} from './screens/by-hand.ts';
import {choose} from './screens/choose.ts';
import {end} from './screens/end.ts';
import {field} from './screens/field.ts';
import {help} from './screens/help.ts';
import {home} from './screens/home.ts';
import {log} from './screens/log.ts';
import {overview} from './screens/overview.ts';
import {plan} from './screens/plan.ts';
import {review} from './screens/review.ts';
import {run} from './screens/run.ts';
import {save} from './screens/save.ts';
import {trouble} from './screens/trouble.ts';
import {watch} from './screens/watch.ts';
import {isWalk} from './wizard/walking.ts';

/** All screens: a new one is its file and a line here. */
const screens: {readonly [Is in keyof ScreenByName]: ScreenSpec<ScreenByName[Is]>} = {
	plan,
	run,
	log,
	review,
	choose,
	field,
	watch,
	help,
	overview,
	hand: byHand,
	save,
	trouble,
	end,
	home,
	'panel-item': item,
	'panel-act': act,
	'panel-moves': moves,
	panel,
};

/** How the screen on top is shown. */
export const shown = (screen: Screen): ScreenSpec<Screen> => screens[screen.is];

/** In a text `?` is a letter. Ink 8 gives F1 as an empty input without any flag, so it's nano's key; no line of a shell has another use for it. */
const helpInText = 'ctrl-g';

const quits = 'quit';
const stopWords = {0: 'stop', 1: 'stop now', 2: 'stopping'} as const;

/** ctrl-c, in one of two words: what goes on is stopped, all else is quit. Where `q` quits too one of them in the line of keys is enough. */
function stopKey(screen: Screen, view: View, own: readonly Binding[]): Binding {
	const unmade = isWalk(screen) || (screen.is === 'plan' && screen.over === true);
	const stops = !unmade && shown(screen).watches === true;
	const does = stops ? stopWords[view.stops] : unmade && view.columns >= 140 ? `${quits}, nothing made yet` : quits;
	const key = own.some((one) => one.does === quits) ? {shows: '', does: '', help: {key: 'ctrl-c', says: does}} : {shows: 'ctrl-c', does};
	return {press: ['ctrl-c'], ...key, stays: true, act: () => ({stop: true})};
}

/** All keys that work on a screen now, its own first; then `?` and the way out. */
export function keysOf(screen: Screen, view: View): Binding[] {
	const {about, keys, isTyping} = shown(screen);
	const own = keys(screen, view);
	const told = about?.(screen, view) ?? [];
	const isText = isTyping?.(screen) ?? false;
	if (screen.is === 'help') return [...own, ...screen.bindings.filter(({press}) => press.includes('ctrl-c'))];
	const stop = stopKey(screen, view, own);
	const help: Binding = {
		press: [isText ? helpInText : '?'],
		shows: isText ? helpInText : '?',
		does: told.length > 0 ? 'help' : 'keys',
		stays: true,
		act: () => ({push: {is: 'help', bindings: [...own, stop], ...(told.length > 0 ? {about: told} : {})}}),
	};
	return [...own, help, stop];
}

/** What a press does on a screen: by its table of keys, else as text. */
export function moveFor(screen: Screen, view: View, press: Press): Move | undefined {
	const pasted = 'text' in press && press.pasted === true;
	const binding = pasted ? undefined : keysOf(screen, view).find((one) => one.press.includes(nameOf(press)));
	return binding ? binding.act() : shown(screen).type?.(screen, press, view);
}
