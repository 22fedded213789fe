import {markKeys} from '../../../fleet.ts';
import {
	betweenLooks,
	isSure,
	judge as judgeByManagers,
	knowerOf,
	type Leftover,
	type LeftoverVerdict,
	type LeftoverView,
	mayBeSilent,
	type Owner,
	ownerOf,
	type Region,
	verdict,
} from '../../../panel/leftovers.ts';
import type {HostSeen} from '../../../panel/snapshot.ts';
import {type Instance, type KeyPair, lives, type Volume} from '../../../steps/looks/account.ts';
import type {Leftovers} from '../../../steps/looks/leftovers.ts';
import {madeAt} from '../../../world/host/machine-name.ts';
import {isMachineName, unmanagedBy} from '../machine-names.ts';
import {removeWorkerScript} from '../scripts/remove-worker.ts';
import {view} from './workers.ts';

/** docker-machine gives up a create after an hour; until then a key pair without an instance may be on its way. */
const longestCreate = 3_600_000;

/** Since when something may be in the making: its name holds the time of its machine, which no later act of anybody's makes younger. */
const beginning = (name: string, createdAt: number | undefined): number | undefined => {
	const named = madeAt(name);
	return named === undefined || createdAt === undefined ? (createdAt ?? named) : Math.min(named, createdAt);
};

/** Judges by name; a machine that its manager has and no runner there manages is an orphan. */
function judge(region: Region, owner: Owner, id: string | undefined): LeftoverVerdict {
	const knower = knowerOf(region, owner.name, id);
	if (!knower?.store?.unmanaged?.has(owner.name)) return judgeByManagers(region, owner, id);
	return {
		...verdict('orphan', `manager ${knower.id} has it, but no runner there manages it: the token or MachineName changed`),
		keeper: {id: knower.id, fleet: knower.fleet, executor: 'docker+machine'},
	};
}

function instanceLeft(region: Region, instance: Instance): Leftover | undefined {
	const name = view.nameOf(instance) ?? instance.tags.Name ?? instance.keyName ?? '';
	// A marked instance of an Auto Scaling group is none of docker-machine's.
	const marked = instance.tags[markKeys.part] === 'worker' && instance.tags['aws:autoscaling:groupName'] === undefined;
	if (!lives(instance) || (!marked && !isMachineName(name))) return undefined;
	const owner = ownerOf(region, name, instance.tags);
	const judged = judge(region, owner, instance.id);
	const young = judged.is === 'orphan' && !isSure(region, owner, judged) && region.now - (beginning(name, instance.launchedAt) ?? region.now) < betweenLooks;
	return {
		kind: 'instance',
		id: instance.id,
		name,
		...(young ? verdict('not-known', 'launched less than 5 m ago') : judged),
		fleet: owner.fleet,
		createdAt: instance.launchedAt,
		type: instance.type,
		zone: instance.zone,
	};
}

/** A key pair is a leftover when its name has the runner's full pattern, no live instance uses it, no store holds its machine and no create can still be under way. */
function keyPairLeft(region: Region, pair: KeyPair, used: ReadonlySet<string>): Leftover | undefined {
	if (!isMachineName(pair.name)) return undefined;
	const createdAt = beginning(pair.name, pair.createdAt);
	const owner = ownerOf(region, pair.name, pair.tags);
	const {fleet} = owner;
	const base = {kind: 'key pair', id: pair.id, name: pair.name, fleet, createdAt} as const;
	if (used.has(pair.name)) return {...base, ...verdict('known', 'a live instance uses it')};
	const judged = judge(region, owner, undefined);
	if (judged.is === 'known') return {...base, ...judged};
	const young = createdAt === undefined || region.now - createdAt < longestCreate;
	if (young && !isSure(region, owner, judged)) return {...base, ...verdict('not-known', 'its machine may still be in the making')};
	const unasked = region.managers.find((manager) => mayBeSilent(manager, owner));
	if (unasked) return {...base, ...verdict('not-known', `manager ${unasked.id} can't be asked`)};
	return {...base, ...verdict('orphan', judged.is === 'orphan' ? judged.because : 'no live instance uses it')};
}

