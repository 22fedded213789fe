import {Problem} from '../problem.ts';
import type {Address} from '../world/laptop/address.ts';
import type {Clock} from '../world/laptop/clock.ts';
import type {SimulatedClock} from './clock.ts';

/** A laptop of the world: from where calls come, and which may die at any of its acts. */
export type Laptop = {
	readonly number: number;
	/** Whose credentials it has. */
	readonly arn: string;
	/** Public IPv4 address that the laptop has. */
	address: string;
	/** Whether a service tells that address. */
	addressTold: boolean;
	alive: boolean;
	/** Milliseconds by which the laptop's own clock is ahead of the true time. */
	clockAhead: number;
	/** The laptop's clock, which no longer serves a dead laptop. */
	readonly clock: Clock;
	/** Throws when the laptop is dead. */
	judgeAlive(): void;
	/** Counts one changing act of this laptop; it may be its last. */
	act(what: string): void;
};

/** Every changing act of any laptop, after which of them its laptop dies, and who is told once one has been carried out. */
export type Acts = {done: string[]; dieAt: number | undefined; whenDone: ((nth: number) => void) | undefined};

/** Makes a laptop. A dead one throws a Problem with the code `laptop-died` from every port, for ever. */
export function newLaptop({number, address, arn}: Pick<Laptop, 'number' | 'address' | 'arn'>, world: SimulatedClock, acts: Acts): Laptop {
	const laptop: Laptop = {
		number,
		arn,
		address,
		addressTold: true,
		alive: true,
		clockAhead: 0,
		clock: {
			now: () => world.now() + laptop.clockAhead,
			async sleep(ms, signal) {
				laptop.judgeAlive();
				await world.sleep(ms, signal);
				laptop.judgeAlive();
			},
		},
		judgeAlive() {
			if (!laptop.alive) throw new Problem({code: 'laptop-died', fault: 'outside', message: 'This laptop has died in the simulated world.'});
		},
		act(what) {
			acts.done.push(what);
			if (acts.done.length === acts.dieAt) laptop.alive = false;
			const {whenDone} = acts;
			const nth = acts.done.length;
			// It's carried out in the same turn.
			if (whenDone) queueMicrotask(() => whenDone(nth));
		},
	};
	return laptop;
}

/** Tells a laptop's address in the simulated world. */
export const simulatedAddress = (laptop: Laptop): Address => ({
	async mine(signal) {
		await laptop.clock.sleep(80, signal);
		return laptop.addressTold ? laptop.address : undefined;
	},
});
