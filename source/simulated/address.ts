import type {Address} from '../world/laptop/address/port.ts';
import type {Laptop} from './laptop.ts';

/** Tells a laptop's address in the simulated world. */
export const simulatedAddress = (laptop: Laptop): Address => ({
	async mine(signal) {
		await laptop.clock.sleep(80, signal);
		return laptop.addressTold ? laptop.address : undefined;
	},
});
