import {Problem} from '../../problem.ts';
import {commandLine} from '../../world/host/quote.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import type {WorkerAt} from '../executor.ts';
import {workerKeyPath} from './manager-paths.ts';

/** Nobody knows a worker's host key before: it's made with the worker, and the way there is the manager's own network. */
const options = [
	'-i',
	workerKeyPath,
	'-o',
	'IdentitiesOnly=yes',
	'-o',
	'StrictHostKeyChecking=no',
	'-o',
	'UserKnownHostsFile=/dev/null',
	'-o',
	'LogLevel=ERROR',
];

/** Run by root, who alone may read the key: the user on workers is the one that config.toml has the runner come in as. */
const script = (words: string | undefined): string =>
	[
		`user=$(sed -n 's/^[[:space:]]*username[[:space:]]*=[[:space:]]*"\\([a-z_][a-z0-9_-]*\\)".*/\\1/p' ${paths.config} | head -n 1)`,
		`exec ssh ${words === undefined ? '-t ' : ''}${commandLine(...options)} -- "\${user:-ec2-user}@$1"${words === undefined ? '' : ' "$2"'}`,
	].join('; ');

/** The command line that takes a manager's login user on to a worker, by the key and as the user that the runner itself uses. */
export async function onWorker(user: string, {name, address}: WorkerAt, words: string | undefined): Promise<string> {
	const at = await address();
	if (at === undefined)
		throw new Problem({
			code: 'worker-gone',
			message: `EC2 knows no address of ${name}: it is gone, or was never there.`,
			advice: '`status` lists the workers.',
		});
	const root = user === 'root' ? [] : ['sudo'];
	return commandLine(...root, 'sh', '-c', script(words), 'sh', at, ...(words === undefined ? [] : [words]));
}
