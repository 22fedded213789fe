import {markKeys} from '../fleet.ts';
import type {Look, Removal, Report, Standing} from '../step.ts';
import {unless} from './answering.ts';
import {untilTerminated} from './launch.ts';
import {accountLook, managersOf} from './looks/account.ts';

/** Disks that bear the mark and that no instance holds: left where somebody kept one from going with its instance. */
const strayVolumesLook: Look<string[]> = {
	name: 'stray volumes',
	async load({cloud, fleet}) {
		const {Volumes = []} = await cloud.call('DescribeVolumes', {
			Filters: [
				{Name: `tag:${markKeys.fleet}`, Values: [fleet.name]},
				{Name: 'status', Values: ['available']},
			],
		});
		return Volumes.flatMap(({VolumeId}) => VolumeId ?? []);
	},
};

/** Managers that live, replaced ones among them, and disks that none of them holds. */
export async function managerStands(context: Removal): Promise<Standing[]> {
	const [account, volumes] = await Promise.all([context.look(accountLook), context.look(strayVolumesLook)]);
	return [
		...managersOf(context.fleet, account).map(({id, state, type}) => ({id, says: `manager, ${type}, ${state}`, goes: true})),
		...volumes.map((id) => ({id, says: 'disk that no instance holds', goes: true})),
	];
}

/** Terminates every manager and waits until it is gone, then deletes what disks are left. */
export async function removeManager(context: Removal, report: Report): Promise<void> {
	const {cloud, fleet} = context;
	context.forget(accountLook);
	const ids = managersOf(fleet, await context.look(accountLook)).map(({id}) => id);
	if (ids.length > 0) report({says: `terminating ${ids.join(', ')}`});
	for (const id of ids) await unless(cloud.call('TerminateInstances', {InstanceIds: [id]}), 'InvalidInstanceID.NotFound');
	await untilTerminated(context, ids, report);
	context.forget(accountLook, strayVolumesLook);
	for (const id of await context.look(strayVolumesLook)) {
		await unless(cloud.call('DeleteVolume', {VolumeId: id}), 'InvalidVolume.NotFound');
		report({says: `disk ${id} deleted`});
	}
	context.forget(strayVolumesLook);
}
