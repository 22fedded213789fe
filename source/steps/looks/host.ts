import type {Found, Look, Looking} from '../../engine/step.ts';
import {factsScript, type HostFacts, type SoftwareFacts, softwareFactsScript} from '../../executors/scripts.ts';
import {isProblem, Problem} from '../../problem.ts';
import {connectTo, type Reaching, reach} from '../reaching.ts';
import {accountLook, type Instance, managersOf} from './account.ts';

const hostLook = (context: Reaching, instance: Instance): Look<HostFacts> => ({
	name: `host ${instance.id}`,
	// The look's own context has no answers, which may say where SSH is.
	load: () => facts(context, instance),
});

const softwareLook = (context: Reaching, instance: Instance): Look<SoftwareFacts> => ({
	name: `software on ${instance.id}`,
	load: () => persistent(async () => (await reach(context, instance)).connection.script(softwareFactsScript, {without: 'secrets'})),
});

const facts = (context: Reaching, instance: Instance): Promise<HostFacts> =>
	persistent(async () => (await connectTo(context, instance)).script(factsScript, {verify: true}));

/** Asks the host; a connection that breaks meanwhile is opened again, once. */
async function persistent<Result>(ask: () => Promise<Result>): Promise<Result> {
	try {
		return await ask();
	} catch (error) {
		if (!isProblem(error, 'ssh-closed')) throw error;
		return ask();
	}
}

/** Every fact about a manager, in one round trip, shared by all that look. Throws what `reachVerified` throws. */
export const lookAtHost = (context: Reaching, instance: Instance): Promise<HostFacts> => context.look(hostLook(context, instance));

/** What is installed on a manager, which may be looked at before its host key is verified. Throws what `reach` throws. */
export async function lookAtSoftware(context: Reaching, instance: Instance): Promise<SoftwareFacts> {
	const {trust} = await reach(context, instance);
	return trust === 'unverified' ? context.look(softwareLook(context, instance)) : lookAtHost(context, instance);
}

/** Drops what was seen of a manager, after a change there. */
export const forgetHost = (context: Reaching, instance: Instance): void => context.forget(hostLook(context, instance), softwareLook(context, instance));

/** The manager that counts, running or not: the newest that isn't terminated or going. */
export async function currentManager(context: Looking): Promise<Instance | undefined> {
	return managersOf(context.fleet, await context.look(accountLook))[0];
}

/** The manager that the step above found. Throws a Problem worth another try when AWS doesn't show it any more. */
export async function managerOf(context: Looking, found: Pick<Found, 'manager'>): Promise<Instance> {
	const account = await context.look(accountLook);
	const instance = managersOf(context.fleet, account).find(({id}) => id === found.manager.id);
	if (instance) return instance;
	throw new Problem({
		code: 'InvalidInstanceID.NotFound',
		fault: 'outside',
		again: true,
		message: `AWS doesn't show the manager ${found.manager.id} any more.`,
		advice: 'Run the same command again.',
	});
}
