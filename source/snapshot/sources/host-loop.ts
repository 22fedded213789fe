import type {Connection} from '../../host/port.ts';
import {panelScript} from '../../host/scripts/panel.ts';
import {Problem, Stopped, toProblem} from '../../problem.ts';
import {readDenial} from '../decode.ts';
import {failing, good} from '../seen.ts';
import {sourceTitles, type Ticks} from '../snapshot.ts';
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
		try {
			const {DecodedMessage} = await cloud.call('DecodeAuthorizationMessage', {EncodedMessage: encoded});
			const denial = readDenial(DecodedMessage ?? '');
			if (denial) shared.set({denials: {...shared.get().denials, [encoded]: denial}});
		} catch (error) {
			// Its own right is often missing, and that is no trouble of the fleet's.
			if (!(error instanceof Problem)) throw error;
		}
	};
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
	const look = async (signal: AbortSignal) => {
		const connection = await hold(signal);
		if (!reading) void begin(connection);
		const asked = reading;
		const told = await connection.script(panelScript, {host: true, ...(asked ? {journal: nextOf(asked)} : {})});
		if (signal.aborted || !told.host) return;
		const runner = runnerSees(told.host);
		const host = good(hostSeen(told.host, ports.toml, {ticks, seen: shared.get().host.value}), shared.now());
		ticks = told.host.ticks;
		shared.set({host, runner: 'sees' in runner ? good(runner.sees, shared.now()) : failing(shared.get().runner, runner.trouble, shared.now())});
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
