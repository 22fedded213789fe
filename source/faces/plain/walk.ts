import {flagOf, inOrder} from '../../answers/all.ts';
import {isSecret, keyWords} from '../../answers/question.ts';
import {cameFrom} from '../../answers/walk.ts';
import type {AnswerKey} from '../../fleet.ts';
import {
	answerOf,
	blockedIn,
	introduction,
	mendable,
	mendsOf,
	nothingSeen,
	type WizardMove,
	type WizardNews,
	type WizardSeen,
	type WizardShown,
	type WizardTerminal,
} from '../wizard/seen.ts';
import type {Mark} from '../words/glyphs.ts';
import {type Line, problemLines, sentenceOf} from '../words/lines.ts';
import {inLine, type RunState, type StepSeen, saysSomething, stepIn} from '../words/run-state.ts';
import {findingLines} from '../words/sentences.ts';
import {choiceLines, choicesOf, helpLines, meaning, promptOf, questionLines, type Talk} from './prompts.ts';

type QuestionShown = Extract<WizardShown, {is: 'question'}>;

/** What is typed instead of an answer: no answer begins so. */
type Word = {typed: string; does: string; when?(shown: WizardShown, state: RunState, seen: WizardSeen): boolean};

const words: readonly Word[] = [
	{typed: '<', does: 'goes back', when: (shown) => (shown.is === 'question' ? shown.walking.back : shown.is === 'review' || shown.back)},
	{typed: ':fix', does: 'takes what mends the first blocked thing', when: (_, state) => mendable(state) !== undefined},
	{typed: ':create', does: 'has the runner made with a GitLab token', when: (shown) => shown.is === 'question' && shown.walking.create === true},
	{typed: ':all', does: 'asks every question', when: (shown, _, seen) => shown.is !== 'trouble' && !seen.everything},
	{typed: ':plan', does: 'says what is found so far', when: (_, {steps}) => steps.length > 0},
	{typed: ':commands', does: 'says the commands of AWS and of a shell that do the same', when: (_, __, {byHand}) => byHand.length > 0},
	{typed: ':token', does: "gives another of the runner's token", when: (shown, _, {secret}) => shown.is === 'review' && secret !== undefined},
	{typed: ':save NAME', does: 'saves these answers as a preset', when: (shown) => shown.is === 'review'},
	{typed: ':again', does: 'looks again'},
	{typed: ':login', does: 'logs in to AWS', when: (_, __, {login}) => login !== undefined},
];

const newsMark: Record<WizardNews['role'], Mark> = {ready: 'done', blocked: 'blocked', warning: 'note'};

/** A blocked thing: what and why, and what mends it. */
function blockedLines(step: StepSeen, state: RunState): Line[] {
	const {finding} = step;
	const problem = finding?.problem;
	const says = problem ? sentenceOf(problem) : (finding?.says ?? '');
	const key = answerOf(step.name);
	const way =
		finding && mendsOf(finding)
			? `${step.name === mendable(state)?.name ? ':fix takes' : 'What would mend it:'} ${finding.fix ?? 'the answer that mends it'}.`
			: [problem?.advice, key === undefined ? undefined : `It is about the answer ${keyWords(key)}.`].filter(Boolean).join(' ');
	return [{mark: 'blocked', text: `${inLine(step.title)}: blocked: ${says}`}, ...(way === '' ? [] : [{text: way, indent: 2}])];
}

/** The answer that a line names: by its words, its key or its flag. */
export const keyNamed = (text: string): AnswerKey | undefined => inOrder.find(({id}) => [id, keyWords(id), flagOf(id), flagOf(id).slice(2)].includes(text))?.id;

