import {createHash} from 'node:crypto';
import {type InstanceState, stateOf} from '../../source/simulated/cloud/account.ts';
import {isUp} from '../../source/simulated/host/machine.ts';
import type {Ports, World} from '../../source/simulated/world.ts';
import {region} from './fleet.ts';

/** What AWS, docker-machine and gitlab-runner give a name or an address by chance. */
const byChance =
	/\b(?:(?:i|sg|sgr|vol|lt|key|sir|ami|snap)-[0-9a-f]{8,17}|(?:AROA|AIPA)[0-9A-F]{17}|[0-9a-f]{17}|s_[0-9a-f]{12}|runner-[a-z0-9-]+-\d{10}-[0-9a-f]{8}|(?:172|18)(?:\.\d+){3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b/g;
/** Keys and their fingerprints. */
const keys = /-----BEGIN [A-Z ]+-----[\w+/=\s]+-----END [A-Z ]+-----|AAAA[BC]3[\w+/]{60,}|SHA256:[\w+/]{43}|\b[\w+/]{43}=/g;
const dates = /\b20\d\d-\d\d-\d\dT[\d:.]+Z/g;

/** A time counts only by whether it has come: from when AWS knows something new, say. */
const when = (at: number, now: number): string => (at > now ? 'to come' : 'come');

/** A value in one order, whichever things of it were made first. */
function written(value: unknown, now: number): string {
	if (value instanceof Map) return written(Object.fromEntries(value), now);
	if (value instanceof Set) return written([...value], now);
	if (typeof value === 'number' && value > 1e12) return when(value, now);
	if (typeof value === 'string') return value.replaceAll(dates, (at) => when(Date.parse(at), now));
	if (typeof value !== 'object' || value === null) return String(value);
	const parts = Array.isArray(value) ? value.map((one) => written(one, now)) : Object.entries(value).map(([key, one]) => `${key}: ${written(one, now)}`);
	return `{${parts.sort().join(',\n')}}`;
}

/** The text with each thing that chance named called by what it is; publishers' images are the same in every world. */
function renamed(text: string, known: ReadonlyMap<string, string>): string {
	const keyNames = new Map<string, string>();
	const keyName = (key: string): string => {
		const name = keyNames.get(key) ?? `key ${keyNames.size}`;
		keyNames.set(key, name);
		return name;
	};
	return text.replaceAll(byChance, (name) => known.get(name) ?? (name.startsWith('ami-') ? name : 'one')).replaceAll(keys, keyName);
}

const isManager = ({tags}: InstanceState): boolean => tags['gitlab-runner-aws:part'] === 'manager';
const isMachine = (name = ''): boolean => name.startsWith('runner-');

/** A manager's system, and how its runner does. */
function systemOf(world: World, {id}: InstanceState) {
	const machine = world.outside.machine(id);
	const {files, locks, process, service} = machine;
	const executors = process?.config?.entries.map(({executor}) => executor);
	const runs = process && {ending: process.ending, executors, jobs: process.jobs.length, workers: process.workers.size};
	return {id, isUp: isUp(machine, world.time.now()), files, locks: [...locks.keys()], service: service.active, runs};
}

/**
 * All that the next run of a laptop meets in a world: what stands in the account and in GitLab, the managers' files and runners, the jobs, what the laptop
 * has kept. Two worlds that differ only in when things were made, or in what chance called them, are in the same state. How far a script has come that
 * goes on after the laptop's death is told by the files that it has written.
 */
function describedState(world: World, {disk}: Ports): string {
	const now = world.time.now();
	const {buckets, groupsLaunchFrom, linkedRolesSeenFrom, profiles, restingBuckets, roles, serviceLinkedRoles} = world.outside.account;
	const {deletedParameters, groups, images, instances, keyPairs, parameters, scalingGroups, snapshots, spotRequests, templates, volumes} =
		world.outside.region(region);
	const ownImages = [...images.values()].filter(({owner}) => owner === world.outside.account.id);
	const managers = [...instances.values()].filter(isManager);
	const workers = [...instances.values()].filter((instance) => !isManager(instance) && stateOf(instance, now) !== 'terminated');
	const known = new Map<string, string>([
		...[groups, keyPairs, templates, profiles, roles].flatMap((things) => [...things.values()].map(({id, name}): [string, string] => [id, name])),
		...managers.map(({id}, index): [string, string] => [id, `manager ${index}`]),
		...ownImages.map(({id}, index): [string, string] => [id, `image ${index}`]),
		...workers.map(({id, keyName}): [string, string] => [id, isMachine(keyName) ? 'a machine' : 'an instance']),
	]);
	const seen = {
		account: {buckets, groupsLaunchFrom, linkedRolesSeenFrom, profiles, restingBuckets, roles, serviceLinkedRoles},
		region: {groups, parameters, resting: [...deletedParameters.values()].map((at) => at + 30_000), scalingGroups, templates, volumes: volumes.size},
		keyPairs: [...keyPairs.values()].map((pair) => (isMachine(pair.name) ? pair.name : pair)),
		managers: managers.map((manager) => ({manager, state: stateOf(manager, now), system: systemOf(world, manager)})),
		workers: workers.map((worker) => {
			const {build, ending, id, imageId, keyName, runsFrom, tags} = worker;
			return {ending, id, imageId, keyName, runsFrom, tags, ...(build ? {isBuilt: build.isOver, is: stateOf(worker, now)} : {})};
		}),
		images: [ownImages, [...snapshots.values()]],
		requests: [...spotRequests.values()].filter(({state}) => state === 'active' || state === 'open').length,
		gitlab: {jobs: world.jobs, runners: world.outside.gitlab.runners},
		laptop: Object.entries(disk.kept()).filter(([path]) => !path.endsWith('timings.json')),
	};
	return renamed(written(seen, now), known);
}

/** The same in a few characters. */
export const stateIn = (world: World, ports: Ports): string => createHash('sha256').update(describedState(world, ports)).digest('hex');
