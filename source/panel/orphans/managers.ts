import type {Looking} from '../../engine/step.ts';
import {executorOf, executors} from '../../executors/list.ts';
import {panelScript} from '../../executors/scripts.ts';
import {type Fleet, type Given, markKeys, names} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {type Instance, lives} from '../../steps/looks/account.ts';
import {connectTo, type Reaching} from '../../steps/reaching.ts';
import type {Cloud, CloudAt} from '../../world/cloud/port.ts';
import {readJobList} from '../../world/host/job-list.ts';
import type {Connection} from '../../world/host/port.ts';
import {unitIs} from '../../world/host/unit.ts';
import type {Clock} from '../../world/laptop/clock.ts';
import {noHistory, remember} from '../journal/history.ts';
import type {AskedManager, Leftover, Region} from '../leftovers.ts';
import {eventsOf, isRunnersName, textsOf, workerNameOf} from '../live/executors.ts';
import {runs as runningOn} from '../row-jobs.ts';
import {failing, good, isFresh, type Seen, unseen} from '../seen.ts';
import type {HostSeen} from '../snapshot.ts';
import {hostSeen} from '../sources/host.ts';

/** One region, and through what it is looked at. */
export type RegionAccess = {
	region: string;
	cloud: Cloud;
	/** Prices live in another region. */
	cloudAt: CloudAt;
	clock: Clock;
	signal: AbortSignal;
	/** Names of the fleets that have a record here. */
	fleets(): Promise<string[]>;
	/** A context for reaching one manager, which is closed once it was asked. */
	open(fleet: Fleet): Looking & {close(): Promise<void>};
	/** What the command line says of how to reach managers. */
	given: Given;
};

/**
 * A manager as its last look told of it. Its answer counts however old it is only while looks go well: what failed since can't be asked.
 * `unmanaged` are those of its workers that no runner there manages, and that run no job.
 */
export function askedManager(id: string, fleet: string | undefined, seen: Seen<HostSeen>, unmanaged: readonly string[] = []): AskedManager {
	const {value} = seen;
	const theirs = value && isFresh(seen) ? executors.filter(({leftovers}) => leftovers.isManager(value)).map(({leftovers}) => leftovers.kept(value)) : [];
	const kept = theirs.filter((one) => one !== undefined);
	// What one of its executors keeps nobody else can tell.
	if (kept.length === 0 || kept.length < theirs.length) return {id, fleet, store: undefined, shortTokens: []};
	const names = new Set(kept.flatMap((one) => one.names));
	const instanceIds = new Set(kept.flatMap((one) => one.instanceIds));
	return {
		id,
		fleet,
		store: {names, instanceIds, groups: new Set(kept.flatMap(({groups = []}) => groups)), ...(unmanaged.length === 0 ? {} : {unmanaged: new Set(unmanaged)})},
		shortTokens: (value?.config?.facts?.runners ?? []).map(({shortToken}) => shortToken).filter((token) => token !== ''),
	};
}

/** Names of the workers on a manager that no runner of its config.toml counts as its own; none where config.toml can't be read. */
const unmanagedIn = (host: HostSeen, now: number): string[] => executors.flatMap(({leftovers}) => leftovers.unmanaged(host, now));

/** Everything of the region that some manager made, each judged by what the live managers know: never `orphan` where one that could know wasn't asked. Pure. */
export const judgeLeftovers = (region: Region): Leftover[] => executors.flatMap(({leftovers}) => leftovers.judge(region));

/** A manager as it answered, or why it didn't. */
type Answered = {manager: AskedManager; trouble?: Problem};

/** Words in the names of machines that make others, however they do. */
const makerNames: readonly RegExp[] = [/runner|bastion|gitlab-ci/i, ...executors.map(({leftovers}) => leftovers.makers)];

/**
 * The fleet whose manager a machine is: by its mark, or because it has that fleet's instance profile or key pair, as somebody's copy of a manager has,
 * whose machines bear the fleet's mark too. Undefined for any other machine.
 */
export function managedFleet({keyName, profileArn, tags}: Instance, fleets: readonly string[], region: string): string | undefined {
	if (tags[markKeys.part] === 'manager') return tags[markKeys.fleet];
	if (tags[markKeys.part] !== undefined) return undefined;
	const profile = profileArn?.split('/').at(-1);
	return fleets.find((name) => profile === names.profile({name, region}) || keyName === names.keyPair({name, region}));
}

/**
 * Whether somebody else's machine may be a manager: no runner made it, and a name that it bears says runner, bastion, gitlab-ci or what an executor's are called by (a GitLab
 * server isn't one).
 * Machines without such a name aren't asked: nobody's SSH is tried for nothing, and what no manager here made is never an orphan anyway.
 */
