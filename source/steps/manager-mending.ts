import {until} from '../clock.ts';
import {names} from '../fleet.ts';
import type {Change, Context, Report} from '../step.ts';
import {setMissingTags} from './ec2-tags.ts';
import {whenKnown} from './late.ts';
import {untilRunning} from './launch.ts';
import {accountLook, type Disk, type Instance, managersOf} from './looks/account.ts';
import {tagChanges} from './tags.ts';

/** The profile that the manager should have; undefined where it works with access keys. */
export function profileName({answers, fleet}: Pick<Context, 'answers' | 'fleet'>): string | undefined {
	if (answers.access === 'access-keys') return undefined;
	return answers.access === 'create' ? names.profile(fleet) : answers.access;
}

/** The name of the profile that an instance has. */
export const profileOf = ({profileArn}: Instance): string | undefined => profileArn?.split('/').at(-1);

/** The instance and its disks, as far as they came with the launch and so bear the mark. */
async function tagged(context: Context, standing: Instance): Promise<(Instance | Disk)[]> {
	const {disks} = await context.look(accountLook);
	return [standing, ...disks.filter(({instanceId}) => instanceId === standing.id)];
}

/** What a standing manager can be made to be as it runs. */
export async function liveChanges(context: Context, standing: Instance): Promise<Change[]> {
	const changes: Change[] = [];
	if (standing.state !== 'running') changes.push({what: 'state', from: standing.state, to: 'running', how: 'live'});
	if (standing.httpTokens === 'optional') changes.push({what: 'IMDSv2', from: 'optional', to: 'required', how: 'live'});
	const [profile, has] = [profileName(context), profileOf(standing)];
	if (profile !== undefined && has !== profile) changes.push({what: 'access', from: has ?? 'no instance profile', to: profile, how: 'live'});
	const tags = (await tagged(context, standing)).map((one) => one.tags);
	return [...changes, ...tagChanges(context.answers, tags)];
}

/** A stopped instance is started, never doubled; one on its way down is waited for first. */
async function start(context: Context, {id, state}: Instance, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	let looks = 0;
	const stateNow = async (): Promise<Instance['state']> => {
		if (looks++ === 0) return state;
		context.forget(accountLook);
		return managersOf(fleet, await context.look(accountLook)).find((one) => one.id === id)?.state ?? 'stopping';
	};
	const now = await until(
		context,
		{pause: 5000, tries: 60},
		stateNow,
		(one) => one !== 'stopping',
		() => report({says: `${id} is stopping`}),
	);
	if (now !== 'running' && now !== 'pending') {
		report({says: `starting ${id}`});
		await cloud.call('StartInstances', {InstanceIds: [id]});
	}
	await untilRunning(context, id, report);
}

/**
 * Gives a running manager another profile. Nothing has to drain for it: docker-machine takes credentials from the instance metadata at each call,
 * and a create that is under way keeps those it has, which AWS takes until they expire.
 */
async function giveProfile(context: Context, {id}: Instance, profile: string, report: Report): Promise<void> {
	const {cloud} = context;
	const {IamInstanceProfileAssociations = []} = await cloud.call('DescribeIamInstanceProfileAssociations', {Filters: [{Name: 'instance-id', Values: [id]}]});
	const held = IamInstanceProfileAssociations.find(({State}) => State === 'associated' || State === 'associating')?.AssociationId;
	const IamInstanceProfile = {Name: profile};
	report({says: `giving ${id} the instance profile ${profile}`});
	await whenKnown(context, report, async () => {
		if (held === undefined) await cloud.call('AssociateIamInstanceProfile', {InstanceId: id, IamInstanceProfile});
		else await cloud.call('ReplaceIamInstanceProfileAssociation', {AssociationId: held, IamInstanceProfile});
	});
}

/** Makes a standing manager what `liveChanges` says, on the running instance. */
export async function mend(context: Context, standing: Instance, report: Report): Promise<void> {
	const things = await tagged(context, standing);
	if (standing.state !== 'running') await start(context, standing, report);
	if (standing.httpTokens === 'optional') await context.cloud.call('ModifyInstanceMetadataOptions', {InstanceId: standing.id, HttpTokens: 'required'});
	const profile = profileName(context);
	if (profile !== undefined && profileOf(standing) !== profile) await giveProfile(context, standing, profile, report);
	await setMissingTags(context, things);
}
