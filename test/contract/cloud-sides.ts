import {setTimeout as pause} from 'node:timers/promises';
import {realClock} from '../../source/clock.ts';
import type {CloudAt, OperationName} from '../../source/cloud/port.ts';
import {realCloud} from '../../source/cloud/real.ts';
import {simulatedWorld} from '../../source/simulated.ts';
import {startWorld} from '../peers/world.ts';

/** One side's AWS, with the tests' ways to reach behind it. */
export type World = {
	cloudAt: CloudAt;
	/** Lets a little of the world's time go by. */
	pass(): Promise<void>;
	/** Actions that AWS refuses from now on, and those alone. */
	deny(actions: readonly string[]): Promise<void>;
	/** The next call of this action is throttled, or carried out with its answer getting lost. */
	trouble(action: OperationName, kind: 'dropped-after' | 'throttled'): void;
	/** The clock of whoever calls is so many milliseconds behind AWS's. */
	behind(ms: number): void;
	stop(): Promise<void>;
};

export type Side = {name: string; open(): Promise<World>};

/** The SDK against moto, through the proxy that makes trouble. */
const real: Side = {
	name: 'real',
	async open() {
		const peers = await startWorld({manager: false});
		Object.assign(process.env, peers.env);
		const cloud = realCloud({env: peers.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
		return {
			cloudAt: cloud.at,
			pass: () => pause(20),
			deny: peers.aws.deny,
			trouble: (action, kind) =>
				peers.aws.faults([
					kind === 'throttled'
						? {action, nth: 1, error: {status: 503, code: 'RequestLimitExceeded', message: 'Request limit exceeded.'}}
						: {action, nth: 1, drop: 'after'},
				]),
			behind: peers.aws.clock,
			async stop() {
				cloud.close();
				await peers.stop();
			},
		};
	},
};

const simulated: Side = {
	name: 'simulated',
	async open() {
		const world = simulatedWorld();
		const denied: string[] = [];
		return {
			cloudAt: world.cloudAt,
			pass: () => world.clock.sleep(1000),
			async deny(actions) {
				world.outside.allow(...denied.splice(0));
				world.outside.deny(...actions);
				denied.push(...actions);
			},
			trouble: (action, kind) => (kind === 'throttled' ? world.faults.throttle(action, 1) : world.faults.dropAfter(action)),
			behind: (ms) => world.outside.setClock(-ms),
			stop: async () => undefined,
		};
	},
};

/** Both sides of the cloud's port: what holds for one holds for the other. */
export const sides: readonly Side[] = [real, simulated];

/** Looks again and again while the world's time goes by, until `look` gives something. */
export async function eventually<Seen>(world: Pick<World, 'pass'>, look: () => Promise<Seen | undefined>): Promise<Seen> {
	for (let tries = 0; tries < 500; tries += 1) {
		const seen = await look();
		if (seen !== undefined) return seen;
		await world.pass();
	}
	throw new Error('It never came about');
}
