import type {Proposal} from '../../../engine/step.ts';
import {plainText, signOf} from '../../words/glyphs.ts';
import {alignedColumns, wrapColumns, wrapWhole} from '../../words/wrapping.ts';
import {bodyRows} from '../layout.ts';
import {emptyRow, type Row, row} from '../row.ts';
import type {Draw, Keys, Move, Press, ScreenSpec, View} from '../screen.ts';
import {type Draft, draftOf, draftSpans, typedInto} from './field.ts';

/** Something to agree to: with Enter, or by typing its word. `top` is the first detail shown. */
type ReviewScreen = {is: 'review'; proposal: Proposal; top: number; draft: Draft; refused?: string};
declare module '../screen.ts' {
	interface ScreenByName {
		review: ReviewScreen;
	}
}

export const reviewOf = (proposal: Proposal): ReviewScreen => ({is: 'review', proposal, top: 0, draft: draftOf('')});

function entered(screen: ReviewScreen): Move {
	const {proposal, draft} = screen;
	if (proposal.word === undefined || draft.text.trim() === proposal.word) return {agree: true};
	return {to: {...screen, refused: `Only "${proposal.word}", typed whole, agrees. Escape leaves everything as it is.`}};
}

/** What a letter does where a word is typed, or nothing. */
function typeWord(screen: ReviewScreen, press: Press): Move | undefined {
	if (screen.proposal.word === undefined) return undefined;
	const draft = typedInto(screen.draft, press);
	const {refused: _refused, ...rest} = screen;
	return draft && {to: {...rest, draft}};
}

const detailsOf = ({proposal}: ReviewScreen, {columns, look}: View): string[] =>
	alignedColumns(
		proposal.details.map((line) => plainText(line, look)),
		columns - 4,
	).flatMap((line) => (line.trim() === '' ? [''] : wrapColumns(line, columns - 4)));

const refusedRows = ({refused}: ReviewScreen, {columns, look}: View): Row[] =>
	refused === undefined ? [] : wrapWhole(plainText(refused, look), columns - 2).map((text) => row(' ', {text, role: 'blocked'}));

const footHeight = (screen: ReviewScreen, view: View): number => (screen.proposal.word === undefined ? 0 : 3) + refusedRows(screen, view).length;

function headRows({proposal}: ReviewScreen, {columns, look}: View): Row[] {
	return [...wrapWhole(plainText(proposal.says, look), columns - 2).map((text) => row(' ', {text, bold: true})), emptyRow];
}

const pageOf = (screen: ReviewScreen, view: View): number => Math.max(1, bodyRows(view.rows) - headRows(screen, view).length - footHeight(screen, view) - 1);

function scrolled(screen: ReviewScreen, view: View, by: number): Move {
	const last = Math.max(0, detailsOf(screen, view).length - pageOf(screen, view));
	return {to: {...screen, top: Math.min(last, Math.max(0, screen.top + by))}};
}

const reviewKeys: Keys<ReviewScreen> = (screen, view) => {
	const {proposal} = screen;
	const {look} = view;
	const letters = proposal.word === undefined;
	const scrolls = detailsOf(screen, view).length > pageOf(screen, view);
	return [
		{press: ['enter'], shows: signOf('enter', look), does: letters ? (proposal.does ?? 'do it') : 'agree', act: () => entered(screen)},
		...(scrolls
			? [
					{press: letters ? ['up', 'k'] : ['up'], shows: signOf('upDown', look), does: 'scroll', act: () => scrolled(screen, view, -1)},
					{press: letters ? ['down', 'j'] : ['down'], shows: '', does: '', act: () => scrolled(screen, view, 1)},
					{press: ['pageup'], shows: '', does: '', act: () => scrolled(screen, view, -pageOf(screen, view))},
					{press: ['pagedown'], shows: '', does: '', act: () => scrolled(screen, view, pageOf(screen, view))},
				]
			: []),
		{press: letters ? ['escape', 'n', 'q'] : ['escape'], shows: 'esc', does: 'leave it', act: (): Move => ({agree: false})},
	];
};

const drawReview: Draw<ReviewScreen> = (screen, view) => {
	const {look, columns} = view;
	const page = pageOf(screen, view);
	const details = detailsOf(screen, view);
	const shown = details.slice(screen.top, screen.top + page).map((text) => row(`   ${text}`));
	const left = details.length - screen.top - shown.length;
	const beyond = [...(screen.top > 0 ? [`${signOf('up', look)} ${screen.top} more`] : []), ...(left > 0 ? [`${signOf('down', look)} ${left} more`] : [])];
	const more = beyond.length > 0 ? [row({text: `   ${beyond.join('  ')}`, role: 'quiet'})] : [];
	const word = screen.proposal.word;
	const foot: Row[] =
		word === undefined
			? []
			: [
					emptyRow,
					row(` Type ${word} to agree:`),
					row({text: ` ${signOf('focus', look)} `, role: 'accent'}, ...draftSpans(screen.draft, false, columns - 6, look)),
				];
	return [...headRows(screen, view), ...shown, ...more, ...foot, ...refusedRows(screen, view)];
};

export const review: ScreenSpec<ReviewScreen> = {
	word: 'review',
	draw: drawReview,
	keys: reviewKeys,
	type: typeWord,
	isTyping: ({proposal}) => proposal.word !== undefined,
};
