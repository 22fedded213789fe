import type {Look} from '../../engine/step.ts';

/** The IPv4 address from which AWS sees this machine; asked only where an answer needs it. What no service told is asked for again by the next look. */
export const addressLook: Look<string | undefined> = {
	name: 'address',
	async load({address, forget, signal}) {
		const mine = await address.mine(signal);
		if (mine === undefined) forget(addressLook);
		return mine;
	},
};
