import {markKeys, names} from '../../../fleet.ts';
import {
	type AskedManager,
	betweenLooks,
	fleetsLeft,
	type Leftover,
	type LeftoverVerdict,
	type LeftoverView,
	type Region,
	verdict,
} from '../../../panel/leftovers.ts';
import type {HostSeen} from '../../../panel/snapshot.ts';
import {unless} from '../../../problem.ts';
import {type Instance, lives} from '../../../steps/looks/account.ts';
import {groupTag, isMarkedMember, longestSetup} from './workers.ts';

const executor = 'docker-autoscaler';

/** Managers that could have it: those of its fleet. One that can't be asked may be the one. */
const managersOf = ({managers}: Region, fleet: string): readonly AskedManager[] => managers.filter((manager) => manager.fleet === fleet);

function instanceVerdict(region: Region, fleet: string, {launchedAt}: Instance, group: string): LeftoverVerdict {
	const managers = managersOf(region, fleet);
	const keeper = managers.find(({store}) => store?.groups?.has(group));
	if (keeper) return verdict('known', `manager ${keeper.id} has its group`);
	const silent = managers.find(({store}) => store === undefined);
	if (silent) return verdict('not-known', `manager ${silent.id} can't be asked`);
	const age = region.now - launchedAt;
	if (age < betweenLooks) return verdict('not-known', 'launched less than 5 m ago');
	if (group === names.testGroup({name: fleet, region: region.region}) && age < longestSetup) return verdict('not-known', 'a setup may be trying it');
	if (managers.length > 0) return verdict('orphan', `no runner on manager ${managers[0]?.id} has its group`);
	return verdict('orphan', `fleet ${fleet} has ${region.fleets.includes(fleet) ? 'no live manager' : 'neither a record nor a live manager here'}`);
}

function instanceLeft(region: Region, instance: Instance): Leftover | undefined {
	const {id, launchedAt: createdAt, tags, type, zone} = instance;
	const [fleet, group] = [tags[markKeys.fleet], tags[groupTag]];
	if (!lives(instance) || !isMarkedMember(instance) || fleet === undefined || group === undefined) return undefined;
	return {kind: 'instance', id, name: id, ...instanceVerdict(region, fleet, instance, group), group, fleet, createdAt, type, zone};
}

/** Whatever bears the mark of a fleet's Auto Scaling: its group and template, the workers' key pair, and instances. */
function judge(region: Region): Leftover[] {
	const {groups = [], templates = [], keyPairs = []} = region.leftovers.scaling ?? {};
	const left = (
		kind: Leftover['kind'],
		{createdAt, id, name, tags}: {id: string; name: string; createdAt?: number | undefined; tags: Record<string, string>},
	) => fleetsLeft(region, kind, tags[markKeys.fleet], {id, name, createdAt});
	return [
		...region.instances.map((instance) => instanceLeft(region, instance)),
		...groups.map((group) => left('Auto Scaling group', group)),
		...templates.map((template) => left('launch template', template)),
		...keyPairs.map((pair) => left('key pair', pair)),
	].filter((one) => one !== undefined);
}

const groupsOn = ({config}: HostSeen): string[] =>
	config?.facts?.runners.flatMap(({executor: is, group}) => (is === executor && group !== undefined ? [group] : [])) ?? [];

/** What docker-autoscaler's fleets leave: their marked groups, templates and key pairs, and instances of them. What bears no mark is somebody else's. */
export const leftovers: LeftoverView = {
	tool: 'Auto Scaling',
	makers: /autoscaler|fleeting/i,
	isManager: ({config}) => config?.facts?.runners.some(({executor: is}) => is === executor) === true,
	kept: (host) => (host.config?.facts ? {names: [], instanceIds: [], groups: groupsOn(host)} : undefined),
	unmanaged: () => [],
	judge,
	keyPairOf: () => undefined,
	async remove({cloud}, name) {
		// With a lower number no other instance takes its place, and the runner sees it go as one that was to go.
		const answer = await unless(
			cloud.call('TerminateInstanceInAutoScalingGroup', {InstanceId: name, ShouldDecrementDesiredCapacity: true}),
			'ValidationError',
			'InvalidInstanceID.NotFound',
		);
		return answer === undefined ? {is: 'gone'} : {is: 'removed'};
	},
	afterCrash: "Instances that it left are ended, since it doesn't know what they hold",
	removing: (name) => `${name} is removed: the instance ends with its disk, and its group is to have one fewer.`,
	removed: (name) => `${name} is removed, with its disk, and its group has one fewer.`,
};
