import type {Presets} from '../answers/presets.ts';
import type {Secrets} from '../answers/secrets.ts';
import {type Pausing, pausing, unattended} from '../engine/pausing.ts';
import {aboutCredentials} from '../engine/plan.ts';
import type {RunResult} from '../engine/run.ts';
import type {Looking} from '../engine/step.ts';
import {type Face, type Farewell, type Helping, mayColour, onlyAscii} from '../faces/face.ts';
import type {TerminalLook} from '../faces/words/glyphs.ts';
import type {Given} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {realClock} from '../world/laptop/clock.ts';
import type {SettingsStore} from '../world/laptop/settings.ts';
import type {CommandLineOptions, Parsed} from './line/argv.ts';
import type {CommandWorld, Stops, Surroundings} from './world.ts';

/** What every command works with: who asked for what, how to meet them, and the world. */
export type Session = {
	parsed: Parsed;
	options: CommandLineOptions;
	around: Surroundings;
	face: Face;
	/** Whether somebody can be asked: a terminal, and neither `--yes` nor `--json`. */
	interactive: boolean;
	world: CommandWorld;
	stops: Stops;
	/** Secrets given so far; what is learnt later goes in here too, so that it is taken out of all that is shown. */
	secrets: Secrets;
	presets: Presets;
	/** Preferences of this laptop. */
	settings: SettingsStore;
	/** Who works here, for rule descriptions and history: `alice@laptop`. */
	who: string;
	/** Hides a secret from now on in everything that is shown or logged. */
	hide(secret: string): void;
	/** Says that a person gave a token where this GitLab was shown to them. */
	nameGitlab(url: string): void;
	/** Runs another command line in place of this one, with a face of its own. */
	instead(argv: string[]): Promise<number>;
	/** True on the simulated world: it says so on each screen. */
	demo: boolean;
	/** Leaves a setup that was begun at home for home. */
	home?: () => never;
	/** Goes on with the answers that a setup was left with, without asking. */
	resume?: true;
	/** What comes after this command, where its end isn't that of the program. */
	leadsTo?: Farewell['leadsTo'];
	/** Defaults of this session's own: what anybody answers, and the fleet's record, beats them. */
	usual?: Given;
};

/** A command: does its work and gives the exit code. What it throws is told by the face. */
export type Command = (session: Session) => Promise<number>;

/** How wide the lines are to be where no terminal tells: `watch` says so, as others do. */
export const columnsIn = ({COLUMNS: told = ''}: NodeJS.ProcessEnv): number | undefined => (/^[1-9]\d{1,3}$/.test(told) ? Number(told) : undefined);

/** What a table or a list is fitted to: the columns of standard output, where it has any, and what may be written there. */
export function outputOf({around: {stdout, env}, options}: Session): {columns: number | undefined; look: TerminalLook} {
	const terms = {json: false, plain: true, stdinIsTty: true, stdoutIsTty: stdout.isTTY === true, env};
	return {columns: stdout.columns ?? columnsIn(env), look: {colour: mayColour(terms, !options.color), ascii: onlyAscii(env)}};
}

/** The flags that name a fleet, for the commands that a person is told. */
export const fleetFlags = ({fleet: {name, region}}: Pick<Looking, 'fleet'>): string => `--fleet ${name} --region ${region}`;

/** A fleet that has no record, where a command needs one that stands. */
export const noFleet = (looking: Pick<Looking, 'fleet'>): Problem =>
	new Problem({
		code: 'no-fleet',
		message: `There is no fleet ${looking.fleet.name} in ${looking.fleet.region}.`,
		advice: `\`gitlab-runner-aws setup ${fleetFlags(looking)}\` sets it up.`,
	});

/** Tells problems, each once, and gives the exit code: that of the gravest. `last` is what to do after all of them. */
export function failAll({face, world}: Session, problems: readonly Problem[], last?: string): number {
	const each = [...new Map(problems.map((problem) => [sortOf(problem), problem])).values()];
	for (const [index, problem] of each.entries()) {
		const where = problem.fault === 'bug' ? detailsWords(world.disk.logPath) : undefined;
		face.fail(withAdvice(problem, where, index === each.length - 1 ? last : undefined));
	}
	return Math.max(1, ...each.map(({exit}) => exit));
}

