import {isIPv4} from 'node:net';
import {Stopped} from '../../problem.ts';
import {send} from '../request.ts';

/** Tells from which IPv4 address this machine is seen by AWS; undefined when no service answers, which is a note and never a failure. Throws `Stopped` once the signal is aborted. */
export type Address = {
	mine(signal?: AbortSignal): Promise<string | undefined>;
};

/** AWS's own service for the question; it answers with the address and a newline. */
const service = 'https://checkip.amazonaws.com/';

/** Milliseconds: a laptop asks its second name server only when the first has been silent for five seconds. */
const limit = 8000;

/**
 * Asks AWS's service, or the one at `url`, which address this machine has out there. Anything but an IPv4 address in time is "not known".
 * It asks past any proxy, since SSH goes past it too: a proxy's address would let in everybody who shares the proxy, and not this machine.
 */
export const realAddress = ({url = service}: {url?: string | undefined} = {}): Address => ({
	async mine(signal) {
		try {
			const {status, text} = await send({url, env: {}, limit, signal});
			const said = text.trim();
			return status === 200 && isIPv4(said) ? said : undefined;
		} catch {
			// Whoever stopped asking has learnt nothing of the address.
			if (signal?.aborted) throw new Stopped();
			return undefined;
		}
	},
});
