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

const stopWords = {0: 'stop', 1: 'stop now', 2: 'stopping'} as const;

/** All keys that work on a screen now, its own first; then `?` and the way out. */
export function keysOf(screen: Screen, view: View): Binding[] {
	const {about, keys, isTyping, watches} = shown(screen);
	const own = keys(screen, view);
	const isText = isTyping?.(screen) ?? false;
	const stop: Binding = {
		press: ['ctrl-c'],
		shows: 'ctrl-c',
		does:
			isWalk(screen) || (screen.is === 'plan' && screen.over)
				? view.columns >= 140
					? 'leave, nothing made yet'
					: 'leave'
				: watches
					? stopWords[view.stops]
					: 'end',
		stays: true,
		act: () => ({stop: true}),
	};
	if (screen.is === 'help') return [...own, stop];
	const help: Binding = {
		press: [isText ? helpInText : '?'],
		shows: isText ? helpInText : '?',
		does: about ? 'help' : 'keys',
		stays: true,
		act: () => ({push: {is: 'help', bindings: [...own, stop], ...(about ? {about: about(screen, view)} : {})}}),
	};
	return [...own, help, stop];
}

/** What a press does on a screen: by its table of keys, else as text. */
export function moveFor(screen: Screen, view: View, press: Press): Move | undefined {
	const pasted = 'text' in press && press.pasted === true;
	const binding = pasted ? undefined : keysOf(screen, view).find((one) => one.press.includes(nameOf(press)));
	return binding ? binding.act() : shown(screen).type?.(screen, press, view);
}
