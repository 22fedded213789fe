import {createHash} from 'node:crypto';
import type {Context, Finding, Found, Report, Step} from '../engine/step.ts';
import {Problem} from '../problem.ts';
import {writeCredentialsScript} from '../world/host/scripts/write-credentials.ts';
import {differs} from './finding.ts';
import {forgetHost, lookAtSoftware, managerOf} from './looks/host.ts';
import {credentialsFile} from './programs.ts';
import {connectToChange, reachingActions} from './reaching.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** The hash of root's AWS credentials file on the manager. */
		credentials: {hash: string};
	}
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const keysMissing = (): Problem =>
	new Problem({
		code: 'access-key-missing',
		message: 'The manager has no AWS credentials file, and with `access` = `access-keys` it needs one. No access key was given.',
		advice: 'Give it with `--access-key-file`, or let `--access create` make a role for the manager.',
	});

/** Whether root's AWS credentials file is as wanted: there, and with the given keys where they are given. */
async function check(context: Context, found: Pick<Found, 'manager'>): Promise<Finding<Found['credentials']>> {
	const {accessKey} = context.secrets;
	const {credentialsHash: standing} = await lookAtSoftware(context, await managerOf(context, found));
	const wanted = accessKey && hash(credentialsFile(accessKey));
	if (standing === undefined)
		return wanted === undefined ? {is: 'blocked', problem: keysMissing()} : {is: 'missing', says: 'the access keys given, in the AWS credentials file of root'};
	if (wanted === undefined || wanted === standing) return {is: 'ready', resource: {hash: standing}, says: 'the manager has an AWS credentials file'};
	return differs({hash: standing}, [{what: 'access', from: 'other access keys', to: 'access-keys', how: 'live'}]);
}

/** The access keys go to the manager once its host key is verified, and no sooner. */
async function apply(context: Context, found: Pick<Found, 'manager'>, report: Report): Promise<void> {
	const {accessKey} = context.secrets;
	if (accessKey === undefined) throw keysMissing();
	const instance = await managerOf(context, found);
	const connection = await connectToChange(context, instance);
	const outcome = await connection.script(writeCredentialsScript, {section: credentialsFile(accessKey)}, report).finally(() => forgetHost(context, instance));
	if (outcome.is === 'written') return;
	throw new Problem({
		code: 'command-failed',
		message: `Root's AWS credentials file can't be written on the manager: ${outcome.detail}`,
		advice: 'Mend it there with `gitlab-runner-aws ssh`, then run the same command again.',
	});
}

/** The access keys by which workers are made, where no instance profile lets the manager do so: a secret, which waits for the host key as programs don't. */
export const credentialsStep: Step<'credentials', 'manager' | 'connection', 'host-key'> = {
	name: 'credentials',
	title: 'AWS credentials',
	needs: ['manager', 'connection'],
	after: ['host-key'],
	when: ({access}) => access === 'access-keys',
	actions: reachingActions,
	check,
	apply: (context, found, _finding, report) => apply(context, found, report),
	commands: () => ['sudo install -m 600 credentials /root/.aws/credentials'],
};
