import type {Context, Finding, Note, Report} from '../engine/step.ts';
import type {HostFacts} from '../executors/scripts.ts';
import {isProblem, Problem} from '../problem.ts';
import type {Connection} from '../world/host/port.ts';
import type {RunnerWatched} from '../world/host/scripts/gone-over.ts';
import {writeConfigScript} from '../world/host/scripts/write-config.ts';
import {retried} from '../world/laptop/clock.ts';
import {currentManager, lookAtHost} from './looks/host.ts';
import {onTheWay} from './reaching.ts';

/** What a person agrees to where a fleet has gone over to another executor; `what` is a worker of the one before. */
export const goneOverNotes = (what: string): Note[] => [
	{says: `Jobs that run end on their old ${what}s, and the next ones run on new workers: the runner goes over by one reload of config.toml.`},
	{says: 'Until the last of the old is gone, `gitlab-runner-aws status undo` goes back by one reload.'},
];

/** What is left of the executor before, with how many of its workers run jobs. */
export function leftWords(left: readonly string[], busy: number): string {
	const jobs = busy === 0 ? 'no job runs there' : busy === 1 ? '1 job runs there and ends first' : `${busy} jobs run there and end first`;
	return `${left.join(', ')}: ${jobs}`;
}

/** Looks what is left of the executor before: `found` tells it of the account, and of the manager too where its facts can be had. */
export async function checkLeft<Left>(context: Context, found: (facts: HostFacts | undefined) => Promise<Finding<Left>>): Promise<Finding<Left>> {
	const manager = await currentManager(context);
	if (manager?.state !== 'running') return found(undefined);
	try {
		return await found(await lookAtHost(context, manager));
	} catch (error) {
		if (!isProblem(error, 'host-key-unknown', ...onTheWay)) throw error;
		// Where the account has none, nothing that costs can be there: a fleet that never had any doesn't wait to hear so.
		const inAccount = await found(undefined);
		if (inAccount.is === 'ready') return inAccount;
		return {is: 'waiting', for: [isProblem(error, 'host-key-unknown') ? 'host-key' : 'connection']};
	}
}

/** config.toml without the tables of the executor before: `from` is the hash of the file that stands. */
type WithoutTables = {tables: readonly string[]; text: string; from: string};

/** Takes tables out of config.toml. Throws what `notCleared` makes of a failure, and `config-changed` where somebody else wrote the file meanwhile. */
export async function clearTables(
	connection: Connection,
	{from, tables, text}: WithoutTables,
	notCleared: (detail: string) => Problem,
	report: Report,
): Promise<void> {
	report({says: `${tables.map((table) => `[${table}]`).join(' and ')} going out of config.toml`});
	const written = await connection.script(writeConfigScript, {text, from}, report);
	if (written.is === 'changed-meanwhile') throw changedMeanwhile();
	if (written.is !== 'written') throw notCleared(written.detail);
}

/**
 * Seconds without a job after which none comes to workers of the executor before any more. A request that was made by the config.toml before may still be
 * answered with one: GitLab holds a request for up to 50 s (docs/facts.md, "gitlab-runner: a changed executor").
 */
export const quietSeconds = 75;

/** Seconds that jobs on workers of the executor before may take to end, where nobody says it: as long as on a manager that was replaced. */
const longestDrain = 7200;

/** Tries to reach a manager again whose connection was lost meanwhile, this far apart in milliseconds: the runner goes on without anybody who looks. */
const lostPatience = {tries: 6, pause: 10_000};

const passes = (error: unknown): string | undefined =>
	isProblem(error, 'ssh-closed', 'ssh-no-answer', 'ssh-refused') ? 'connection to the manager lost, opened again' : undefined;

/** Milliseconds between two looks. */
const between = 10_000;

/** Whether no job runs on a worker of the executor before, and none can come to one. */
export const isQuiet = ({coming, loaded, quiet, used}: RunnerWatched): boolean => loaded && used === 0 && coming === 0 && quiet >= quietSeconds;

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What is waited for, in words: how many jobs run on the workers of the executor before and how many elsewhere; `left` are those workers. */
function waitingFor({coming = 0, jobs, loaded, quiet, refused, used}: RunnerWatched, what: string, left: number): string {
	if (jobs === undefined || used === undefined) return 'waiting until the runner tells which jobs it has';
	const on = `${counted(used + coming, 'job')} on old ${what}s, ${Math.max(0, jobs - used - coming)} on new ones`;
	if (refused !== undefined) return `${on}; the runner can't load config.toml: ${refused}`;
	if (!loaded) return `${on}; waiting until the runner has loaded config.toml`;
	return quiet < quietSeconds ? `${on}; watching whether old ones still get any` : `${on}; ${counted(left, `old ${what}`)} left`;
}

const stillBusy = (seconds: number, waiting: string): Problem =>
	new Problem({
		code: 'still-busy',
		message: `After ${Math.round(seconds / 60)} minutes: ${waiting}. Nothing is lost: jobs that come run on new workers, and those that run go on.`,
		advice:
			'Run the same command again; it goes on waiting. Where new jobs still come to old ones, pause the runner in GitLab for two minutes, which ends what it asked for before. `gitlab-runner-aws status undo` goes back.',
	});

/** Somebody changes config.toml meanwhile: goes back, as may be. */
export const changedMeanwhile = (): Problem =>
	new Problem({
		code: 'config-changed',
		message: 'config.toml changed while jobs on old workers were waited for, so what is left of these stays.',
		advice: 'Run the same command again; it looks first and goes on.',
		again: true,
	});

/**
 * Looks until no job runs on a worker of the executor before, and none of these is `left`; tells how many jobs run there and elsewhere. Throws `still-busy`
 * after so many seconds: new jobs run on new workers meanwhile, whoever waits.
 */
export async function untilQuiet<Seen extends RunnerWatched & {left: number}>(
	{clock, drainSeconds = longestDrain, signal}: Context,
	what: string,
	look: () => Promise<Seen>,
	report: Report,
): Promise<void> {
	const end = clock.now() + drainSeconds * 1000;
	for (let told = ''; ; ) {
		const seen = await retried({clock, signal}, lostPatience, look, passes, report);
		if (isQuiet(seen) && seen.left === 0) return;
		const says = waitingFor(seen, what, seen.left);
		if (clock.now() > end) throw stillBusy(drainSeconds, says);
		if (says !== told) report({says});
		told = says;
		await clock.sleep(between, signal);
	}
}
