import {isWorkerName} from '../../source/fleet.ts';
import type {InstanceState} from '../../source/simulated/cloud/account.ts';
import {stateOf} from '../../source/simulated/cloud/account.ts';
import type {CallMade} from '../../source/simulated/cloud/cloud.ts';
import type {World} from '../../source/simulated/world.ts';
import {paths} from '../../source/world/host/scripts/paths.ts';
import {name, region} from './fleet.ts';

const bearsMark = ({tags}: {tags: Record<string, string>}, fleet: string): boolean => tags['gitlab-runner-aws:fleet'] === fleet;

/** Whether an instance is neither gone nor on its way there. */
const lives = (world: World, instance: InstanceState): boolean => !['terminated', 'shutting-down'].includes(stateOf(instance, world.time.now()));

/** All that stands of a fleet, as somebody who looks into the account and into GitLab counts it. */
export function standing(world: World, fleet = name, at = region) {
	world.time.settle();
	const {groups, images, instances, keyPairs, parameters, scalingGroups, snapshots, spotRequests, templates, volumes} = world.outside.region(at);
	const {buckets, profiles, roles} = world.outside.account;
	const here = {name: fleet, region: at};
	const living = [...instances.values()].filter((instance) => lives(world, instance));
	const marked = living.filter((instance) => bearsMark(instance, fleet));
	const isWorker = ({keyName = '', tags}: InstanceState) =>
		isWorkerName(here, keyName) || (bearsMark({tags}, fleet) && tags['gitlab-runner-aws:part'] === 'worker');
	const ofPart = (part: string) => marked.filter(({tags}) => tags['gitlab-runner-aws:part'] === part);
	const openRequests = [...spotRequests.values()].filter(({state}) => state === 'open' || state === 'active');
	const workerRequests = new Set([...instances.values()].filter(isWorker).map(({spotRequestId}) => spotRequestId ?? ''));
	return {
		managers: ofPart('manager').length,
		workers: living.filter(isWorker).length,
		workerKeys: [...keyPairs.keys()].filter((key) => isWorkerName(here, key)).length,
		spotRequests: openRequests.filter((one) => bearsMark(one, fleet) || workerRequests.has(one.id)).length,
		volumes: [...volumes.values()].filter((one) => bearsMark(one, fleet) && one.instanceId === undefined).length,
		groups: [...groups.values()].filter((one) => bearsMark(one, fleet)).length,
		keyPairs: [...keyPairs.values()].filter((one) => bearsMark(one, fleet)).length,
		roles: [...roles.values()].filter((one) => bearsMark(one, fleet)).length,
		profiles: [...profiles.values()].filter((one) => bearsMark(one, fleet)).length,
		buckets: [...buckets.values()].filter((one) => bearsMark(one, fleet)).length,
		parameters: [...parameters.values()].filter((one) => bearsMark(one, fleet)).length,
		scalingGroups: [...scalingGroups.values()].filter((one) => bearsMark(one, fleet) && !one.isDeleting).length,
		templates: [...templates.values()].filter((one) => bearsMark(one, fleet)).length,
		images: [...images.values()].filter((one) => bearsMark(one, fleet) && !one.deregistered).length,
		snapshots: [...snapshots.values()].filter((one) => bearsMark(one, fleet)).length,
		builders: ofPart('image-builder').length,
	};
}

const nothing = {
	managers: 0,
	workers: 0,
	workerKeys: 0,
	spotRequests: 0,
	volumes: 0,
	groups: 0,
	keyPairs: 0,
	roles: 0,
	profiles: 0,
	buckets: 0,
	parameters: 0,
	scalingGroups: 0,
	templates: 0,
	images: 0,
	snapshots: 0,
	builders: 0,
};

/** A whole fleet, at rest: one of each. */
export const oneOfEach = {...nothing, managers: 1, groups: 2, keyPairs: 1, roles: 1, profiles: 1, buckets: 1, parameters: 1};

/** A whole fleet of an Auto Scaling group, at rest. */
export const oneGroup = {...oneOfEach, keyPairs: 2, scalingGroups: 1, templates: 1};

/** A fleet that was taken away: but for the cache bucket, nothing. */
export const onlyTheBucket = {...nothing, buckets: 1};

export const noneAtAll = nothing;

/** The rules of a fleet's two groups, as `group port from`. */
export function rules(world: World, fleet = name, at = region): string[] {
	const {groups} = world.outside.region(at);
	const called = (id: string) => groups.get(id)?.name ?? id;
	return [...groups.values()]
		.filter((group) => group.name === `${fleet}-manager` || group.name === `${fleet}-workers`)
		.flatMap(({inbound, name: group}) => inbound.map(({cidr, fromPort, groupId = ''}) => `${group} ${fromPort} ${cidr ?? called(groupId)}`))
		.sort();
}

/** The managers of a fleet that live, the oldest first. */
export const managers = (world: World, fleet = name, at = region): InstanceState[] =>
	[...world.outside.region(at).instances.values()]
		.filter((instance) => lives(world, instance) && bearsMark(instance, fleet) && instance.tags['gitlab-runner-aws:part'] === 'manager')
		.sort((one, other) => one.launchedAt - other.launchedAt);

/** How many managers of a fleet were ever launched, as far as AWS remembers. */
export const launchedManagers = (world: World, fleet = name, at = region): number =>
	[...world.outside.region(at).instances.values()].filter((one) => bearsMark(one, fleet) && one.tags['gitlab-runner-aws:part'] === 'manager').length;

/** The one manager's id; throws where there isn't exactly one. */
export function onlyManager(world: World, fleet = name): string {
	const [manager, another] = managers(world, fleet);
	if (!manager || another) throw new Error(`There are ${managers(world, fleet).length} managers.`);
	return manager.id;
}

/** When a fleet's record says that it was born; undefined where there is no record. */
export const bornIn = (world: World, fleet = name, at = region): string | undefined =>
	JSON.parse(world.outside.region(at).parameters.get(`/gitlab-runner-aws/${fleet}`)?.versions.at(-1)?.value ?? '{}').born;

/** The text of a manager's config.toml. */
export const config = (world: World, id: string): string => world.outside.file(id, paths.config)?.text ?? '';

/** The changing acts of laptops since a moment, by name. */
export const actsSince = (world: World, index: number): string[] => world.acts.slice(index);

/** How many round trips follow one another at most: the longest chain of calls, each beginning after the one before has ended. */
export function depth(calls: readonly CallMade[]): number {
	const ended: {until: number; depth: number}[] = [];
	for (const {at, until = at} of calls) ended.push({until, depth: 1 + Math.max(0, ...ended.filter((one) => one.until <= at).map((one) => one.depth))});
	return Math.max(0, ...ended.map((one) => one.depth));
}

/** When the runner on a manager was started, in milliseconds since 1970: unchanged where its service was not started anew. */
export const startedAt = (world: World, id: string): number | undefined => world.outside.machine(id).process?.startedAt;

/** Jobs of GitLab by how they do. */
export function jobStates(world: World): Record<string, number> {
	const states: Record<string, number> = {};
	for (const {state} of world.jobs) states[state] = (states[state] ?? 0) + 1;
	return states;
}
