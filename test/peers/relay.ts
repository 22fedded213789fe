import {type Launched, launch} from './launch.ts';
import {until} from './poll.ts';

/** This process's own network namespace, as a path. */
export const ownNetwork = '/proc/self/ns/net';

/** Starts to pass on what calls `places` (`address:port`) in one network namespace to the same places in another; `passesOn` says when it does. */
export function launchRelay(callers: string, targets: string, places: readonly string[]): Launched {
	const script = new URL('relay.py', import.meta.url).pathname;
	return launch('/usr/bin/python3', ['-I', '-S', script, callers, targets, ...places]);
}

/** Waits until all of a relay's places listen. */
export async function passesOn(relay: Launched): Promise<void> {
	await until('a relay between networks to listen', () => {
		if (relay.child.exitCode !== null) {
			throw new Error(`A relay between networks ended: ${relay.output()}`);
		}
		return relay.output().includes('passing on') ? true : undefined;
	});
}
