import type {Context, Found, Report} from '../../engine/step.ts';
import {workerTypesOf} from '../../executors/offered.ts';
import {type Answers, mark, markKeys, names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import type {Action, Input} from '../../world/cloud/port.ts';
import {until} from '../../world/laptop/clock.ts';
import {inConsole} from '../host-trust.ts';
import {instanceTypeOf, launchOnce, untilTerminated} from '../launch.ts';
import {accountLook, type Instance} from '../looks/account.ts';
import {bakedLook} from '../looks/baked-images.ts';
import {tagList} from '../tags.ts';
import {type Recipe, toldOnConsole} from './recipe.ts';

/** Where a builder is made, and of which version its image will be. */
type BuilderPlace = {network: Pick<Found['network'], 'subnetId' | 'public'>; groupId: string; version: number};

/** GiB of an image's disk: room for Docker and some images, and never more than workers have. */
export const imageDiskGib = (workerDisk: number, baseGib: number): number => Math.min(workerDisk, Math.max(baseGib, 20));

/** What a builder is: the first of the workers' types. */
export const builderType = (answers: Answers): string => workerTypesOf(answers)[0] ?? answers.workerType;

/**
 * The call that launches a builder: of the workers' own type, so that it is one that the image runs on, on demand, since what is interrupted is begun anew.
 * It has no key and no role: nobody gets on to it. When it shuts down it stops, so that an image can be made of it.
 */
function builderInput({answers, fleet}: Context, {base, hash, image, script}: Recipe, {groupId, network, version}: BuilderPlace): Input<'RunInstances'> {
	const tags = tagList(answers.tags, {Name: names.imageBuilder(fleet)}, mark(fleet, 'image-builder'), {
		version: String(version),
		[markKeys.recipe]: hash,
		[markKeys.base]: base,
		[markKeys.baseImage]: image.id,
	});
	return {
		ImageId: image.id,
		InstanceType: instanceTypeOf(builderType(answers)),
		MinCount: 1,
		MaxCount: 1,
		InstanceInitiatedShutdownBehavior: 'stop',
		UserData: Buffer.from(script).toString('base64'),
		NetworkInterfaces: [{DeviceIndex: 0, SubnetId: network.subnetId, AssociatePublicIpAddress: network.public, DeleteOnTermination: true, Groups: [groupId]}],
		BlockDeviceMappings: [
			{DeviceName: image.rootDevice, Ebs: {VolumeType: 'gp3', DeleteOnTermination: true, VolumeSize: imageDiskGib(answers.workerDisk, image.diskGib)}},
		],
		MetadataOptions: {HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 1},
		TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({ResourceType, Tags: tags})),
	};
}

/** The builder of this recipe that is there, or a new one; those of other recipes are ended. Gives its instance id. */
export async function launchBuilder(context: Context, recipe: Recipe, place: BuilderPlace, report: Report): Promise<string> {
	const {builders} = await context.look(bakedLook);
	const standing = builders.find(({tags}) => tags[markKeys.recipe] === recipe.hash);
	await endBuilders(
		context,
		builders.filter((one) => one !== standing).map(({id}) => id),
		report,
	);
	if (standing) {
		report({says: `going on with ${standing.id}`});
		return standing.id;
	}
	report({says: `launching ${builderType(context.answers)} from ${recipe.image.id}`});
	return launchOnce(context, {part: 'image-builder', input: builderInput(context, recipe, place)}, report);
}

/** How a builder does: it works, it is done, or it won't be. */
type BuilderSeen = {is: 'working'; says: string | undefined} | {is: 'done'} | {is: 'over'; because: string};

/** What EC2 says first of the reason of an instance that shut itself down (AWS, StateReason). */
const shutItselfDown = 'Client.InstanceInitiatedShutdown';

async function builderNow(context: Context, id: string): Promise<Instance | undefined> {
	context.forget(accountLook, bakedLook);
	const {instances} = await context.look(accountLook);
	return instances.find((one) => one.id === id);
}

async function seen(context: Context, id: string): Promise<BuilderSeen> {
	const builder = await builderNow(context, id);
	if (!builder || builder.state === 'pending') return {is: 'working', says: undefined};
	const {state, stateReason = 'AWS gives no reason'} = builder;
	if (state === 'stopped') return stateReason.startsWith(shutItselfDown) ? {is: 'done'} : {is: 'over', because: stateReason};
	if (state === 'terminated' || state === 'shutting-down') return {is: 'over', because: stateReason};
	if (state === 'stopping') return {is: 'working', says: 'stopping'};
	const {failed, says} = (await inConsole(context, id, toldOnConsole)) ?? {};
	return failed === undefined ? {is: 'working', says} : {is: 'over', because: failed};
}

/** How long a builder is waited for, in milliseconds: three quarters of an hour. */
export const longestBuild = 2_700_000;
/** Looks at a builder this often, seldomer as time goes by. All in milliseconds. */
const patience = {pause: (turn: number) => Math.min(10_000, 1000 * turn), longest: longestBuild};

/** Waits until a builder has stopped itself, which it does once all is in it. What has failed is ended, and throws what its console told. */
export async function untilBuilt(context: Context, id: string, report: Report): Promise<string> {
	let last: string | undefined;
	const waiting = (now: BuilderSeen): void => {
		const says = now.is === 'working' ? now.says : undefined;
		if (says !== undefined && says !== last) report({says: `${id}: ${says}`});
		last = says ?? last;
	};
	const ended = await until(
		context,
		patience,
		() => seen(context, id),
		({is}) => is !== 'working',
		waiting,
	);
	if (ended.is === 'done') return `${id} stopped itself, with all in it`;
	await endBuilders(context, [id], report);
	throw new Problem({
		code: 'bake-failed',
		fault: 'outside',
		message:
			ended.is === 'over'
				? `The builder ${id} didn't become an image: ${ended.because}.`
				: `The builder ${id} wasn't done within ${patience.longest / 60_000} minutes${last === undefined ? '' : `; its last words were: ${last}`}.`,
		advice: 'It is ended. `gitlab-runner-aws bake` begins anew.',
	});
}

/** Ends builders, and waits until they are gone. */
export async function endBuilders(context: Pick<Context, 'clock' | 'cloud' | 'signal' | 'forget'>, ids: string[], report: Report): Promise<void> {
	if (ids.length === 0) return;
	report({says: `terminating ${ids.join(', ')}`});
	for (const id of ids) await unless(context.cloud.call('TerminateInstances', {InstanceIds: [id]}), 'InvalidInstanceID.NotFound');
	await untilTerminated(context, ids, report);
	context.forget(accountLook, bakedLook);
}

/** What making and ending one needs to be allowed. */
export const builderActions: readonly Action[] = ['ec2:RunInstances', 'ec2:CreateTags', 'ec2:TerminateInstances', 'ec2:GetConsoleOutput'];