/** What the demo says where a command of a fleet's own would be: there is nothing to go on with, or to undo. */
export const demoOver =
	'This was the demo: nothing was made, and nothing costs. `gitlab-runner-aws demo` begins it anew, `gitlab-runner-aws setup` a real fleet.';

/** What is told once: the same thing, and credentials, of which each service has words of its own. */
const sortOf = ({code, message}: Problem): string => (aboutCredentials.includes(code) && code !== 'no-answer' ? code : `${code} ${message}`);

/** Where the details of a bug of ours are, or how to get them. */
export const detailsWords = (logPath: string | undefined): string =>
	logPath === undefined
		? "The details aren't kept, since the log can't be written: name another folder for it with `XDG_STATE_HOME`, and run it again."
		: `The details are in ${logPath}.`;

function withAdvice(problem: Problem, ...more: (string | undefined)[]): Problem {
	if (more.every((one) => one === undefined)) return problem;
	const {code, message, fault, again, exit, cause} = problem;
	return new Problem({code, message, fault, again, exit, cause, advice: [problem.advice, ...more].filter(Boolean).join('\n')});
}

/** A person before lines can't press a key for it, but sees that it waits and may log in elsewhere. */
const lookingOn: Pick<Pausing, 'signal' | 'onLook'> = {signal: new AbortController().signal, onLook: () => {}};

/**
 * Does a run's work with a context that meets an expired session as it should be: where somebody is there it pauses until there is another one, else the
 * run ends, and its last problem says how far it came.
 */
export async function lookedAfter<C extends Looking>(
	{face, interactive}: Session,
	context: C,
	{helping, stands}: {helping?: Helping | undefined; stands: string},
	work: (context: C) => Promise<RunResult>,
): Promise<RunResult> {
	if (helping || interactive) return work(pausing(context, {...(helping ?? lookingOn), emit: face.emit}));
	const {context: alone, expired} = unattended(context);
	const result = await work(alone);
	const problem = expired();
	return problem
		? {...result, problems: [...result.problems, endedBy(problem, `${result.counts.done} of ${result.counts.of} steps are done. ${stands}`)]}
		: result;
}

const endedBy = ({advice, cause, code, fault, message}: Problem, says: string): Problem =>
	new Problem({code, fault, cause, message: `${message} ${says}`, advice});

/** Milliseconds after which a stop that still waits for the call under way says so. */
const silence = 1000;
/** Milliseconds that whatever is under way has after the second stop. */
const grace = 500;

const waiting = 'Stopping: what is under way ends first. Ctrl-c or the signal once more ends it at once.';

const atOnce = (demo: boolean): Problem =>
	new Problem({
		code: 'stopped',
		message: `Ended at once, in the middle of what was under way.${demo ? '' : ' What was made stays, and an instance that runs costs.'}`,
		advice: demo ? demoOver : 'Run the same command again; it looks first and goes on.',
	});

/**
 * Sees to it that a stop comes to an end: a first one that waits says so after a while, and half a second after the second one the process ends,
 * whatever is open. Gives what is called once the work has ended by itself.
 */
export function overseeing({emit, fail, showsStops}: Face, stops: Stops, around: Pick<Surroundings, 'end'>, demo: boolean): () => void {
	const over = new AbortController();
	/** Does something after so many milliseconds, unless the work has ended by then. */
	const later = (ms: number, work: () => void): void => void realClock.sleep(ms, over.signal).then(work, () => undefined);
	// Screens show by themselves that they stop.
	const onSoft = (): void => later(silence, () => !showsStops && stops.isRead() && !stops.hard.aborted && emit({event: 'note', says: waiting}));
	const onHard = (): void =>
		later(grace, () => {
			fail(atOnce(demo));
			around.end(stops.exit() ?? 130);
		});
	const each = [
		[stops.soft, onSoft],
		[stops.hard, onHard],
	] as const;
	for (const [signal, hear] of each) {
		if (signal.aborted) hear();
		else signal.addEventListener('abort', hear, {once: true, signal: over.signal});
	}
	return () => over.abort();
}
