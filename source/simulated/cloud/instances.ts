import type {RunInstancesCommandInput} from '@aws-sdk/client-ec2';
import type {InstanceState} from './account.ts';
import {stateOf} from './account.ts';
import {filtered, onlyKnows, required} from './asked.ts';
import {beginBuild} from './builds.ts';
import {consoleOf} from './console.ts';
import type {Handlers, Here} from './here.ts';
import {codes, shown} from './instance-shown.ts';
import type {Launch} from './launch.ts';
import {bootTimes, judgeLaunch, judgeRoom, mayUseDiskKey} from './launch.ts';
import {refusal} from './refusal.ts';

/** Terminated instances stay to be seen for about an hour, and the tokens that they were launched with stay remembered for a day. */
const afterlife = 3_600_000;
const remembered = 24 * afterlife;

/** An instance by its id; `InvalidInstanceID.NotFound` when there is none, or none any more. */
export function instanceById({region, now}: Here, id: string): InstanceState {
	if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) throw refusal('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
	const instance = region.instances.get(id);
	if (!instance || (instance.ending && instance.ending.until + afterlife < now))
		throw refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
	return instance;
}

const stable = (value: unknown): string =>
	JSON.stringify(value, (_key, part: unknown) =>
		part && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
	);

/** What EC2 compares of two launches under one token (AWS, "Ensuring idempotency in Amazon EC2 API requests"). */
const askedOf = ({ClientToken: _token, DryRun: _dry, ...rest}: RunInstancesCommandInput) => stable(rest);

function launched(input: RunInstancesCommandInput, launch: Launch, here: Here): InstanceState {
	const {account, region, now} = here;
	const id = account.newId('i');
	const times = bootTimes(account);
	const order = region.instances.size + 10;
	const volumeId = account.newId('vol');
	const spotRequestId = launch.spot ? account.newId('sir') : undefined;
	const [first = '172', second = '31', third = '0'] = launch.subnet.cidr.split('.');
	const instance: InstanceState = {
		id,
		imageId: launch.image.id,
		type: launch.type,
		subnetId: launch.subnet.id,
		vpcId: launch.subnet.vpcId,
		zone: launch.subnet.zone,
		groupIds: launch.groups.map((group) => group.id),
		...(launch.keyName === undefined ? {} : {keyName: launch.keyName, publicKey: region.keyPairs.get(launch.keyName)?.publicKey ?? ''}),
		...(launch.profileName === undefined ? {} : {profileName: launch.profileName}),
		privateIp: `${first}.${second}.${Number(third) + Math.floor(order / 250)}.${order % 250}`,
		...(spotRequestId === undefined ? {} : {spotRequestId}),
		...(input.ClientToken === undefined ? {} : {clientToken: input.ClientToken}),
		launchedAt: now,
		seenFrom: now + here.late('seeing'),
		runsFrom: now + times.runs,
		bootedAt: now + times.boots,
		initialisedAt: now + times.initialises,
		tokens: input.MetadataOptions?.HttpTokens === 'required' ? 'required' : 'optional',
		hopLimit: input.MetadataOptions?.HttpPutResponseHopLimit ?? 1,
		rootDevice: launch.image.rootDevice,
		volumeId,
		tags: launch.tags.instance,
		...(input.UserData === undefined ? {} : {userData: input.UserData}),
		...(input.InstanceInitiatedShutdownBehavior === 'terminate' || launch.spot ? {endsItself: true} : {}),
		pushed: [],
	};
	if (launch.publicIp) instance.publicIp = newAddress(here, order);
	region.instances.set(id, instance);
	region.volumes.set(volumeId, {
		id: volumeId,
		...launch.disk,
		zone: instance.zone,
		instanceId: id,
		device: instance.rootDevice,
		deleteOnTermination: true,
		createdAt: now,
		tags: launch.tags.volume,
	});
	if (launch.spot && spotRequestId !== undefined) {
		region.spotRequests.set(spotRequestId, {
			id: spotRequestId,
			instanceId: id,
			state: 'active',
			type: launch.type,
			maxPrice: launch.spot.maxPrice,
			createdAt: now,
			tags: launch.tags.spotRequest,
		});
	}
	beginBuild(here, instance, launch.image, (at) => switchOff({...here, now: at}, instance));
	return instance;
}

/** An instance's own system switches it off: it is stopped 8 s later, or ends where it was launched so. */
function switchOff(here: Here, instance: InstanceState): void {
	const code = 'Client.InstanceInitiatedShutdown';
	const reason = {code, message: `${code}: Instance initiated shutdown`};
	if (instance.endsItself) endInstance(here, instance, reason);
	else Object.assign(instance, {stopping: {from: here.now, until: here.now + 8000}, reason});
}