export function maybeManager(instance: Instance): boolean {
	const {keyName, profileArn, tags} = instance;
	if (!lives(instance) || tags[markKeys.part] !== undefined || isRunnersName(workerNameOf(instance) ?? '')) return false;
	const profile = profileArn?.split('/').at(-1);
	return [tags.Name, keyName, profile].some((name) => name !== undefined && makerNames.some((words) => words.test(name)));
}

const isManager = (host: HostSeen): boolean => executors.some(({leftovers}) => leftovers.isManager(host));

/** How far back a job is looked for that may still run on a machine: GitLab lets none run longer unless somebody allows it, in milliseconds. */
const longestJob = 24 * 3_600_000;

/** Those machines that run no job: the log says which job came to which machine, the runner's own list which jobs are still there. None where either can't be read. */
async function idleOf(connection: Connection, names: readonly string[], jobs: string | undefined, now: number): Promise<string[]> {
	if (names.length === 0) return [];
	const asked = {since: now - longestJob, only: textsOf('job-on-machine', 'job-ended'), most: 50_000, tail: 0, seconds: 20};
	const {journal, host} = await connection.script(panelScript, {host: true, journal: asked});
	const runs = host && unitIs(host.service) !== 'crashed' && unitIs(host.service) !== 'stopped';
	if (!host || !journal || journal.failed !== undefined || journal.more || (runs && jobs === undefined)) return [];
	const history = remember(
		noHistory(asked.since),
		journal.entries.flatMap(([at, message]) => eventsOf({at, message})),
		now,
	);
	const listed = new Map(readJobList(host.jobs ?? '').jobs.map((job) => [job.id, job]));
	return names.filter((name) => runningOn(history.machines.get(name), {listed, named: new Map(), listedAt: now}) === undefined);
}

const silence = (access: RegionAccess, {id}: Instance, fleet: string | undefined, trouble: Problem): Answered => ({
	manager: askedManager(id, fleet, failing(unseen, trouble, access.clock.now())),
	trouble,
});

/** What a manager is reached by. One of nobody's fleet goes by its id, so that no fleet's key and record are taken for its own. */
function reaching(
	{region, given, open}: RegionAccess,
	{id, imageId}: Instance,
	fleet: string | undefined,
	isOnly: boolean,
): Reaching & {close(): Promise<void>} {
	const {sshAddress, ...others} = given;
	const answers = {...others, ...(isOnly && sshAddress !== undefined ? {sshAddress} : {}), ...(fleet === undefined ? {image: imageId} : {})};
	return {...open({name: fleet ?? id, region}), answers};
}

/** Takes workers away by the manager that still keeps them: instance, key pair and all. What it doesn't do is said, and left to EC2. */
export async function removeOn(
	access: RegionAccess,
	manager: Instance,
	keeper: {fleet: string | undefined; executor: string; isOnly: boolean},
	names: readonly string[],
	says: (says: string) => void,
): Promise<void> {
	const context = reaching(access, manager, keeper.fleet, keeper.isOnly);
	const {tool, remove} = executorOf(keeper).leftovers;
	try {
		const connection = await connectTo(context, manager);
		for (const name of names) {
			const outcome = await remove({connection: async () => connection, cloud: access.cloud}, name);
			if (outcome.is === 'failed') says(`${name} not removed by ${tool}, EC2 being asked: ${outcome.detail}`);
		}
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		says(`${tool} on ${manager.id} not asked, EC2 being asked: ${error.message}`);
	} finally {
		await context.close();
	}
}

/**
 * Asks one manager for its machines and changes nothing there: with the key that is here, else one that EC2 Instance Connect lets in for a minute.
 * Who can't be asked says why. Undefined for a machine that turns out to be no manager. Throws `Stopped`.
 */
export async function askManager(access: RegionAccess, instance: Instance, fleet: string | undefined, isOnly: boolean): Promise<Answered | undefined> {
	const {id, state} = instance;
	if (state !== 'running') return silence(access, instance, fleet, new Problem({code: 'manager-not-running', message: `The manager ${id} is ${state}.`}));
	const context = reaching(access, instance, fleet, isOnly);
	try {
		const connection = await connectTo(context, instance);
		const {host} = await connection.script(panelScript, {host: true});
		if (!host) throw new Problem({code: 'no-answer', message: `The manager ${id} tells nothing of its machines.`});
		const seen = hostSeen(host, {ticks: undefined, seen: undefined});
		if (fleet === undefined && !isManager(seen)) return undefined;
		const now = access.clock.now();
		return {manager: askedManager(id, fleet, good(seen, now), await idleOf(connection, unmanagedIn(seen, now), host.jobs, now))};
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		return silence(access, instance, fleet, error);
	} finally {
		await context.close();
	}
}
