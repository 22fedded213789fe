import {panelScript} from '../../executors/scripts.ts';
import {Problem, Stopped, toProblem, unless} from '../../problem.ts';
import {verdictOf} from '../../steps/online.ts';
import type {Connection} from '../../world/host/port.ts';
import {isOff} from '../causes/asking.ts';
import {runnerRuns} from '../jobs-now.ts';
import {makerIn} from '../makers.ts';
import {failing, good, off, type Seen} from '../seen.ts';
import {type HostSeen, type RunnerSees, readDenial, sourceTitles, type Ticks} from '../snapshot.ts';
import type {Growing, PanelPorts} from './growing.ts';
import {hostSeen, runnerSees} from './host.ts';
import {beginReading, goOn, nextOf, type Reading} from './journal.ts';
import {type Loop, notYet} from './pace.ts';

/** Decodes refusals that nobody has decoded yet, once each: who may not decode sees the refusal as it is. */
function decoding({cloud}: PanelPorts, shared: Growing): () => Promise<void> {
	const tried = new Set<string>();
	return async () => {
		const encoded = shared.get().journal.value?.refused.at(-1)?.refusal.encoded;
		if (encoded === undefined || tried.has(encoded)) return;
		tried.add(encoded);
		// Its own right is often missing, and that is no trouble of the fleet's.
		const decoded = await unless(cloud.call('DecodeAuthorizationMessage', {EncodedMessage: encoded}));
		const denial = readDenial(decoded?.DecodedMessage ?? '');
		if (denial) shared.set({denials: {...shared.get().denials, [encoded]: denial}});
	};
}

/** How often GitLab is asked whether it takes the token of a runner that has switched itself off, in milliseconds. */
const verifyEvery = 30_000;

/** The runner's own word now. Where its service doesn't run there is nobody to ask, and what it said before isn't so any more. */
function runnerNow(told: ReturnType<typeof runnerSees>, host: Seen<HostSeen>, shared: Growing): Seen<RunnerSees> {
	const runs = runnerRuns({host});
	// Another program may have taken the port.
	if ('sees' in told && (runs !== false || told.sees.metrics.concurrent !== undefined)) return good(told.sees, shared.now());
	if (runs === false) return off("GitLab Runner doesn't run on the manager, so it tells nothing.");
	return 'trouble' in told ? failing(shared.get().runner, told.trouble, shared.now()) : good(told.sees, shared.now());
}

const hostParts = ['host', 'runner', 'journal'] as const;

/** The manager over one held connection: one script a round, once the journal's past has been read. */
export function hostLoop(ports: PanelPorts, shared: Growing, seconds: number): {loop: Loop; close(): Promise<void>} {
	let held: {connection: Connection; of: string} | undefined;
	let last: string | undefined;
	let reading: Reading | undefined;
	let begun = false;
	let ticks: Ticks | undefined;
	const decode = decoding(ports, shared);
	const drop = async () => {
		const {connection} = held ?? {};
		held = undefined;
		begun = false;
		await connection?.close();
	};
	const hold = async (signal: AbortSignal): Promise<Connection> => {
		const {ec2} = shared.get();
		const manager = ec2.value?.manager;
		if (held && (manager === undefined || manager.id === held.of)) return held.connection;
		await drop();
		if (!ec2.value && !ec2.problem) throw notYet('Where the manager is');
		if (!manager) throw new Problem({code: 'no-manager', message: ec2.value ? 'There is no manager to ask.' : "EC2 hasn't told where the manager is."});
		if (manager.state !== 'running') throw new Problem({code: 'manager-not-running', message: `The manager ${manager.id} is ${manager.state}.`});
		const connection = await ports.connect(manager, signal);
		if (signal.aborted) {
			await connection.close();
			throw new Stopped();
		}
		// Another manager has a journal of its own.
		if (last !== manager.id) reading = undefined;
		last = manager.id;
		ticks = undefined;
		verified = undefined;
		held = {connection, of: manager.id};
		return connection;
	};
	const tell = (next: Reading) => {
		reading = next;
		shared.set({journal: good(next.history, shared.now()), log: next.log});
	};
	/** The past is read beside the rounds, so that nobody waits for it. */
	const begin = async (connection: Connection) => {
		if (begun) return;
		begun = true;
		try {
			const first = await beginReading(connection, shared.now());
			if (held?.connection === connection) tell(first);
		} catch (error) {
			if (held?.connection !== connection) return;
			begun = false;
			shared.fail(['journal'], toProblem(error));
		}
	};
	let verified: HostSeen['verified'];
	let verifying = false;
	/** A runner that has switched itself off doesn't notice that GitLab takes its token again, so that is asked for it, beside the rounds. */
	const verify = async (connection: Connection) => {
		const {journal, host} = shared.get();
		const isDue = isOff({history: journal.value, now: shared.now()}) && !verifying && shared.now() - (verified?.at ?? 0) > verifyEvery;
		const runner = isDue ? makerIn({host}) : undefined;
		if (!runner) return;
		verifying = true;
		try {
			const told = await connection.script(panelScript, {host: false, verify: true});
			verified = {is: verdictOf(told.verify, runner.shortToken).is, at: shared.now()};
		} catch (error) {
			// The rounds themselves tell of a connection that is gone.
			if (!(error instanceof Problem) && !(error instanceof Stopped)) throw error;
		} finally {
			verifying = false;
		}
	};
	const look = async (signal: AbortSignal) => {
		const connection = await hold(signal);
		if (!reading) void begin(connection);
		void verify(connection);
		const asked = reading;
		const told = await connection.script(panelScript, {host: true, ...(asked ? {journal: nextOf(asked)} : {})});
		if (signal.aborted || !told.host) return;
		const runner = runnerSees(told.host);
		const seen = hostSeen(told.host, {ticks, seen: shared.get().host.value});
		const host = good(verified ? {...seen, verified} : seen, shared.now());
		ticks = told.host.ticks;
		shared.set({host, runner: runnerNow(runner, host, shared)});
		if (!asked || !told.journal) return;
		try {
			tell(goOn(asked, told.journal, shared.now()));
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			shared.fail(['journal'], error);
		}
		await decode();
	};
	const failed = (problem: Problem) => {
		shared.fail(hostParts, problem);
		// Whatever it was, the next round begins with a connection that works.
		void drop().catch(() => undefined);
	};
	return {loop: {title: sourceTitles.host, seconds, limit: 30, look, failed}, close: drop};
}