const newAddress = ({account, region}: Here, order: number) =>
	`18.${190 + [...account.regions.keys()].indexOf(region.name)}.${Math.floor(order / 250)}.${(order % 250) + 1}`;

/** Begins an instance's end: 20 to 40 s later it is terminated, its disk gone and its spot request closed. */
export function endInstance(here: Here, instance: InstanceState, reason: {code: string; message: string}): void {
	if (instance.ending) return;
	const {region, now, account} = here;
	instance.ending = {from: now, until: now + 20_000 + account.random() * 20_000};
	instance.reason = reason;
	const request = instance.spotRequestId === undefined ? undefined : region.spotRequests.get(instance.spotRequestId);
	if (request)
		Object.assign(request, {
			state: 'closed',
			ended: reason.code.startsWith('Client.') ? 'instance-terminated-by-user' : 'instance-terminated-no-capacity',
			endedAt: now,
		});
	here.at(instance.ending.until, () => {
		delete instance.publicIp;
		if (region.volumes.get(instance.volumeId)?.deleteOnTermination) region.volumes.delete(instance.volumeId);
	});
}

/** Launches an instance, or throws EC2's refusal. */
export function launchOne(input: RunInstancesCommandInput, here: Here): InstanceState {
	const launch = judgeLaunch(input, here);
	if (input.DryRun) throw refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
	judgeRoom(launch, here);
	const instance = launched(input, launch, here);
	// EC2 learns only while it makes the disk that it may not use the key.
	if (launch.disk.encrypted && !mayUseDiskKey(here))
		endInstance(here, instance, {code: 'Client.InternalError', message: 'Client.InternalError: Client error on launch'});
	return instance;
}

/** The launch under a token that EC2 still remembers. */
function launchedUnder(token: string | undefined, {region, now}: Here) {
	const launch = token === undefined ? undefined : region.launches.get(token);
	const ended = launch && region.instances.get(launch.instanceId)?.ending?.until;
	return ended !== undefined && ended + remembered < now ? undefined : launch;
}

/** Instances: launched, stopped, started, ended, looked at. */
export const instances: Handlers<
	'DescribeInstances' | 'RunInstances' | 'StartInstances' | 'StopInstances' | 'TerminateInstances' | 'GetConsoleOutput' | 'ModifyInstanceMetadataOptions'
