import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';

/** What tests may need of this computer beside Node. The manager's machine is nothing without moto. */
export type Peer = 'machine' | 'moto' | 'python' | 'terminal';

/** The Python of this computer, where scripts for a manager run as they do there. */
export const python = 'python3';

/** What this computer doesn't have, and why. */
export type Lacking = Map<Peer, string>;

/** The variable that says to test files what is lacking. */
const variable = 'PEERS_LACKING';

function complaint(command: string, ...args: string[]): string | undefined {
	const {status, stdout, stderr, error} = spawnSync(command, args, {encoding: 'utf8'});
	return status === 0 ? undefined : (stderr ?? '').trim() || (stdout ?? '').trim() || String(error);
}

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A pseudo-terminal takes a binary, which its package brings for the commonest systems. */
const noTerminal = (): Promise<string | undefined> =>
	import('@lydell/node-pty').then(
		() => undefined,
		() => 'node-pty has none for this system',
	);

/** Looks what this computer lacks. Nothing is installed: that is install.sh's work. */
export async function look(): Promise<Lacking> {
	const moto = complaint('sh', script('moto/python.sh'), '--only-look');
	const machine = complaint('sh', script('machine/possible.sh')) ?? moto ?? complaint('sh', script('machine/build-tree.sh'), '--only-look');
	const found = {python: complaint(python, '--version') && `${python} is not there`, moto, machine, terminal: await noTerminal()};
	return new Map(Object.entries(found).flatMap(([peer, why]) => (why === undefined ? [] : [[peer as Peer, why] as const])));
}

/** Has test files know what is lacking. */
export function tell(lacking: Lacking): void {
	process.env[variable] = [...lacking.keys()].join(' ');
}

/** Whether a test may use a peer. Where nobody looked, as for a file that is run by itself, it may: what isn't there fails then. */
export const isHere = (peer: Peer): boolean => !(process.env[variable] ?? '').split(' ').includes(peer);
