import {actKeys, drawAct, drawMoves, movesKeys} from './panel/acting.ts';
import {panelRows} from './panel/draw.ts';
import {drawItem, itemKeys} from './panel/item.ts';
import {panelKeys, typePanelFilter} from './panel/keys.ts';
import type {Press} from './press.ts';
import {nameOf} from './press.ts';
import type {Row} from './row.ts';
import type {Binding, Move, Screen, View} from './screen.ts';
import {byHandKeys, drawByHand} from './screens/by-hand.ts';
import {chooseKeys, drawChoose, typeFilter} from './screens/choose.ts';
import {drawEnd, endKeys} from './screens/end.ts';
import {drawField, fieldKeys, typeField} from './screens/field.ts';
import {drawHelp, helpKeys} from './screens/help.ts';
import {drawHome, homeKeys} from './screens/home.ts';
import {drawLog, logKeys} from './screens/log.ts';
import {drawOverview, overviewKeys} from './screens/overview.ts';
import {drawPlan, planKeys} from './screens/plan.ts';
import {drawReview, reviewKeys, typeWord} from './screens/review.ts';
import {drawRun, runKeys} from './screens/run.ts';
import {drawSave, saveKeys, typeName} from './screens/save.ts';
import {drawTrouble, troubleKeys} from './screens/trouble.ts';
import {drawWatch, watchKeys} from './screens/watch.ts';
import {isWalk} from './wizard/walking.ts';

/** What the screen on top shows. */
export function draw(screen: Screen, view: View): Row[] {
	switch (screen.is) {
		case 'plan':
			return drawPlan(screen, view);
		case 'run':
			return drawRun(screen, view);
		case 'log':
			return drawLog(screen, view);
		case 'review':
			return drawReview(screen, view);
		case 'choose':
			return drawChoose(screen, view);
		case 'field':
			return drawField(screen, view);
		case 'watch':
			return drawWatch(screen, view);
		case 'help':
			return drawHelp(screen, view);
		case 'overview':
			return drawOverview(screen, view);
		case 'hand':
			return drawByHand(screen, view);
		case 'save':
			return drawSave(screen, view);
		case 'trouble':
			return drawTrouble(screen, view);
		case 'end':
			return drawEnd(screen, view);
		case 'home':
			return drawHome(screen, view);
		case 'panel':
			return panelRows(screen, view);
		case 'panel-item':
			return drawItem(screen, view);
		case 'panel-act':
			return drawAct(screen, view);
		case 'panel-moves':
			return drawMoves(screen, view);
	}
}

function ownKeys(screen: Screen, view: View): Binding[] {
	switch (screen.is) {
		case 'plan':
			return planKeys(screen, view);
		case 'run':
			return runKeys(screen, view);
		case 'log':
			return logKeys(screen, view);
		case 'review':
			return reviewKeys(screen, view);
		case 'choose':
			return chooseKeys(screen, view);
		case 'field':
			return fieldKeys(screen, view);
		case 'watch':
			return watchKeys(screen, view);
		case 'help':
			return helpKeys(screen, view);
		case 'overview':
			return overviewKeys(screen, view);
		case 'hand':
			return byHandKeys(screen, view);
		case 'save':
			return saveKeys(screen, view);
		case 'trouble':
			return troubleKeys(screen, view);
		case 'end':
			return endKeys(screen, view);
		case 'home':
			return homeKeys(screen, view);
		case 'panel':
			return panelKeys(screen, view);
		case 'panel-item':
			return itemKeys(screen, view);
		case 'panel-act':
			return actKeys(screen, view);
		case 'panel-moves':
			return movesKeys(screen, view);
	}
}

/** What a letter that is no key does where text is typed. */
function type(screen: Screen, press: Press): Move | undefined {
	if (screen.is === 'field') return typeField(screen, press);
	if (screen.is === 'choose') return typeFilter(screen, press);
	if (screen.is === 'save') return typeName(screen, press);
	if (screen.is === 'panel') return typePanelFilter(screen, press);
	return screen.is === 'review' ? typeWord(screen, press) : undefined;
}

/** Whether letters are text now, so that none is a command. */
const isTyping = (screen: Screen): boolean =>
	screen.is === 'field' ||
	screen.is === 'save' ||
	((screen.is === 'choose' || screen.is === 'panel') && screen.typing) ||
	(screen.is === 'review' && screen.proposal.word !== undefined);

const stopWords = {0: 'stop', 1: 'stop now', 2: 'stopping'} as const;

/** All keys that work on a screen now, its own first; then `?` and the way out. */
export function keysOf(screen: Screen, view: View): Binding[] {
	const own = ownKeys(screen, view);
	const asks = !['plan', 'run', 'log', 'watch', 'help'].includes(screen.is);
	const stop: Binding = {
		press: ['ctrl-c'],
		shows: 'ctrl-c',
		does: isWalk(screen) ? (view.columns >= 140 ? 'leave, nothing made yet' : 'leave') : asks ? 'end' : stopWords[view.stops],
		stays: true,
		act: () => ({stop: true}),
	};
	if (screen.is === 'help') return [...own, stop];
	// In a text `?` is a letter; F1 can't be told apart (stack §5).
	const help: Binding = {
		press: isTyping(screen) ? ['ctrl-k'] : ['?'],
		shows: isTyping(screen) ? 'ctrl-k' : '?',
		does: 'keys',
		stays: true,
		act: () => ({push: {is: 'help', bindings: [...own, stop]}}),
	};
	return [...own, help, stop];
}

/** What a press does on a screen: by its table of keys, else as text. */
export function moveFor(screen: Screen, view: View, press: Press): Move | undefined {
	const pasted = 'text' in press && press.pasted === true;
	const binding = pasted ? undefined : keysOf(screen, view).find((one) => one.press.includes(nameOf(press)));
	return binding ? binding.act() : type(screen, press);
}
