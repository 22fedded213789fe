import type {Context, Finding, Found, Note, Report, Step} from '../engine/step.ts';
import {isProblem, type Problem} from '../problem.ts';
import {retried} from '../world/laptop/clock.ts';
import {isYoung} from './host-trust.ts';
import type {Instance} from './looks/account.ts';
import {managerOf} from './looks/host.ts';
import {type Reached, reach, reachingActions} from './reaching.ts';

declare module '../engine/step.ts' {
	interface Found {
		connection: {hostKey: string};
	}
}

/** How long the first SSH may take. */
const patience = {tries: 60, pause: 5000};
/** What comes and goes while a machine boots: nothing listens yet, and then the key isn't in place yet. */
const booting = ['ssh-no-answer', 'ssh-refused', 'ssh-closed', 'ssh-denied'];

const notesOf = ({fresh}: Reached): Note[] => (fresh ? [{says: 'This laptop has no key of the manager: EC2 Instance Connect lets it in for this run.'}] : []);

async function check(context: Context, found: Pick<Found, 'manager'>): Promise<Finding<Found['connection']>> {
	const instance = await managerOf(context, found);
	try {
		const reached = await reach(context, instance);
		return {is: 'ready', resource: {hostKey: reached.hostKey}, says: `SSH as ${reached.user}`, notes: notesOf(reached)};
	} catch (error) {
		if (isProblem(error, ...booting) && isYoung(context, instance)) return {is: 'missing', says: 'SSH answers a little after the first boot'};
		throw error;
	}
}

/** What a wait that takes longer than usual saw each time, and what to look at, by the error's code. */
const overdue: Readonly<Record<string, {seen: string; look: string}>> = {
	'ssh-no-answer': {seen: 'no answer', look: 'Is port 22 out of your network open, and does the group let this address in?'},
	'ssh-refused': {seen: 'refused', look: 'Its console says how far the boot is.'},
	'ssh-closed': {seen: 'ended at once', look: 'Its console says how far the boot is.'},
	'ssh-denied': {seen: 'no key let in', look: 'Is it the image that the login user is of?'},
};

/** Milliseconds after which a first boot takes longer than usual. */
const late = 60_000;

/** What a wait for SSH says: how long it usually takes, and once it's late what it saw last, how often, and what can be looked at. */
function waiting(context: Context): (error: Problem) => string {
	const from = context.clock.now();
	const seen = new Map<string, number>();
	return ({code}) => {
		const times = (seen.get(code) ?? 0) + 1;
		seen.set(code, times);
		const told = overdue[code];
		if (context.clock.now() - from < late || !told) return 'waiting for SSH (usually about 30 s)';
		// Told anew each time it has doubled: in lines each telling is one more.
		const least = 2 ** Math.floor(Math.log2(times));
		return `waiting for SSH longer than usual: ${told.seen} ${least === 1 ? 'once' : `at least ${least} times`}. ${told.look}`;
	};
}

/** Waits for SSH at the first boot. */
function waitFor(context: Context, instance: Instance, report: Report): Promise<Reached> {
	const says = waiting(context);
	return retried(
		context,
		patience,
		() => reach(context, instance),
		(error) => (isProblem(error, ...booting) && isYoung(context, instance) ? says(error) : undefined),
		report,
	);
}

async function apply(context: Context, found: Pick<Found, 'manager'>, _finding: unknown, report: Report): Promise<void> {
	await waitFor(context, await managerOf(context, found), report);
}

/** SSH answers. Whether it's the manager that does is the host key's to tell: until then nothing secret goes there. */
export const connectionStep: Step<'connection', 'security-group-rules' | 'manager'> = {
	name: 'connection',
	title: 'Connection',
	needs: ['security-group-rules', 'manager'],
	actions: reachingActions,
	check,
	apply,
};
