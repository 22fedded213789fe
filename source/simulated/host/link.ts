import {Problem, Stopped} from '../../problem.ts';
import {closed as closedProblem} from '../../world/host/exec.ts';
import type {Connection} from '../../world/host/port.ts';
import {resultOf} from '../../world/host/script.ts';
import {printableIn} from '../../world/printable.ts';
import {unknownToThisWorld} from '../cloud/refusal.ts';
import {copied} from '../copied.ts';
import type {Laptop} from '../laptop.ts';
import {type Hosts, isUp, type Machine, type Work} from './machine.ts';
import {authorizeKey, unregister, writeConfig, writeCredentials} from './play-config.ts';
import {facts, softwareFacts} from './play-facts.ts';
import {installMirror, lookAtMirror, removeMirror, writeMirrorLogin} from './play-mirror.ts';
import {panel} from './play-panel.ts';
import {endJobs, service} from './play-service.ts';
import {install} from './play-software.ts';
import type {Played, Plays, ScriptRun} from './plays.ts';
import {hangup} from './running.ts';

/** One SSH connection of the simulated world, under the port's verbs. */
export type Link = Pick<Connection, 'script'> & {
	/** Does something on the host after so many milliseconds. */
	after<Result>(ms: number, happen: () => Result): Promise<Result>;
	/** Cuts the connection: whatever waits on it is told why. A running script goes on until it prints so many lines more. */
	cut(why: string, linesMore?: number): void;
	/** Whether it is still open. */
	isOpen(): boolean;
	/** Scripts begun on this connection so far. */
	scripts: string[];
	/** Called when a script begins; a test may cut here. */
	onScript: ((name: string) => void) | undefined;
};

/** The scripts of every manager. */
const scripts: Readonly<Record<string, Played>> = {
	facts,
	'software-facts': softwareFacts,
	'write-credentials': writeCredentials,
	install,
	'write-config': writeConfig,
	service,
	'end-jobs': endJobs,
	unregister,
	'authorize-key': authorizeKey,
	'install-mirror': installMirror,
	'remove-mirror': removeMirror,
	'look-at-mirror': lookAtMirror,
	'write-mirror-login': writeMirrorLogin,
	panel,
};

/** Makes the link of a laptop to a machine. */
export function linkTo(hosts: Hosts, plays: readonly Plays[], laptop: Laptop, machine: Machine, destination: string, signal: AbortSignal | undefined): Link {
	let lost: string | undefined;
	let linesMore = 0;
	const tellers = new Set<(problem: Error) => void>();
	const closed = () => closedProblem({destination}, lost ?? 'the other side closed it');
	const why = () => (signal?.aborted ? new Stopped() : laptop.alive ? closed() : died());
	const {reboots} = machine;
	/** Whether the system runs that the connection was opened to. */
	const isSame = () => isUp(machine, hosts.clock.now()) && machine.reboots === reboots;
	const isOpen = () => lost === undefined && laptop.alive && isSame();
	signal?.addEventListener('abort', () => link.cut('it was stopped'), {once: true});

	/** Throws what a verb meets on a connection that is gone. */
	function judgeOpen(): void {
		laptop.judgeAlive();
		hosts.clock.settle();
		hosts.review();
		if (signal?.aborted) throw new Stopped();
		if (!isOpen()) throw closed();
	}

	/** A promise that ends early once the connection is cut. */
	function whileOpen<Result>(work: (isCut: () => boolean) => Promise<Result>): Promise<Result> {
		return new Promise((resolve, reject) => {
			let cut = false;
			const tell = (problem: Error) => {
				cut = true;
				tellers.delete(tell);
				reject(problem);
			};
			tellers.add(tell);
			if (lost !== undefined) tell(why());
			work(() => cut).then(
				(result) => {
					tellers.delete(tell);
					resolve(result);
				},
				(error: unknown) => {
					tellers.delete(tell);
					reject(error);
				},
			);
		});
	}

	/** Whatever waits learns of a connection that broke without anybody cutting it. */
	function notice(): void {
		if (isOpen()) return;
		if (laptop.alive) link.cut('the other side is gone');
		else link.cut('this laptop died', Math.floor(hosts.random() * 6));
	}

	async function drive(work: Work<object>): Promise<object> {
		for (let next = work.next(); ; next = work.next()) {
			hosts.review();
			if (next.done) return next.value;
			await hosts.clock.sleep(next.value);
			hosts.review();
			if (!isSame()) {
				work.return({});
				if (machine.reboots === reboots) machine.locks.clear();
				notice();
				throw closed();
			}
			notice();
		}
	}

	const link: Link = {
		isOpen: () => lost === undefined,
		scripts: [],
		onScript: undefined,
		cut(because, more = 0) {
			if (lost !== undefined) return;
			lost = because;
			linesMore = more;
			for (const tell of tellers) tell(why());
		},
		async after(ms, happen) {
			judgeOpen();
			return whileOpen(async () => {
				await laptop.clock.sleep(ms, signal);
				judgeOpen();
				return happen();
			});
		},
		async script(script, input, said = () => undefined) {
			judgeOpen();
			const play = scripts[script.name] ?? plays.find((one) => one.scripts[script.name])?.scripts[script.name];
			if (!play) throw unknownToThisWorld(`the script ${script.name}`);
			link.scripts.push(script.name);
			if (script.changes) laptop.act(`script ${script.name}`);
			link.onScript?.(script.name);
			notice();
			const running: ScriptRun = {
				hosts,
				machine,
				plays,
				lost: () => lost !== undefined && linesMore <= 0,
				tell(progress) {
					if (lost === undefined) said(printableIn(copied(progress)));
					else linesMore -= 1;
				},
				say(progress) {
					running.tell(progress);
					if (running.lost()) throw hangup;
				},
			};
			const given: unknown = JSON.parse(JSON.stringify(input));
			return whileOpen(async (isCut) => {
				try {
					await hosts.clock.sleep(80);
					const result = await drive(play(given, running));
					laptop.judgeAlive();
					const judged = resultOf(script, JSON.parse(JSON.stringify(result)));
					if (judged.success) return judged.data;
					throw judged.error;
				} catch (error) {
					if (error === hangup || isCut()) throw why();
					throw error;
				}
			});
		},
	};
	return link;
}

const died = () => new Problem({code: 'laptop-died', fault: 'outside', message: 'This laptop has died in the simulated world.'});
