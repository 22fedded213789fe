import {isWorkerName, markKeys} from '../fleet.ts';
import type {Instance, KeyPair, Volume} from '../steps/looks/account.ts';
import type {Leftovers} from '../steps/looks/leftovers.ts';
import {isMachineName, isNamedBy, madeAt, unmanagedBy} from '../world/host/machine-name.ts';
import {workerNameOf} from './live/worker-names.ts';
import {isFresh, type Seen} from './seen.ts';
import type {HostSeen} from './snapshot.ts';

/** A live manager of the region, and what it knows. */
export type AskedManager = {
	id: string;
	/** The fleet whose mark it bears. */
	fleet?: string | undefined;
	/** What its docker-machine's store holds; undefined when it can't be asked. `unmanaged`: idle machines in it that no runner there counts as its own. */
	store: {names: ReadonlySet<string>; instanceIds: ReadonlySet<string>; unmanaged?: ReadonlySet<string> | undefined} | undefined;
	/** Short tokens of its runners, by which machines are named; empty when it can't be asked. */
	shortTokens: readonly string[];
};

/** Names of the machines in a manager's store that no runner of its config.toml counts as its own; none where config.toml can't be read. */
export function unmanagedIn({machines, config}: HostSeen, now: number): string[] {
	const isUnmanaged = config?.facts && unmanagedBy(config.facts.runners);
	return isUnmanaged ? machines.map(({name}) => name).filter((name) => isUnmanaged(name, now)) : [];
}

/**
 * A manager as its last look told of it. Its answer counts however old it is only while looks go well: what failed since can't be asked.
 * `unmanaged` are those of its machines that no runner there manages, and that run no job.
 */
export function askedManager(id: string, fleet: string | undefined, seen: Seen<HostSeen>, unmanaged: readonly string[] = []): AskedManager {
	const {value} = seen;
	if (!value?.hasStore || !isFresh(seen)) return {id, fleet, store: undefined, shortTokens: []};
	const names = new Set([...value.machines.map(({name}) => name), ...value.unreadMachines]);
	const instanceIds = new Set(value.machines.map(({instanceId}) => instanceId).filter((one) => one !== ''));
	return {
		id,
		fleet,
		store: {names, instanceIds, ...(unmanaged.length === 0 ? {} : {unmanaged: new Set(unmanaged)})},
		shortTokens: (value.config?.facts?.runners ?? []).map(({shortToken}) => shortToken).filter((token) => token !== ''),
	};
}

/** Something that a docker-machine made, and whether anybody still knows it. */
export type Leftover = {
	kind: 'instance' | 'key pair' | 'spot request' | 'volume';
	id: string;
	name: string;
	/** `orphan`: no live manager knows it, and all that could have been asked. `not-known`: nobody can say, so it stays. */
	is: 'orphan' | 'known' | 'not-known';
	/** Why, in a few words. */
	because: string;
	/** The manager in whose docker-machine store it still is: there it's taken away by docker-machine. */
	keeper?: {id: string; fleet: string | undefined} | undefined;
	/** The fleet it was made for, where its mark or name says so. */
	fleet?: string | undefined;
	/** Milliseconds since 1970. */
	createdAt?: number | undefined;
	type?: string | undefined;
	zone?: string | undefined;
	sizeGib?: number | undefined;
};

/** Everything that leftovers of one region are judged by. */
export type Region = {
	region: string;
	/** Fleets that have a record here: names that a worker may bear. */
	fleets: readonly string[];
	managers: readonly AskedManager[];
	instances: readonly Instance[];
	leftovers: Leftovers;
	/** Milliseconds since 1970. */
	now: number;
	/**
	 * The managers were asked after EC2 was: docker-machine writes a machine down before it makes anything of it, so however young a thing
	 * is, its maker's store had to know it.
	 */
	askedAfter?: boolean;
};

type LeftoverVerdict = Pick<Leftover, 'is' | 'because' | 'keeper'>;

/** docker-machine gives up a create after an hour; until then a key pair without an instance may be on its way. */
const longestCreate = 3_600_000;
/** Store and EC2 are read one after the other, so what is younger than this may be in only one of them. */
const betweenLooks = 300_000;

const verdict = (is: Leftover['is'], because: string): LeftoverVerdict => ({is, because});

/** The fleet that a worker's name or mark names. */
function fleetOf(region: Region, name: string, tags: Record<string, string>): string | undefined {
	return tags[markKeys.fleet] ?? region.fleets.find((fleet) => isWorkerName({name: fleet, region: region.region}, name));
}

