import {readFile} from 'node:fs/promises';
import {Agent as HttpAgent} from 'node:http';
import {Agent as HttpsAgent} from 'node:https';
import {getCACertificates} from 'node:tls';
import {Problem} from '../../problem.ts';
import type {Environment} from './aws-files.ts';
import type {ClientSettings} from './calls.ts';

/** Milliseconds. GetProducts and RunInstances are the slow ones. */
const timeouts = {connectionTimeout: 5000, requestTimeout: 30_000, throwOnRequestTimeout: true} as const;

/** Certificates of `AWS_CA_BUNDLE` besides those that Node trusts; the SDK for JavaScript doesn't read it, AWS's other tools do. */
async function trusted(env: Environment): Promise<{ca?: string[]}> {
	const path = env.AWS_CA_BUNDLE;
	if (!path) return {};
	try {
		return {ca: [...getCACertificates('default'), await readFile(path, 'utf8')]};
	} catch (error) {
		throw new Problem({
			code: 'file-unreadable',
			message: `The file ${path}, which AWS_CA_BUNDLE names, can't be read: ${error instanceof Error ? error.message : String(error)}.`,
			advice: 'Name another with `export AWS_CA_BUNDLE=…`, or `unset AWS_CA_BUNDLE`.',
			cause: error,
		});
	}
}

/** How every client talks: held connections through Node's own agents, which honour `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (Node 22.21, 24.5). */
export async function transport(env: Environment): Promise<ClientSettings['requestHandler']> {
	const agent = {keepAlive: true, maxSockets: 50, proxyEnv: env};
	return {...timeouts, httpAgent: new HttpAgent(agent), httpsAgent: new HttpsAgent({...agent, ...(await trusted(env))})};
}