function spotRequestLeft(region: Region, request: Leftovers['spotRequests'][number], instances: ReadonlyMap<string, Instance>): Leftover | undefined {
	if (request.state !== 'open' && request.state !== 'active') return undefined;
	const name = request.tags.Name ?? '';
	const fleet = request.tags[markKeys.fleet];
	const base = {kind: 'spot request', id: request.id, name, fleet, createdAt: request.createdAt, type: request.type} as const;
	const instance = request.instanceId === undefined ? undefined : instances.get(request.instanceId);
	if (instance && lives(instance)) {
		const left = instanceLeft(region, instance);
		return (
			left && {
				...base,
				name: name || left.name,
				fleet: fleet ?? left.fleet,
				is: left.is,
				because: left.is === 'known' ? 'its instance is known' : `its instance ${instance.id}: ${left.because}`,
			}
		);
	}
	if (request.instanceId !== undefined) return {...base, ...verdict('not-known', `its instance ${request.instanceId} isn't in the list`)};
	if (fleet === undefined && !isMachineName(name)) return undefined;
	const since = beginning(name, request.createdAt);
	if (since === undefined || region.now - since < longestCreate) return {...base, ...verdict('not-known', 'it may still be filled')};
	return {...base, ...judge(region, ownerOf(region, name, request.tags), undefined)};
}

function volumeLeft(region: Region, volume: Volume): Leftover | undefined {
	const name = volume.tags.Name ?? '';
	const owner = ownerOf(region, name, volume.tags);
	const worker = isMachineName(name) || volume.tags[markKeys.part] === 'worker';
	if (volume.state !== 'available' || volume.instanceId !== undefined || !worker) return undefined;
	const judged = judge(region, owner, undefined);
	const since = beginning(name, volume.createdAt);
	const young = since === undefined || region.now - since < longestCreate;
	return {
		kind: 'volume',
		id: volume.id,
		name,
		...(judged.is === 'orphan' && young && !isSure(region, owner, judged) ? verdict('not-known', 'its machine may still be in the making') : judged),
		fleet: owner.fleet,
		createdAt: volume.createdAt,
		sizeGib: volume.sizeGib,
	};
}

/** Everything of the region that some docker-machine made, each judged by what the live managers know. */
function judgeAll(region: Region): Leftover[] {
	const live = region.instances.filter(lives);
	const used = new Set(live.flatMap(({keyName}) => (keyName === undefined ? [] : [keyName])));
	const byId = new Map(region.instances.map((instance) => [instance.id, instance]));
	return [
		...region.instances.map((instance) => instanceLeft(region, instance)),
		...region.leftovers.keyPairs.map((pair) => keyPairLeft(region, pair, used)),
		...region.leftovers.spotRequests.map((request) => spotRequestLeft(region, request, byId)),
		...region.leftovers.volumes.map((volume) => volumeLeft(region, volume)),
	].filter((left) => left !== undefined);
}

/** What docker-machine's workers leave: instances, key pairs, spot requests and volumes that bear a machine's name or a worker's mark. */
export const leftovers: LeftoverView = {
	tool: 'docker-machine',
	makers: /docker-machine/i,
	isManager: ({config, hasStore}) => hasStore || config?.facts?.runners.some(({executor}) => executor === 'docker+machine') === true,
	kept: ({hasStore, machines, unreadMachines}) =>
		hasStore
			? {names: [...machines.map(({name}) => name), ...unreadMachines], instanceIds: machines.map(({instanceId}) => instanceId).filter((id) => id !== '')}
			: undefined,
	unmanaged: ({machines, config}: HostSeen, now) => {
		const isUnmanaged = config?.facts && unmanagedBy(config.facts.runners);
		return isUnmanaged ? machines.map(({name}) => name).filter((name) => isUnmanaged(name, now)) : [];
	},
	judge: judgeAll,
	// docker-machine gives a machine and its key pair the same name.
	keyPairOf: (name) => (isMachineName(name) ? name : undefined),
	remove: async ({connection}, name, said) => (await connection()).script(removeWorkerScript, {name}, said),
	afterCrash: 'Machines that it left are taken over',
	removing: (name, instanceId) => `${name} is removed: its instance ${instanceId ?? ''} ends, its disk and its key pair go.`.replace('  ', ' '),
	removed: (name) => `${name} is removed, with its instance, its disk and its key pair.`,
};