const hasToken = ({shortTokens}: AskedManager, name: string): boolean => shortTokens.some((token) => isNamedBy(token, name));

/** What tells whose a leftover is. `sure`: only its fleet's own managers can have made it. */
type Owner = {name: string; fleet: string | undefined; sure: boolean};

/** A fleet's mark, or its name together with the token of its runner, leaves no doubt; a name alone could be anybody's. */
function ownerOf(region: Region, name: string, tags: Record<string, string>): Owner {
	const fleet = fleetOf(region, name, tags);
	const isNamed = fleet !== undefined && region.managers.some((manager) => manager.fleet === fleet && hasToken(manager, name));
	return {name, fleet, sure: tags[markKeys.fleet] !== undefined || isNamed};
}

/** Whether a manager that can't be asked may be the one that made it. */
const mayBeSilent = ({fleet: of, store}: AskedManager, {fleet, sure}: Owner): boolean =>
	store === undefined && (fleet === undefined || of === fleet || (of === undefined && !sure));

/** Managers that could have made it: those whose runner's token its name bears, those of its fleet, and any that can't be asked and may be the one. */
const candidates = ({managers}: Region, owner: Owner): readonly AskedManager[] =>
	managers.filter((manager) => hasToken(manager, owner.name) || (owner.fleet !== undefined && manager.fleet === owner.fleet) || mayBeSilent(manager, owner));

/** Since when something may be in the making: its name holds the time of its machine, which no later act of anybody's makes younger. */
const beginning = (name: string, createdAt: number | undefined): number | undefined => {
	const named = madeAt(name);
	return named === undefined || createdAt === undefined ? (createdAt ?? named) : Math.min(named, createdAt);
};

/** Whether all that could have made it were asked, and late enough to have known it. */
const isSure = (region: Region, owner: Owner, {is}: LeftoverVerdict): boolean =>
	region.askedAfter === true && is === 'orphan' && candidates(region, owner).length > 0;

const isLive = ({state}: Instance): boolean => state !== 'terminated' && state !== 'shutting-down';

/** Judges by name: who knows it, who could, and whether all of those were asked. */
function judge(region: Region, owner: Owner, id: string | undefined): LeftoverVerdict {
	const {fleet, name} = owner;
	const knower = region.managers.find(({store}) => store && (store.names.has(name) || (id !== undefined && store.instanceIds.has(id))));
	if (knower?.store?.unmanaged?.has(name))
		return {
			...verdict('orphan', `manager ${knower.id} has it, but no runner there manages it: the token or MachineName changed`),
			keeper: {id: knower.id, fleet: knower.fleet},
		};
	if (knower) return verdict('known', `manager ${knower.id} knows it`);
	const could = candidates(region, owner);
	const silent = could.find(({store}) => store === undefined);
	if (silent) return verdict('not-known', `manager ${silent.id} can't be asked`);
	if (could.length > 0) return verdict('orphan', could.length === 1 ? `manager ${could[0]?.id} doesn't know it` : 'none of its managers knows it');
	if (fleet !== undefined && region.fleets.includes(fleet)) return verdict('orphan', `fleet ${fleet} has no live manager`);
	if (fleet !== undefined) return verdict('orphan', `fleet ${fleet} has neither a record nor a live manager here`);
	return verdict('not-known', 'made by a runner that no manager here has');
}

function instanceLeft(region: Region, instance: Instance): Leftover | undefined {
	const name = workerNameOf(instance) ?? instance.tags.Name ?? instance.keyName ?? '';
	const marked = instance.tags[markKeys.part] === 'worker';
	if (!isLive(instance) || (!marked && !isMachineName(name))) return undefined;
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
	if (instance && isLive(instance)) {
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

/** Everything of the region that some docker-machine made, each judged by what the live managers know: never `orphan` where one that could know wasn't asked. Pure. */
export function judgeLeftovers(region: Region): Leftover[] {
	const live = region.instances.filter(isLive);
	const used = new Set(live.flatMap(({keyName}) => (keyName === undefined ? [] : [keyName])));
	const byId = new Map(region.instances.map((instance) => [instance.id, instance]));
	return [
		...region.instances.map((instance) => instanceLeft(region, instance)),
		...region.leftovers.keyPairs.map((pair) => keyPairLeft(region, pair, used)),
		...region.leftovers.spotRequests.map((request) => spotRequestLeft(region, request, byId)),
		...region.leftovers.volumes.map((volume) => volumeLeft(region, volume)),
	].filter((left) => left !== undefined);
}
