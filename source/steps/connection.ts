import {markKeys, names} from '../fleet.ts';
import {isProblem} from '../problem.ts';
import type {Context, Finding, Found, Note, Report, Step} from '../step.ts';
import type {Trust} from './host-trust.ts';
import {accountLook, type Instance} from './looks/account.ts';
import {managerOf} from './looks/host.ts';
import {isYoung, type Reached, reach, reachingActions} from './reaching.ts';
import {tagList} from './tags.ts';

/** How long the first SSH may take: this many tries, this many seconds apart. */
const patience = {tries: 60, seconds: 5};
/** For so many of the first tries the console may still come to tell the host's key; then it is trusted on first use. */
const consoleTries = 4;
/** What comes and goes while a machine boots: nothing listens yet, and then the key isn't in place yet. */
const booting = ['ssh-no-answer', 'ssh-refused', 'ssh-closed', 'ssh-denied', 'host-key-unknown'];

const trusted: Record<Trust, string> = {
	tag: 'its host key is the one that was verified',
	console: 'its host key is the one that its console printed at the first boot',
	pin: 'its host key is the one that this laptop saw before',
	'first-use': 'its host key is trusted on first use',
};

function notesOf({fresh, hostKey, trust}: Reached): Note[] {
	const unverified = trust === 'first-use' || trust === 'pin';
	return [
		...(unverified ? [{says: `The console doesn't tell the manager's host key, so ${hostKey} is trusted since it was the first one seen here.`}] : []),
		...(fresh ? [{says: 'This laptop has no key of the manager: EC2 Instance Connect lets it in for this run.'}] : []),
	];
}

/** The tag may have been written after the connection was opened. */
const asTagged = (reached: Reached, {tags}: Instance): Reached => (tags[markKeys.hostKey] === reached.hostKey ? {...reached, trust: 'tag'} : reached);

async function check(context: Context, found: Pick<Found, 'manager'>): Promise<Finding<Found['connection']>> {
	const instance = await managerOf(context, found);
	try {
		const reached = asTagged(await reach(context, instance), instance);
		const {hostKey, trust, user} = reached;
		const notes = notesOf(reached);
		const says = `SSH as ${user}; ${trusted[trust]}`;
		if (trust !== 'console') return {is: 'so', resource: {hostKey}, says, notes};
		const changes = [{what: 'host key', from: 'verified here only', to: `kept as the manager's tag, ${hostKey}`, how: 'live' as const}];
		return {is: 'different', resource: {hostKey}, says, notes, changes};
	} catch (error) {
		if (isProblem(error, ...booting) && isYoung(context, instance)) return {is: 'missing', says: 'SSH answers a little after the first boot'};
		throw error;
	}
}

/** Waits for SSH, and at the first boot a little for the console to tell the host key. */
async function waitFor(context: Context, instance: Instance, report: Report): Promise<Reached> {
	for (let turn = 1; ; turn++) {
		try {
			return await reach(context, instance, turn <= consoleTries ? 'wait' : 'trust');
		} catch (error) {
			if (!isProblem(error, ...booting) || turn >= patience.tries || !isYoung(context, instance)) throw error;
			report({says: 'waiting for SSH (usually about 30 s)'});
			await context.clock.sleep(patience.seconds * 1000, context.signal);
		}
	}
}

async function apply(context: Context, found: Pick<Found, 'manager'>, _finding: unknown, report: Report): Promise<void> {
	const instance = await managerOf(context, found);
	const {hostKey, trust} = await waitFor(context, instance, report);
	if (trust !== 'console') return;
	await context.cloud.call('CreateTags', {Resources: [instance.id], Tags: tagList({[markKeys.hostKey]: hostKey})});
	context.forget(accountLook);
	report({says: `host key ${hostKey} kept as the manager's tag`});
}

/** SSH answers, and the host's key is the right one (design §7, "Reaching the manager"). */
export const connectionStep: Step<'connection', 'security-groups' | 'manager'> = {
	name: 'connection',
	title: 'Connection',
	needs: ['security-groups', 'manager'],
	actions: [...reachingActions, 'ec2:CreateTags'],
	check,
	apply,
	commands: (_answers, fleet) => [
		`aws --region ${fleet.region} ec2 get-console-output --latest --output text --instance-id "$(aws --region ${fleet.region} ec2 describe-instances --filters Name=tag:Name,Values=${names.manager(fleet)} Name=instance-state-name,Values=running --query 'Reservations[].Instances[].InstanceId' --output text)"`,
	],
};