> = {
	DescribeInstances(input, here) {
		onlyKnows('DescribeInstances', input, ['InstanceIds', 'Filters', 'MaxResults', 'NextToken']);
		const {region, now} = here;
		const seen = [...region.instances.values()].filter(({seenFrom, ending}) => seenFrom <= now && !(ending && ending.until + afterlife < now));
		for (const id of input.InstanceIds ?? []) {
			instanceById(here, id);
			if (!seen.some((instance) => instance.id === id)) throw refusal('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
		}
		const chosen = input.InstanceIds ? seen.filter(({id}) => input.InstanceIds?.includes(id)) : seen;
		const found = filtered(
			'DescribeInstances',
			chosen,
			input.Filters,
			{
				'instance-id': ({id}) => id,
				'instance-state-name': (instance) => stateOf(instance, now),
				'instance-type': ({type}) => type,
				'image-id': ({imageId}) => imageId,
				'key-name': ({keyName}) => keyName,
				'vpc-id': ({vpcId}) => vpcId,
				'subnet-id': ({subnetId}) => subnetId,
				'client-token': ({clientToken}) => clientToken,
				'instance.group-id': (instance) => (stateOf(instance, now) === 'terminated' ? [] : instance.groupIds),
				'instance.group-name': (instance) => (stateOf(instance, now) === 'terminated' ? [] : instance.groupIds.map((id) => region.groups.get(id)?.name)),
				'network-interface.group-id': (instance) => (stateOf(instance, now) === 'terminated' ? [] : instance.groupIds),
				'availability-zone': ({zone}) => zone,
				'spot-instance-request-id': ({spotRequestId}) => spotRequestId,
			},
			({tags}) => tags,
		);
		return {
			Reservations: found.map((instance) => ({ReservationId: instance.id.replace('i-', 'r-'), OwnerId: here.account.id, Instances: [shown(instance, here)]})),
		};
	},
	RunInstances(input, here) {
		const {region, now} = here;
		const before = launchedUnder(input.ClientToken, here);
		if (before && !input.DryRun) {
			if (before.asked !== askedOf(input)) {
				throw refusal(
					'IdempotentParameterMismatch',
					'The client token you have provided is associated with a different set of parameters. Use a different client token, or ensure that the other parameters match.',
				);
			}
			const first = region.instances.get(before.instanceId);
			if (!first || stateOf(first, now) === 'terminated')
				throw refusal('IdempotentInstanceTerminated', `The specified ClientToken is associated with a terminated instance.`);
			return {ReservationId: first.id.replace('i-', 'r-'), OwnerId: here.account.id, Instances: [shown(first, here)]};
		}
		const instance = launchOne(input, here);
		if (input.ClientToken !== undefined) region.launches.set(input.ClientToken, {asked: askedOf(input), instanceId: instance.id});
		return {ReservationId: instance.id.replace('i-', 'r-'), OwnerId: here.account.id, Instances: [shown(instance, here)]};
	},
	StartInstances(input, here) {
		onlyKnows('StartInstances', input, ['InstanceIds', 'DryRun']);
		return {
			StartingInstances: required(input.InstanceIds, 'InstanceId').map((id) => {
				const instance = instanceById(here, id);
				const state = stateOf(instance, here.now);
				if (state === 'running' || state === 'pending')
					return {InstanceId: id, CurrentState: {Code: codes[state], Name: state}, PreviousState: {Code: codes[state], Name: state}};
				if (state !== 'stopped') throw refusal('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be started.`);
				const times = bootTimes(here.account);
				delete instance.stopping;
				delete instance.reason;
				instance.startedAgain = true;
				instance.launchedAt = here.now;
				instance.runsFrom = here.now + times.runs;
				instance.bootedAt = here.now + times.boots;
				instance.initialisedAt = here.now + times.initialises;
				if (here.region.subnets.some((subnet) => subnet.id === instance.subnetId && subnet.publicIps))
					instance.publicIp = newAddress(here, Math.floor(here.account.random() * 50_000) + 1000);
				return {InstanceId: id, CurrentState: {Code: 0, Name: 'pending'}, PreviousState: {Code: 80, Name: 'stopped'}};
			}),
		};
	},
	StopInstances(input, here) {
		onlyKnows('StopInstances', input, ['InstanceIds', 'DryRun', 'Force']);
		return {
			StoppingInstances: required(input.InstanceIds, 'InstanceId').map((id) => {
				const instance = instanceById(here, id);
				if (instance.spotRequestId !== undefined) {
					throw refusal(
						'UnsupportedOperation',
						`You can't stop the Spot Instance '${id}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`,
					);
				}
				if (instance.ending) throw refusal('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be stopped.`);
				instance.stopping ??= {from: here.now, until: here.now + 20_000};
				instance.reason = {code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown'};
				return {InstanceId: id, CurrentState: {Code: 64, Name: 'stopping'}, PreviousState: {Code: 16, Name: 'running'}};
			}),
		};
	},
	TerminateInstances(input, here) {
		onlyKnows('TerminateInstances', input, ['InstanceIds', 'DryRun']);
		const going = required(input.InstanceIds, 'InstanceId').map((id) => instanceById(here, id));
		return {
			TerminatingInstances: going.map((instance) => {
				const before = stateOf(instance, here.now);
				endInstance(here, instance, {code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown'});
				const after = stateOf(instance, here.now);
				return {InstanceId: instance.id, CurrentState: {Code: codes[after], Name: after}, PreviousState: {Code: codes[before], Name: before}};
			}),
		};
	},
	GetConsoleOutput(input, here) {
		onlyKnows('GetConsoleOutput', input, ['InstanceId', 'Latest']);
		const instance = instanceById(here, required(input.InstanceId, 'InstanceId'));
		const text = consoleOf(instance, here.region.images.get(instance.imageId), here.now, input.Latest === true, here.account.consoles);
		return {InstanceId: instance.id, Timestamp: new Date(here.now), ...(text === undefined ? {} : {Output: Buffer.from(text).toString('base64')})};
	},
	ModifyInstanceMetadataOptions(input, here) {
		onlyKnows('ModifyInstanceMetadataOptions', input, ['InstanceId', 'HttpTokens', 'HttpPutResponseHopLimit', 'HttpEndpoint', 'DryRun']);
		const instance = instanceById(here, required(input.InstanceId, 'InstanceId'));
		if (input.HttpTokens !== undefined) instance.tokens = input.HttpTokens === 'required' ? 'required' : 'optional';
		if (input.HttpPutResponseHopLimit !== undefined) instance.hopLimit = input.HttpPutResponseHopLimit;
		return {InstanceId: instance.id, InstanceMetadataOptions: {State: 'pending', HttpTokens: instance.tokens, HttpPutResponseHopLimit: instance.hopLimit}};
	},
};
