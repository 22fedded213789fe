import {markKeys, names} from '../../../fleet.ts';
import {type AskedManager, type Leftover, type LeftoverVerdict, type LeftoverView, type Region, verdict} from '../../../panel/leftovers.ts';
import type {HostSeen} from '../../../panel/snapshot.ts';
import {unless} from '../../../steps/answering.ts';
import {type Instance, lives} from '../../../steps/looks/account.ts';
import {groupTag, isMarkedMember, longestSetup} from './workers.ts';

const executor = 'docker-autoscaler';

/** A group and config.toml are read one after the other, so what is younger than this may be in only one of them, in milliseconds. */
const betweenLooks = 300_000;

/** Managers that could have it: those of its fleet. One that can't be asked may be the one. */
const managersOf = ({managers}: Region, fleet: string): readonly AskedManager[] => managers.filter((manager) => manager.fleet === fleet);

/** Whether the fleet of a mark is one that somebody still has: by its record, or by a live manager. */
function ofFleet(region: Region, fleet: string): LeftoverVerdict | undefined {
	const [manager] = managersOf(region, fleet);
	if (manager) return verdict('known', `fleet ${fleet} has the manager ${manager.id}`);
	return region.fleets.includes(fleet) ? verdict('known', `fleet ${fleet} has a record`) : undefined;
}

/** A group, a template or a key pair belongs to its fleet, whether or not any instance is there. */
function thingLeft(
	region: Region,
	kind: Leftover['kind'],
	{id, name, createdAt, tags}: Pick<Leftover, 'id' | 'name' | 'createdAt'> & {tags: Record<string, string>},
): Leftover | undefined {
	const fleet = tags[markKeys.fleet];
	if (fleet === undefined) return undefined;
	const young = createdAt !== undefined && region.now - createdAt < betweenLooks ? verdict('not-known', 'made less than 5 m ago') : undefined;
	const judged = ofFleet(region, fleet) ?? young ?? verdict('orphan', `fleet ${fleet} has neither a record nor a live manager here`);
	return {kind, id, name, ...judged, fleet, createdAt};
}

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
	return [
		...region.instances.map((instance) => instanceLeft(region, instance)),
		...groups.map((group) => thingLeft(region, 'Auto Scaling group', group)),
		...templates.map((template) => thingLeft(region, 'launch template', template)),
		...keyPairs.map((pair) => thingLeft(region, 'key pair', {...pair, createdAt: pair.createdAt})),
	].filter((left) => left !== undefined);
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
