import {setTimeout as pause} from 'node:timers/promises';
import {simulatedWorld} from '../../source/simulated/world.ts';
import type {CloudAt} from '../../source/world/cloud/port.ts';
import {realCloud} from '../../source/world/cloud/real.ts';
import type {Connection, Host} from '../../source/world/host/port.ts';
import {realHost} from '../../source/world/host/real.ts';
import {realClock} from '../../source/world/laptop/clock.ts';
import {isHere, type Peer} from '../peers/here.ts';

/** One side's manager, and the AWS that lets us into it. */
export type HostWorld = {
	cloudAt: CloudAt;
	host: Host;
	/** Lets a little of the world's time go by. */
	pass(): Promise<void>;
	/** A connection breaks off: at once, or in the simulated world as its next script begins. */
	breakOff(connection: Connection): Promise<void>;
	stop(): Promise<void>;
};

/** `needs`: what this computer must have for it. `hasShell`: it runs any command line and any script, not only those that this program has. */
export type HostSide = {name: string; needs?: Peer; hasShell: boolean; open(): Promise<HostWorld>};

/** A real sshd in a machine of its own, which lets in the key pairs of moto's running instances. */
const real: HostSide = {
	name: 'real',
	needs: 'machine',
	hasShell: true,
	async open() {
		// Imported here only, since the other side is tested on computers that can't run the machine too.
		const {startWorld} = await import('../peers/world.ts');
		const peers = await startWorld({late: 0});
		Object.assign(process.env, peers.env);
		const cloud = realCloud({env: peers.env, clock: {...realClock, sleep: async () => undefined}, random: () => 0});
		return {
			cloudAt: cloud.at,
			host: realHost(),
			pass: () => pause(20),
			async breakOff(connection) {
				const {stdout: server} = await connection.run('echo $PPID');
				await peers.manager.exec(`kill -KILL ${server}`);
			},
			async stop() {
				cloud.close();
				await peers.stop();
			},
		};
	},
};

const simulated: HostSide = {
	name: 'simulated',
	hasShell: false,
	async open() {
		const world = simulatedWorld({late: {group: 0}});
		return {
			cloudAt: world.cloudAt,
			host: world.host,
			pass: () => world.clock.sleep(1000),
			breakOff: async () => world.faults.cutAtScript(),
			stop: async () => undefined,
		};
	},
};

/** Both sides of the host's port, or those that can be had here: what holds for one holds for the other. */
export const sides: readonly HostSide[] = [real, simulated].filter(({needs}) => needs === undefined || isHere(needs));
