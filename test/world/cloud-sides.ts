import {setTimeout as pause} from 'node:timers/promises';
import {simulatedWorld} from '../../source/simulated/world.ts';
import type {CloudAt, OperationName} from '../../source/world/cloud/port.ts';
import {realCloud} from '../../source/world/cloud/real.ts';
import {realClock} from '../../source/world/laptop/clock.ts';
import {isHere, type Peer} from '../peers/here.ts';

/** One side's AWS, with the tests' ways to reach behind it. */
export type CloudWorld = {
	cloudAt: CloudAt;
	/** Lets a little of the world's time go by. */
	pass(): Promise<void>;
	/** Actions that AWS refuses from now on, and those alone. */
	deny(actions: readonly string[]): Promise<void>;
	/** The next call of this action is throttled, or carried out with its answer getting lost. */
	trouble(action: OperationName, kind: 'dropped-after' | 'throttled'): void;
	/** The clock of whoever calls is so many milliseconds behind AWS's. */
	behind(ms: number): void;
	/** A colleague's cloud, for whom all that they make and name is known at once. */
	colleague: CloudAt;
	/** What AWS says of every launch by an Auto Scaling group in that region, of which it makes none; undefined: it launches as it can. */
	groupLaunches(region: string, said: string | undefined): Promise<void>;
	/** What every build of an image fails with that is halfway from now on; undefined: they go well. */
	failBuilds(why: string | undefined): Promise<void>;
	/** An hour goes by at EC2. */
	hour(): Promise<void>;
	stop(): Promise<void>;
};

/** Whether AWS ever knows what was just made. */
export type LateAnswers = 'never' | 'for ever';

/** `needs`: what this computer must have for it. `late`: it knows all at once unless that says otherwise. */
export type CloudSide = {name: string; needs?: Peer; open(late?: LateAnswers): Promise<CloudWorld>};

/** The SDK against moto, through the proxy that makes trouble. */
const real: CloudSide = {
	name: 'real',
	needs: 'moto',
	async open(late = 'never') {
		// Imported here only, since the other side is tested on computers without moto too.
		const {startWithoutManager} = await import('../peers/no-manager.ts');
		const peers = await startWithoutManager({late: late === 'never' ? 0 : 86_400});
		Object.assign(process.env, peers.env);
		const asked = {clock: {...realClock, sleep: async () => undefined}, random: () => 0};
		const cloud = realCloud({...asked, env: peers.env});
		const theirs = realCloud({...asked, env: {...peers.env, AWS_ENDPOINT_URL: peers.aws.direct}});
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
			colleague: theirs.at,
			groupLaunches: (_region, said) => peers.aws.groupLaunches(said),
			failBuilds: peers.aws.failBuilds,
			hour: peers.aws.hour,
			async stop() {
				cloud.close();
				theirs.close();
				await peers.stop();
			},
		};
	},
};

const simulated: CloudSide = {
	name: 'simulated',
	async open(late = 'never') {
		const ms = late === 'never' ? 0 : 86_400_000;
		const iam = late === 'never' ? {} : {ec2Role: ms};
		const own = {
			group: ms,
			rule: 0,
			role: ms,
			profile: ms,
			bucket: ms,
			bucketSettings: 0,
			bucketName: ms,
			parameter: ms,
			template: ms,
			scalingRole: ms,
			imageGone: ms,
		};
		const world = simulatedWorld({late: {...own, ...iam}});
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
			colleague: (at) => ({...world.cloudAt(at), call: async (name, input) => world.outside.call(name, at, input)}),
			groupLaunches: async (region, said) => world.outside.groupLaunches(region, said),
			failBuilds: async (why) => world.outside.failBuilds(why),
			hour: () => world.clock.sleep(3_700_000),
			stop: async () => undefined,
		};
	},
};

/** Both sides of the cloud's port, or those that can be had here: what holds for one holds for the other. */
export const sides: readonly CloudSide[] = [real, simulated].filter(({needs}) => needs === undefined || isHere(needs));
