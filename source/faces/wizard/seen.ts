import {inOrder} from '../../answers/all.ts';
import {type Asked, keyWords} from '../../answers/question.ts';
import {inWords} from '../../answers/value.ts';
import type {AnswerSeen, WalkState} from '../../answers/walk.ts';
import type {AnswerKey, Given} from '../../fleet.ts';
import type {ByHand} from '../face.ts';
import type {FindingSeen, ProblemSeen, RunState, StepSeen} from '../words/run-state.ts';
import {demoTime} from '../words/sentences.ts';

/** A line of news: what was just done, or what can't be. */
export type WizardNews = {says: string; role: 'ready' | 'blocked' | 'warning'};

/** What screens show of the walk besides themselves. */
export type WizardSeen = {
	/** Answered questions, each in a line, in the order of asking; `step` is whose trouble the answer mostly is about. */
	answered: readonly {key: string; says: string; step?: string | undefined}[];
	/** Which question of how many; 0 of 0 outside of the walk. */
	at: number;
	of: number;
	everything: boolean;
	answers: readonly AnswerSeen[];
	byHand: readonly ByHand[];
	/** What these answers cost: in one sentence, then in detail; empty while too little is known. */
	costs: readonly string[];
	/** Whether a secret was given for the runner, so that it can be given anew. */
	secret?: string | undefined;
	news?: WizardNews | undefined;
	/** The command that logs in anew, where there is one. */
	login?: string | undefined;
	/** Whether the record of the fleet stands in the account. */
	changes: boolean;
	/** Where leaving it leads, where that isn't the end of the program. */
	leadsTo?: string | undefined;
};

export const nothingSeen: WizardSeen = {answered: [], at: 0, of: 0, everything: false, answers: [], byHand: [], costs: [], changes: false};

/** What all this is about, for whoever meets it first. */
export const introduction =
	'A manager, one small machine, asks GitLab for jobs; workers, machines that it makes for them, run the jobs and go again. Nothing is made before you agree.';

/** The same where all of it is a demo. */
export const demoIntroduction = `This is a demo on a simulated AWS and GitLab: nothing is made or paid for, and its ${demoTime}.`;

/** What a person does in the walk, besides answering. */
export type WizardMove =
	| {do: 'answer'; value: unknown}
	| {do: 'back'}
	/** Takes the answers that mend a finding. */
	| {do: 'mend'; answers: Given; says: string}
	| {do: 'everything'}
	| {do: 'change'; key: AnswerKey}
	| {do: 'secret'}
	/** The runner is made with a GitLab token rather than on GitLab's page. */
	| {do: 'create'}
	| {do: 'go'}
	| {do: 'save'; name: string}
	| {do: 'again'}
	| {do: 'login'}
	| {do: 'leave'};

/** Answers that the costs depend on most, so that these are said beside their questions. */
export const priced: ReadonlySet<string> = new Set<AnswerKey>([
	'managerType',
	'workerType',
	'spot',
	'spotPrice',
	'limit',
	'idleCount',
	'schedule',
	'workerDisk',
]);

const isGiven = (value: unknown): value is Given => typeof value === 'object' && value !== null;

/** The answers that mend a finding, as the event carries them. */
export const mendsOf = ({mends}: FindingSeen): Given | undefined => (isGiven(mends) && Object.keys(mends).length > 0 ? mends : undefined);

/** The finding that `f` mends: the focused step's, else the first blocked one that can be mended. */
export function mendable({steps}: RunState, focus?: string): StepSeen | undefined {
	const can = (step: StepSeen): boolean => step.finding?.is === 'blocked' && mendsOf(step.finding) !== undefined;
	return steps.find((step) => step.name === focus && can(step)) ?? steps.find(can);
}

/** Steps of the plan that are blocked. */
export const blockedIn = ({steps}: RunState): StepSeen[] => steps.filter(({finding}) => finding?.is === 'blocked');

/** Which answer a step's trouble is mostly about. */
export const answerOf = (step: string): AnswerKey | undefined => inOrder.find(({mends}) => mends === step)?.id;

/** Answered questions, each in a line, but for the one that is asked now. */
export const answeredSeen = ({settled, visited}: WalkState, now?: AnswerKey): WizardSeen['answered'] =>
	inOrder.flatMap(({id, mends, unit, written}) =>
		id !== now && visited.has(id) && settled.given[id] !== undefined
			? [{key: keyWords(id), says: inWords(settled.given[id], {unit, written}), step: mends}]
			: [],
	);

/** How a question stands in the walk through them. */
export type Walking = {
	/** The key or the secret it is about. */
	about: string;
	/** Whether there is a question before this one, or the review that it was opened from. */
	back: boolean;
	/** One answer changed from the review. */
	change?: true;
	/** The runner's token: the runner can be made with a GitLab token instead. */
	create?: true;
	/** Live choices are still being asked for. */
	loading?: true;
};

/** What the walk shows: a question, the review of all answers, or what stands in the way. */
export type WizardShown =
	| {is: 'question'; asked: Asked; walking: Walking}
	| {is: 'review'}
	| {is: 'trouble'; problem: ProblemSeen; login: string | undefined; back: boolean};

/** What the walk has of a terminal, whichever face draws it: it shows one thing at a time, and hears what is done there. */
export type WizardTerminal = {
	/** Shows this in place of the last one. */
	show(shown: WizardShown): void;
	/** The choices of the question that is shown have come, or why there are none. */
	filled(asked: Asked, walking: Walking): void;
	tell(seen: Partial<WizardSeen>): void;
	/** The next thing that is done. What is pressed meanwhile waits. */
	next(): Promise<WizardMove>;
	/** Hears of each value that is thought of before it is taken: the cursor moved, a letter was typed. Undefined where there is none. */
	onThought(listener: ((value: unknown) => void) | undefined): void;
	/** Hands the terminal to a command, and takes it back. */
	handOver(run: () => boolean): Promise<boolean>;
	later(callback: () => void, ms: number): () => void;
};
