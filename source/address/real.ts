import {isIPv4} from 'node:net';
import {type Request, send} from '../request.ts';
import type {Address} from './port.ts';

/** AWS's own service for the question; it answers with the address and a newline. */
const service = 'https://checkip.amazonaws.com/';

/** Milliseconds. */
const limit = 3000;

/** Asks AWS's service, or the one at `url`, which address this machine has out there. Anything but an IPv4 address in time is "not known". */
export const realAddress = ({url = service, env}: {url?: string | undefined; env: Request['env']}): Address => ({
	async mine(signal) {
		try {
			const {status, text} = await send({url, env, limit, signal});
			const said = text.trim();
			return status === 200 && isIPv4(said) ? said : undefined;
		} catch {
			return undefined;
		}
	},
});
