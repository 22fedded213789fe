import {asRoot, quote} from '../../world/host/quote.ts';
import type {WorkerAt} from '../executor.ts';

/**
 * The command line that takes a manager's login user on to a worker: docker-machine there has the worker's key, in root's store. `words` is a command
 * line for the worker's own shell, none opens one. Some images' sudo leaves out the folder that docker-machine is in.
 */
export async function onWorker(user: string, {name}: Pick<WorkerAt, 'name'>, words: string | undefined): Promise<string> {
	const way = asRoot(user, 'env', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'docker-machine', 'ssh', name);
	return words === undefined ? way : `${way} ${quote(words)}`;
}
