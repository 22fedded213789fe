import type {Context, Finding, Found, Report, Step} from '../engine/step.ts';
import {serviceScript} from '../executors/scripts.ts';
import {markKeys} from '../fleet.ts';
import {Problem, unless} from '../problem.ts';
import {untilTerminated} from './launch.ts';
import {accountActions, accountLook, type Instance, managersOf} from './looks/account.ts';
import {connectToChange} from './reaching.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** Managers that another one has taken over from: drained, then terminated. */
		'old-manager': {ids: string[]};
	}
}

/** Running jobs may take this long to end on a manager that was replaced, in seconds: as long as its service's own limit. */
const drainSeconds = 7200;

/** All but the newest, which is the one that counts. */
const older = async (context: Context): Promise<Instance[]> => managersOf(context.fleet, await context.look(accountLook)).slice(1);

async function check(context: Context): Promise<Finding<Found['old-manager']>> {
	const ids = (await older(context)).map(({id}) => id);
	if (ids.length === 0) return {is: 'ready', resource: {ids}, says: 'none'};
	return {is: 'extra', resource: {ids}, says: `${ids.join(', ')}: drained and terminated once the new one takes jobs`};
}

/** Lets the old manager's jobs end; the shared runner stays registered, since the new manager works under the same token. */
async function drain(context: Context, instance: Instance, report: Report): Promise<void> {
	if (instance.state !== 'running') return;
	report({says: `${instance.id} draining, running jobs end first`});
	const connection = await connectToChange(context, instance);
	const outcome = await connection.script(serviceScript, {do: 'drain', drainSeconds, fleet: context.fleet.name}, report);
	if (outcome.is === 'done') return;
	const why = outcome.is === 'still-busy' ? `${outcome.jobs} jobs still run after ${drainSeconds / 3600} h` : outcome.detail;
	throw new Problem({
		code: outcome.is === 'still-busy' ? 'still-busy' : outcome.code,
		message: `The replaced manager ${instance.id} isn't drained, so it stays: ${why}.`,
		advice: 'Run the same command again; it goes on draining.',
	});
}

/**
 * Ends the jobs of managers that another one takes over from, before anything is changed that those still work with: for executors whose workers two
 * managers can't share.
 */
export async function drainReplaced(context: Context, report: Report): Promise<void> {
	for (const instance of await older(context)) await drain(context, instance, report);
}

async function apply(context: Context, _found: unknown, _finding: unknown, report: Report): Promise<void> {
	context.forget(accountLook);
	const replaced = await older(context);
	for (const instance of replaced) {
		await drain(context, instance, report);
		report({says: `terminating ${instance.id}`});
		await unless(context.cloud.call('TerminateInstances', {InstanceIds: [instance.id]}), 'InvalidInstanceID.NotFound');
	}
	await untilTerminated(
		context,
		replaced.map(({id}) => id),
		report,
	);
	context.forget(accountLook);
}

/** A manager that another one has taken over from: it ends its jobs, then goes. */
export const oldManagerStep: Step<'old-manager', never, 'manager' | 'service'> = {
	name: 'old-manager',
	title: 'Replaced manager',
	leftover: true,
	needs: [],
	after: ['manager', 'service'],
	actions: [...accountActions, 'ec2:TerminateInstances'],
	settles: {tries: 10, seconds: 2},
	check,
	apply,
	commands: (_answers, fleet) => [
		`aws --region ${fleet.region} ec2 describe-instances --filters Name=tag:${markKeys.fleet},Values=${fleet.name} Name=tag:${markKeys.part},Values=manager Name=instance-state-name,Values=running`,
	],
};
