import type {Ask, SecretQuestion} from '../answers/question.ts';
import type {Settled, Walk} from '../answers/walk.ts';
import type {Happening} from '../engine/events.ts';
import type {EndedPlan, LivePlan} from '../engine/plan.ts';
import type {Again} from '../engine/run.ts';
import type {Proposal} from '../engine/step.ts';
import type {AnswerKey, Answers, Fleet, Given} from '../fleet.ts';
import type {PanelDriver, PanelLeft} from '../panel/acts/driver.ts';
import {Problem} from '../problem.ts';

/** How the program meets a person or a script: nine verbs and no logic. Each face has all of them, so that no command asks which one it has. */
export type Face = {
	/** Rejects with `Stopped` when the person leaves, with a `Problem` naming the flag where no one can answer. */
	ask: Ask;
	agree(proposal: Proposal): Promise<boolean>;
	/** From the first question to the agreement at the review, or to the exit code of whoever didn't come so far. Rejects with `Stopped` when the person leaves. */
	walk(interviewer: Interviewer): Promise<Walked>;
	/**
	 * A run that the person looks after, where there is one: what failed is tried again as soon as they say so, while the rest goes on; a session that expired is
	 * renewed. Resolves when the work has ended, with what they want to do after it where something failed.
	 */
	run<Result>(login: Login | undefined, work: (helping: Helping | undefined) => Promise<Result>): Promise<{result: Result; choice: AfterRun | undefined}>;
	/** Shows what stays until the person leaves it. Each rejects with `Stopped` when they leave the program. */
	readonly show: Shows;
	emit(happening: Happening): void;
	/** Shows work that a person may leave without stopping anything: resolves to undefined when they do. */
	watch<Result>(title: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined>;
	fail(problem: Problem): void;
	/** Leaves the terminal as it was found. */
	close(): Promise<void>;
	/** It shows by itself that the work is being stopped. */
	showsStops?: true;
};

/** Commands that do by hand what a step does. */
export type ByHand = {
	step: string;
	title: string;
	/** Whether the step makes something, rather than only looking. */
	makes: boolean;
	lines: readonly string[];
};

/** Answers that somebody gave before they left the questions, and those that they left at their defaults. `says` is `9 answers of 10:42`. */
export type LeftAnswers = {says: string; answers: Given; left: readonly AnswerKey[]};

/** What screens walk a person through the questions with: the interview's own core decides what is asked and what is right. */
export type Interviewer = {
	/** What comes after it, where leaving it isn't the end of the program. */
	leadsTo?: Farewell['leadsTo'];
	walk: Walk;
	/** Answers that can be gone on with, which the person decides, or has; `forget` gives them up. */
	draft?: {kept: LeftAnswers; taken: boolean; forget(): void} | undefined;
	/** Leaves for home, where the person came from; absent where they didn't. */
	home?: (() => never) | undefined;
	/** Hears how far the person has come, for one who leaves. */
	reached(walk: Walk): void;
	/** Where it begins; a key is one answer to change, and leads to the review. */
	at: 'questions' | 'review' | AnswerKey;
	/** The answers of the fleet's record, once region and name are known. */
	record(fleet: Fleet, profile: string | undefined): Promise<Given | undefined>;
	/** Secrets that these answers need, and that neither somebody gave nor the fleet has. */
	secrets(answers: Answers): Promise<SecretQuestion[]>;
	/** The runner's secret that was given here, so that another can be given where GitLab refuses it. */
	given(answers: Answers): SecretQuestion | undefined;
	give(id: SecretQuestion['id'], value: string): void;
	/** The checks beside the questions. */
	plan: LivePlan;
	byHand(answers: Answers): ByHand[];
	/** What these answers cost, in lines; empty while too little is known. */
	costs(ended: EndedPlan): Promise<readonly string[]>;
	/** Saves the answers as a preset; gives its file's path. */
	save(name: string, settled: Settled): Promise<string>;
	/** Logs in anew, with the terminal handed over; undefined where there is nothing to log in with. */
	login: Login | undefined;
	/** The same where nobody is asked: what was given has to do, and what it makes is agreed to by a flag. */
	alone(): Promise<Walked>;
};

/** Logs in to AWS: the command that does it, and how it went. */
export type Login = {command: string; run(): boolean};

/** What a person agreed to at the review. */
export type Agreed = {walk: Walk; settled: Settled; ended: EndedPlan};

/** How a walk ended: agreed to, or with the exit code of what was told. */
export type Walked = Agreed | {exit: number};

/** What to do after a run that didn't get everything done. */
export type AfterRun = 'again' | 'leave' | {change: AnswerKey};

/** How a person helps a run along. */
export type Helping = {
	/** Resolves to true once a failed step is to be tried again, to false once it's left. */
	again: Again;
	/** Aborted when they go to the answer that something failed of: no more is begun. */
	signal: AbortSignal;
	/** Aborted when they no longer want to wait for running jobs. */
	hurry: AbortSignal;
	/** Hears how to look at once whether AWS takes the session again. */
	onLook(look: () => void): void;
};

/** What stands at the end: what now is, the commands that come next, how to save the answers, and where the person goes from there. */
export type Farewell = {
	leadsTo?: 'the panel' | undefined;
	says: string;
	next: readonly {command: string; does: string}[];
	save(name: string): Promise<string>;
};

/** A fleet as home sees it, or a region that didn't answer. */
export type HomeFleet = {name: string; region: string; is: 'ready' | 'note' | 'blocked' | 'looking'; says: string};
export type HomePreset = {name: string; says: string; used?: string | undefined};

/** What home has seen so far. */
export type HomeSeen = {
	who?: string | undefined;
	regions: number;
	looked: number;
	refused: readonly {region: string; says: string}[];
	fleets: readonly HomeFleet[];
	presets: readonly HomePreset[];
	/** Answers that a setup was left with: `9 answers of 10:42`. */
	draft?: string | undefined;
};

/** What a person chose at home. */
export type HomeChoice =
	| {do: 'setup'; preset?: string; draft?: true}
	| {do: 'open' | 'repair' | 'destroy'; fleet: Fleet}
	| {do: 'demo'}
	| {do: 'again'}
	| {do: 'quit'};

/** What is shown until it's left. */
type Shows = {
	/** The end of a good run. */
	farewell(farewell: Farewell): Promise<void>;
	/** Home; `look` tells what it sees as it comes, until a choice is made: by the person, or by itself where only one thing can be done. */
	home(look: (tell: (seen: HomeSeen) => void, signal: AbortSignal) => Promise<HomeChoice | undefined>): Promise<HomeChoice>;
	/** The live panel. */
	panel(driver: PanelDriver): Promise<PanelLeft>;
};

const nobody = (): Promise<never> =>
	Promise.reject(
		new Problem({code: 'no-terminal', exit: 2, message: 'There is nobody to show this to.', advice: 'Run it in a terminal, without `--yes` and `--json`.'}),
	);

/** What a face does where nobody is there: the answers that were given have to do, nobody helps a run along, and nothing waits to be left. */
export const unattended: Pick<Face, 'walk' | 'run' | 'show'> = {
	walk: (interviewer) => interviewer.alone(),
	run: async (_login, work) => ({result: await work(undefined), choice: undefined}),
	show: {farewell: async () => undefined, home: nobody, panel: nobody},
};

/** What decides which face meets the person. */
export type Terms = {
	json: boolean;
	plain: boolean;
	/** Both ends of the terminal are one. */
	stdinIsTty: boolean;
	stdoutIsTty: boolean;
	env: Readonly<Record<string, string | undefined>>;
};

/** Which face, once, at the edge: screens only where there's a terminal that can draw them and no machine looks on. */
export function pickFace({json, plain, stdinIsTty, stdoutIsTty, env}: Terms): 'json' | 'plain' | 'screens' {
	if (json) return 'json';
	if (plain || !stdinIsTty || !stdoutIsTty || env.TERM === 'dumb') return 'plain';
	return env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0' ? 'plain' : 'screens';
}

/** Whether a person sits at the terminal: can be asked. */
export const isInteractive = ({stdinIsTty, stdoutIsTty}: Terms): boolean => stdinIsTty && stdoutIsTty;

/** Whether colours may be used: never into a pipe, nor with `NO_COLOR`, `FORCE_COLOR=0` or `--no-color`. */
export const mayColour = ({stdoutIsTty, env}: Terms, noColour: boolean): boolean =>
	stdoutIsTty && !noColour && !env.NO_COLOR && env.FORCE_COLOR !== '0' && env.TERM !== 'dumb';

/** Whether only ASCII may be written: a dumb terminal, or a locale that isn't UTF-8. */
export function onlyAscii(env: Terms['env']): boolean {
	if (env.TERM === 'dumb' || env.TERM === 'linux') return true;
	const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '');
	return locale !== undefined && !/utf-?8/i.test(locale);
}
