import type {Laptop} from '../simulated-laptop.ts';
import type {Address} from './port.ts';

/** Tells a laptop's address in the simulated world. */
export const simulatedAddress = (laptop: Laptop): Address => ({
	async mine(signal) {
		await laptop.clock.sleep(80, signal);
		return laptop.addressTold ? laptop.address : undefined;
	},
});
