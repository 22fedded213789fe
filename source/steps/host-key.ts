import type {Context, Finding, Found, Note, Report, Step} from '../engine/step.ts';
import {markKeys, names} from '../fleet.ts';
import type {Trust} from './host-trust.ts';
import {consoleMinutes} from './host-trust.ts';
import {accountLook, type Instance} from './looks/account.ts';
import {managerOf} from './looks/host.ts';
import {type Reached, reach, reachingActions, untilVerified} from './reaching.ts';
import {tagList} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** The key by which secrets go to the manager. */
		'host-key': {hostKey: string};
	}
}

const trusted: Record<Trust, string> = {
	tag: 'the one that was verified',
	console: 'the one that its console printed at the first boot',
	pin: 'the one that this laptop saw before',
	'first-use': 'trusted on first use',
};

const silent: Partial<Record<Trust, string>> = {
	pin: 'since this laptop trusted it before',
	'first-use': `since it was the first one seen here, ${consoleMinutes} minutes after the start`,
};

const notesOf = ({hostKey}: Reached, trust: Trust): Note[] =>
	silent[trust] === undefined ? [] : [{says: `The console doesn't tell the manager's host key, so ${hostKey} is trusted ${silent[trust]}.`}];

/** The tag may have been written after the connection was opened. */
const trustOf = ({hostKey, trust}: Reached, {tags}: Instance): Reached['trust'] => (tags[markKeys.hostKey] === hostKey ? 'tag' : trust);

async function check(context: Context, found: Pick<Found, 'manager'>): Promise<Finding<Found['host-key']>> {
	const instance = await managerOf(context, found);
	const reached = await reach(context, instance);
	const {hostKey} = reached;
	const trust = trustOf(reached, instance);
	if (trust === 'unverified') return {is: 'missing', says: 'verified once the console tells it, usually 1 to 2 minutes after the boot'};
	const finding = {resource: {hostKey}, says: `${hostKey}, ${trusted[trust]}`, notes: notesOf(reached, trust)};
	if (trust !== 'console') return {is: 'ready', ...finding};
	return {is: 'different', ...finding, changes: [{what: 'host key', from: 'verified here only', to: `kept as the manager's tag, ${hostKey}`, how: 'live'}]};
}

async function apply(context: Context, found: Pick<Found, 'manager'>, _finding: unknown, report: Report): Promise<void> {
	const instance = await managerOf(context, found);
	const {hostKey, trust} = await untilVerified(context, instance, report);
	if (trust === 'first-use') report({says: `the console has been silent for ${consoleMinutes} minutes, so ${hostKey} is trusted on first use`});
	if (trust !== 'console') return;
	await context.cloud.call('CreateTags', {Resources: [instance.id], Tags: tagList({[markKeys.hostKey]: hostKey})});
	context.forget(accountLook);
	report({says: `host key ${hostKey} kept as the manager's tag`});
}

/** The host's key is the right one, before any secret goes there: by the manager's tag, its console's words, or what this laptop trusted before. */
export const hostKeyStep: Step<'host-key', 'manager' | 'connection'> = {
	name: 'host-key',
	title: 'Host key',
	needs: ['manager', 'connection'],
	actions: [...reachingActions, 'ec2:CreateTags'],
	check,
	apply,
	commands: (_answers, fleet) => [
		`aws --region ${fleet.region} ec2 get-console-output --latest --output text --instance-id "$(aws --region ${fleet.region} ec2 describe-instances --filters Name=tag:Name,Values=${names.manager(fleet)} Name=instance-state-name,Values=running --query 'Reservations[].Instances[].InstanceId' --output text)"`,
	],
};
