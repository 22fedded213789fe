import {keyWords} from '../../answers/question.ts';
import {plainText, signOf, type TerminalLook} from '../words/glyphs.ts';
import {displayWidth} from '../words/width.ts';
import {hintRow} from './hints.ts';
import {keysOf, shown} from './keys.ts';
import {bodyRows, isSmall, isTooSmall, least} from './layout.ts';
import {panelRows, panelSpoken} from './panel/draw.ts';
import {apart, cutRow, emptyRow, type Row, row, type Span, textOf} from './row.ts';
import type {Screen, View} from './screen.ts';
import {walkBody, walkSpoken} from './wizard/panes.ts';
import {isWalk} from './wizard/walking.ts';

/** Where a person is: the question's own key, else the screen's word. */
function screenWord(screen: Screen): string {
	const {word, wordFor} = shown(screen);
	return 'walk' in screen && screen.walk ? keyWords(screen.walk.about) : (wordFor?.(screen) ?? word);
}

/** Which question of how many. */
const countWord = (screen: Screen, {wizard}: View): string => (isWalk(screen) && wizard.of > 0 ? `   ${wizard.at} of ${wizard.of}` : '');

/** What ctrl-c has begun, in place of the screen's name. */
const stopWords = {1: 'stopping after this call', 2: 'stopping now'} as const;

/** An account's number as AWS writes it: `1234-5678-9012`. */
const accountWords = (account: string): string => (/^\d{12}$/.test(account) ? account.replace(/(\d{4})(\d{4})(\d{4})/, '$1-$2-$3') : account);

/** The header: what is being done on the left, where on the right; the account goes first where it's narrow. */
function headerRow(screen: Screen, view: View): Row {
	const {state, title, columns, look, stops} = view;
	const doing = stops === 0 ? screenWord(screen) : stopWords[stops];
	const left = ` ${title} ${signOf('focus', look)} ${doing}`;
	const {target} = state;
	const count = countWord(screen, view);
	const parts = target ? [...(target.demo ? ['demo'] : []), accountWords(target.account), target.region, target.fleet] : [];
	const dot = ` ${signOf('dot', look)} `;
	const kept = isSmall(view) ? 0 : 1;
	while (parts.length > kept && displayWidth(left) + displayWidth(parts.join(dot)) + count.length + 2 > columns)
		parts.splice(target?.demo && parts.length > 2 ? 1 : 0, 1);
	const right: Span[] = [{text: `${parts.join(dot)}${count} `}];
	return apart([{text: left, bold: true, role: stops === 0 ? undefined : 'warning'}], right, columns, look);
}

function tooSmall({columns, rows, look}: View): Row[] {
	const say = [`This needs ${least.columns} columns`, `and ${least.rows} rows. It has`, `${columns} and ${rows}.`, 'With --plain any size does.'];
	return say.slice(0, Math.max(1, rows)).map((text) => cutRow(row(text), columns, look));
}

/** A row in ASCII where the terminal has no Unicode. */
const inAscii = (one: Row, look: TerminalLook): Row =>
	look.ascii ? {...one, spans: one.spans.map((span) => ({...span, text: plainText(span.text, look)}))} : one;

const draw = (screen: Screen, view: View): Row[] => shown(screen).draw(screen, view);

/** What lies between the header and the line of keys. */
const bodyOf = (screen: Screen, view: View): Row[] => (isWalk(screen) ? walkBody(screen, view, shown(screen)) : draw(screen, view));

/** The whole terminal, row by row: header, screen, keys. Pure; never more rows or columns than there are. */
export function frameOf(screen: Screen, view: View): Row[] {
	if (isTooSmall(view)) return tooSmall(view);
	// The panel says in its own head where it is.
	if (screen.is === 'panel')
		return [...panelRows(screen, view), hintRow(keysOf(screen, view), view.columns, view.look)].map((one) =>
			// Signs in ASCII are wider; without them every row but the keys' is cut already.
			view.look.ascii || displayWidth(textOf(one)) > view.columns ? cutRow(inAscii(one, view.look), view.columns, view.look) : one,
		);
	const body = bodyOf(screen, view).slice(0, bodyRows(view.rows));
	const filler = Array.from({length: bodyRows(view.rows) - body.length}, () => emptyRow);
	return [headerRow(screen, view), ...body, ...filler, hintRow(keysOf(screen, view), view.columns, view.look)].map((one) =>
		cutRow(inAscii(one, view.look), view.columns, view.look),
	);
}

/** The same for a screen reader: no padding, no drawing, nothing cut. */
export const spokenRows = (screen: Screen, view: View): Row[] =>
	[...(screen.is === 'panel' ? panelSpoken(screen, view) : otherSpoken(screen, view)), hintRow(keysOf(screen, view), 400, view.look)].map((one) =>
		inAscii(one, view.look),
	);

const otherSpoken = (screen: Screen, view: View): Row[] => [
	headerRow(screen, view),
	...(isWalk(screen) ? walkSpoken(screen, view, shown(screen)) : draw(screen, view)).filter(({drawing}) => !drawing),
];