function reviewLines(seen: WizardSeen, state: RunState): Line[] {
	const width = Math.max(0, ...seen.answers.map(({key}) => keyWords(key).length));
	const blocked = blockedIn(state);
	const where = state.target ? ` of ${state.target.fleet} in ${state.target.region}` : '';
	return [
		{
			text: `Review${where}: ${blocked.length > 0 ? 'something is blocked, so nothing can be made yet.' : `this is what is ${seen.changes ? 'changed' : 'made'}.`}`,
		},
		...state.steps.flatMap((step) => (step.finding && step.finding.is !== 'blocked' ? findingLines(step, step.finding, state) : [])),
		...blocked.flatMap((step) => blockedLines(step, state)),
		...seen.costs.map((text): Line => ({text})),
		{text: 'The answers:'},
		...seen.answers.map(
			({key, value, wrong, ...from}, at): Line => ({
				subject: `${`${at + 1}`.padStart(`${seen.answers.length}`.length)}  ${keyWords(key).padEnd(width)}`,
				text: `${value} (${cameFrom(from)})${wrong === undefined ? '' : ` ${wrong}`}`,
				indent: 2,
			}),
		),
		...(seen.secret === undefined ? [] : [{text: `${seen.secret}: given`, indent: 2}]),
	];
}

/** The walk through the questions as lines: each is put below the one before, answered by a number or a value, and nothing is ever redrawn. */
export function walkInLines({say, ask}: Talk, state: () => RunState): WizardTerminal {
	let seen: WizardSeen = nothingSeen;
	let shown: WizardShown | undefined;
	/** Blocked things that were told, so that each is told once. */
	let told = new Set<string>();
	/** Whether what is shown has been said. */
	let isSaid = false;
	/** The question with its choices, once these have come. */
	let filled = Promise.withResolvers<QuestionShown>();
	/** Told once it's known what would be made, and what it costs. */
	let looked = Promise.withResolvers<void>();

	const here = (): readonly Word[] => words.filter(({when}) => !shown || (when?.(shown, state(), seen) ?? true));
	const tellBlocked = (): void => {
		const now = new Map(blockedIn(state()).map((step) => [`${step.name} ${step.finding?.says}`, step]));
		for (const [name, step] of now) if (!told.has(name)) say(blockedLines(step, state()));
		told = new Set(now.keys());
	};

	/** Says what is shown, the first time that somebody waits on it. */
	const once = (work: () => void): void => {
		if (!isSaid) work();
		isSaid = true;
	};

	/** Does what a word says by itself; gives the move where it is one, and nothing where it only said something. */
	function worded(word: string, rest: string): WizardMove | undefined {
		switch (word) {
			case '<':
				return {do: 'back'};
			case ':fix': {
				const finding = mendable(state())?.finding;
				const answers = finding && mendsOf(finding);
				return answers && {do: 'mend', answers, says: finding.fix ?? ''};
			}
			case ':create':
				return {do: 'create'};
			case ':all':
				return {do: 'everything'};
			case ':token':
				return {do: 'secret'};
			case ':again':
				return {do: 'again'};
			case ':login':
				return {do: 'login'};
			case ':save':
				if (rest !== '') return {do: 'save', name: rest};
				say([{mark: 'blocked', text: 'It takes a name: :save mine.'}]);
				return undefined;
			case ':plan':
				say(state().steps.flatMap((step) => (step.finding ? findingLines(step, step.finding, state()) : [])));
				return undefined;
			default:
				say(
					seen.byHand.flatMap(({lines, step, title}) =>
						lines.length === 0 || !saysSomething(stepIn(state(), step))
							? []
							: [{text: title}, ...lines.map((text): Line => ({text, verbatim: true, indent: 2}))],
					),
				);
				return undefined;
		}
	}

	/** What a line is besides an answer: help, a word, or nothing of it. */
	function instead(typed: string, help: () => Line[]): {move: WizardMove | undefined} | undefined {
		const text = typed.trim();
		const [first = '', ...rest] = text.split(/\s+/);
		if (text === '?') {
			const width = Math.max(...here().map((one) => one.typed.length));
			say([...help(), {text: 'Besides:'}, ...here().map((one): Line => ({subject: one.typed, subjectWidth: width, text: one.does, indent: 2}))]);
			return {move: undefined};
		}
		if (text !== '<' && !/^:[a-z]/.test(text)) return undefined;
		if (here().some((one) => one.typed.split(' ')[0] === first)) return {move: worded(first, rest.join(' '))};
		say([{mark: 'blocked', text: text === '<' ? 'This is the first one.' : `${first} does nothing here; ? says what does.`}]);
		return {move: undefined};
	}

	async function question(put: QuestionShown): Promise<WizardMove> {
		const {asked, walking} = put.walking.loading ? await filled.promise : put;
		let listed = choicesOf(asked);
		once(() => {
			if (seen.at === 1 && !walking.change) say([{text: introduction}]);
			tellBlocked();
			say(questionLines(asked, listed, seen.of > 0 && !walking.change ? ` (${seen.at} of ${seen.of})` : ''));
		});
		for (;;) {
			const typed = await ask(promptOf(asked, listed), isSecret(asked.question));
			const other = instead(typed, () => [...helpLines(asked, listed), ...choiceLines(asked, listed)]);
			if (other?.move) return other.move;
			if (other) continue;
			const meant = meaning(asked, listed, typed);
			if ('answer' in meant) return {do: 'answer', value: meant.answer};
			if ('among' in meant) listed = meant.among;
			say('among' in meant ? choiceLines(asked, listed) : [{mark: 'blocked', text: meant.refused}]);
		}
	}

	async function review(): Promise<WizardMove> {
		await looked.promise;
		once(() => say(reviewLines(seen, state())));
		for (;;) {
			const typed = (await ask('yes makes it; a number changes that answer (? helps): ')).trim();
			const other = instead(typed, () => [
				{text: 'yes carries out what the review says. A number, or the name of an answer, asks that one again. Ctrl-c leaves.'},
			]);
			if (other?.move) return other.move;
			if (other) continue;
			const key = (/^\d+$/.test(typed) ? seen.answers[Number(typed) - 1]?.key : undefined) ?? keyNamed(typed);
			if (key) return {do: 'change', key};
			if (/^y(es)?$/i.test(typed)) return {do: 'go'};
			say([
				{
					mark: 'blocked',
					text: typed === '' ? 'Nothing is made by Enter alone: type yes.' : `"${typed}" is neither yes nor an answer; ? says what can be typed.`,
				},
			]);
		}
	}

	async function trouble({problem, login}: Extract<WizardShown, {is: 'trouble'}>): Promise<WizardMove> {
		once(() => say([{text: 'This has to be mended first; nothing is lost.'}, ...problemLines(problem)]));
		for (;;) {
			const typed = await ask(`Enter looks again${login === undefined ? '' : `, :login runs ${login}`} (? helps): `);
			const other = instead(typed, () => [{text: 'Enter looks again; a login elsewhere is noticed then. Ctrl-c leaves.'}]);
			if (other?.move) return other.move;
			if (other) continue;
			if (typed.trim() === '') return {do: 'again'};
			say([{mark: 'blocked', text: 'Enter looks again; ? says what else can be typed.'}]);
		}
	}

	return {
		show(next) {
			shown = next;
			isSaid = false;
			filled = Promise.withResolvers();
			looked = Promise.withResolvers();
		},
		filled: (asked, walking) => filled.resolve({is: 'question', asked, walking}),
		tell(more) {
			seen = {...seen, ...more};
			if (more.news) say([{mark: newsMark[more.news.role], text: more.news.says}]);
			if (more.costs || more.news) looked.resolve();
		},
		async next() {
			if (shown?.is === 'question') return question(shown);
			return shown?.is === 'trouble' ? trouble(shown) : review();
		},
		onThought: () => undefined,
		handOver: async (run) => run(),
		later(callback, ms) {
			const timer = setTimeout(callback, ms);
			timer.unref();
			return () => clearTimeout(timer);
		},
	};
}
