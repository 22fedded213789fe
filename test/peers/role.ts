import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {AutoScalingClient, type AutoScalingGroup, DescribeAutoScalingGroupsCommand} from '@aws-sdk/client-auto-scaling';
import {DescribeImagesCommand, DescribeInstancesCommand, DescribeSecurityGroupsCommand, EC2Client, type Tag} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import {judge, type PolicyQuestion} from '../../source/simulated/cloud/policy/judge.ts';
import {type JudgedCall, type JudgedLaunch, type JudgedScope, type KnownThing, questionsOf} from '../../source/simulated/cloud/policy/questions.ts';
import {type PolicyDocument, readPolicy} from '../../source/world/cloud/policy.ts';
import {type AskedCall, asked, type Call, errorBody} from './calls.ts';
import {bodyOf, type Listening, listen} from './listen.ts';
import {codeOf, forward, type ProxyAnswer} from './proxy.ts';

/** What the managers' machines call AWS through, each at a port of its own: each call by its role is judged by the role's policy as it stands in moto. */
export type RoleListener = {
	/** Where the machine at an address calls AWS. */
	urlFrom(address: string): string;
	/** Calls that the machine made by its role. */
	calls(): Call[];
	/** Whether the SSM agent on an instance has come through to AWS: it runs, its image has the agent, and its role lets it. */
	isConnected(region: string, instanceId: string): Promise<boolean>;
	/** So many of the next CreateTags find that their instance isn't there yet. */
	unseenByTags(calls: number): void;
	stop(): Promise<void>;
};

const account = '123456789012';

/** Things by kind and id. */
type Known = Map<string, KnownThing>;

/** The access key id by which the machine's programs sign what they do in the role's name. */
const roleKey = 'MACHINE';

/** A profile's ARN, and that of the role in it. */
type RoleProfile = {arn: string; roleArn: string | undefined};

type Refusal = {status: number; code: string; message: string};

/** The values of `Name.1`, `Name.2` and so on. */
const listIn = (form: Record<string, string>, name: string): string[] =>
	Object.entries(form).flatMap(([key, value]) => (key.startsWith(`${name}.`) && /^\d+$/.test(key.slice(name.length + 1)) ? [value] : []));

/** The tags of `Tag.1.Key`, `Tag.1.Value` and so on. */
const tagsIn = (form: Record<string, string>, prefix: string): Record<string, string> =>
	Object.fromEntries(
		Object.entries(form).flatMap(([key, value]) => {
			const [, at] = new RegExp(`^${prefix.replaceAll('.', '\\.')}\\.(\\d+)\\.Key$`).exec(key) ?? [];
			return at === undefined ? [] : [[value, form[`${prefix}.${at}.Value`] ?? '']];
		}),
	);

function launchIn(form: Record<string, string>, profile: RoleProfile | undefined) {
	const specifications = Object.entries(form).flatMap(([key, kind]) => {
		const [, at] = /^TagSpecification\.(\d+)\.ResourceType$/.exec(key) ?? [];
		return at === undefined ? [] : [[kind, tagsIn(form, `TagSpecification.${at}.Tag`)] as const];
	});
	return {
		type: form.InstanceType ?? '',
		spot: form['InstanceMarketOptions.MarketType'] === 'spot',
		imageId: form.ImageId ?? '',
		subnetId: form['NetworkInterface.1.SubnetId'] ?? form.SubnetId ?? '',
		groupIds: [...listIn(form, 'NetworkInterface.1.SecurityGroupId'), ...listIn(form, 'SecurityGroupId')],
		keyName: form.KeyName,
		profile,
		interfaceId: form['NetworkInterface.1.NetworkInterfaceId'],
		snapshotId: form['BlockDeviceMapping.1.Ebs.SnapshotId'],
		tags: Object.fromEntries(specifications),
	};
}

const recordOf = (tags: readonly Tag[] = []): Record<string, string> => Object.fromEntries(tags.map(({Key = '', Value = ''}) => [Key, Value]));

/** A profile, and the role in it, as IAM has them. */
const roleShape = z.object({name: z.string(), arn: z.string().nullable(), roleArn: z.string().nullable(), policies: z.record(z.string(), z.string())});

/** What the SSM agent asks AWS for before an instance counts as connected. */
const agentNeeds = [
	'ssm:UpdateInstanceInformation',
	...['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'].map((action) => `ssmmessages:${action}`),
];

/** Reads from moto what IAM and EC2 know when a call comes. */
function lookingInto(moto: string) {
	const settings = {endpoint: moto, credentials: {accessKeyId: 'PEERS', secretAccessKey: 'peers'}, maxAttempts: 1};
	const ec2 = new Map<string, EC2Client>();
	const ec2In = (region: string): EC2Client => {
		const client = ec2.get(region) ?? new EC2Client({...settings, region});
		ec2.set(region, client);
		return client;
	};

	/** Of a profile by its name, or of the one that the manager at an address has now, in one call: each call by the role is judged so. */
	async function role(where: {profile: string} | {address: string}): Promise<{name: string; profile: RoleProfile | undefined; documents: PolicyDocument[]}> {
		const answer = await fetch(`${moto}/peers/role?${new URLSearchParams(where)}`);
		const {arn, name, policies, roleArn} = roleShape.parse(await answer.json());
		const documents = Object.entries(policies).map(([policyName, text]) => {
			const policy = readPolicy(text);
			if (!policy) throw new Error(`The policy ${policyName} has elements that aren't known here: ${text}`);
			return policy;
		});
		return {name, profile: arn === null ? undefined : {arn, roleArn: roleArn ?? undefined}, documents};
	}

	async function isConnected(region: string, instanceId: string): Promise<boolean> {
		const client = ec2In(region);
		const {Reservations = []} = await client.send(new DescribeInstancesCommand({})).catch(() => ({Reservations: []}));
		const instance = Reservations.flatMap(({Instances = []}) => Instances).find(({InstanceId}) => InstanceId === instanceId);
		if (instance?.State?.Name !== 'running' || instance.ImageId === undefined) return false;
		const {Images = []} = await client.send(new DescribeImagesCommand({ImageIds: [instance.ImageId]}));
		const {documents} = await role({profile: instance.IamInstanceProfile?.Arn?.split('/').at(-1) ?? ''});
		const mayTalk = agentNeeds.every((action) => judge(documents, {action, resource: '*', keys: {'aws:RequestedRegion': region}}) === 'allowed');
		return mayTalk && !Images.some(({Name = ''}) => Name.startsWith('debian-'));
	}

	/** The instances of a region, as questions name them. */
	async function instances(region: string): Promise<Known> {
		const {Reservations = []} = await ec2In(region).send(new DescribeInstancesCommand({}));
		return new Map(
			Reservations.flatMap(({Instances = []}) => Instances).map(
				({IamInstanceProfile, InstanceId, InstanceLifecycle, InstanceType, Tags}): [string, KnownThing] => [
					`instance/${InstanceId}`,
					{tags: recordOf(Tags), type: InstanceType ?? '', spot: InstanceLifecycle === 'spot', profileArn: IamInstanceProfile?.Arn},
				],
			),
		);
	}

	/** What a launch takes: groups, and the image. Of subnets and key pairs no tags are asked. */
	async function takenBy(region: string, {groupIds, imageId}: JudgedLaunch): Promise<Known> {
		const client = ec2In(region);
		const [groups, images] = await Promise.all([
			groupIds.length === 0 ? {SecurityGroups: []} : client.send(new DescribeSecurityGroupsCommand({GroupIds: [...groupIds]})),
			client.send(new DescribeImagesCommand({ImageIds: [imageId]})).catch(() => ({Images: []})),
		]);
		return new Map([
			...(groups.SecurityGroups ?? []).map(({GroupId, Tags}): [string, KnownThing] => [`security-group/${GroupId}`, {tags: recordOf(Tags)}]),
			...(images.Images ?? []).map(({ImageId, Public, Tags}): [string, KnownThing] => [`image/${ImageId}`, {tags: recordOf(Tags), isPublic: Public === true}]),
		]);
	}

	async function groups(region: string): Promise<AutoScalingGroup[]> {
		const client = new AutoScalingClient({...settings, region});
		const {AutoScalingGroups = []} = await client.send(new DescribeAutoScalingGroupsCommand({}));
		client.destroy();
		return AutoScalingGroups;
	}

	/** The name of the Auto Scaling group that an instance is in. */
	async function groupOf(region: string, id: string): Promise<string> {
		const found = (await groups(region)).find(({Instances = []}) => Instances.some(({InstanceId}) => InstanceId === id));
		return found?.AutoScalingGroupName ?? '';
	}

	/** What is known of the things that a call names. */
	const thingsOf = async (call: JudgedCall, region: string): Promise<Known> => {
		if ('launch' in call) return takenBy(region, call.launch);
		if ('scalingGroup' in call)
			return new Map(
				(await groups(region)).map(({AutoScalingGroupARN = '', AutoScalingGroupName, Tags = []}): [string, KnownThing] => [
					`auto-scaling-group/${AutoScalingGroupName}`,
					{arn: AutoScalingGroupARN, tags: Object.fromEntries(Tags.map(({Key = '', Value = ''}) => [Key, Value]))},
				]),
			);
		return 'instanceIds' in call || 'ids' in call ? instances(region) : new Map();
	};

	return {groupOf, isConnected, role, thingsOf};
}

type RoleLookup = ReturnType<typeof lookingInto>;

async function callOf({action, form, region, service}: AskedCall, looking: RoleLookup): Promise<JudgedCall> {
	const name = `${service}:${action}`;
	if (name === 'autoscaling:SetDesiredCapacity') return {action: name, scalingGroup: form.AutoScalingGroupName ?? ''};
	if (name === 'autoscaling:TerminateInstanceInAutoScalingGroup') return {action: name, scalingGroup: await looking.groupOf(region, form.InstanceId ?? '')};
	if (name === 'ec2:RunInstances') {
		const profile = form['IamInstanceProfile.Name'] || form['IamInstanceProfile.Arn']?.split('/').at(-1);
		return {action: name, launch: launchIn(form, profile ? (await looking.role({profile})).profile : undefined)};
	}
	if (name === 'ec2:StopInstances' || name === 'ec2:TerminateInstances') return {action: name, instanceIds: listIn(form, 'InstanceId')};
	if (name === 'ec2:CreateTags' || name === 'ec2:DeleteTags') return {action: name, ids: listIn(form, 'ResourceId'), tags: tagsIn(form, 'Tag')};
	if (name === 'ec2:ImportKeyPair' || name === 'ec2:DeleteKeyPair') return {action: name, keyName: form.KeyName ?? ''};
	if (name === 's3:GetObject' || name === 's3:PutObject') return {action: name, bucket: form.Bucket ?? '', key: form.Key ?? ''};
	if (name === 's3:HeadObject') return {action: 's3:GetObject', bucket: form.Bucket ?? '', key: form.Key ?? ''};
	return {action: name, resource: '*'};
}

/** An instance's id that EC2 can't read, or that nobody has, is told before anybody's rights are. */
function unknownInstance(ids: readonly string[], things: Known): Refusal | undefined {
	for (const id of ids) {
		if (!/^[a-z]+-[0-9a-f]+$/.test(id)) return {status: 400, code: 'InvalidInstanceID.Malformed', message: `Invalid id: "${id}"`};
		if (id.startsWith('i-') && !things.has(`instance/${id}`))
			return {status: 400, code: 'InvalidInstanceID.NotFound', message: `The instance ID '${id}' does not exist`};
	}
	return undefined;
}

function notAllowed({action, resource}: PolicyQuestion, service: string, profile: string): Refusal {
	const why = `User: arn:aws:sts::${account}:assumed-role/${profile}/i-peers is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
	const encoded = Buffer.from(JSON.stringify({allowed: false, explicitDeny: false, context: {action, resource}})).toString('base64');
	return service === 'ec2'
		? {
				status: 403,
				code: 'UnauthorizedOperation',
				message: `You are not authorized to perform this operation. ${why}. Encoded authorization failure message: ${encoded}`,
			}
		: {status: 403, code: 'AccessDenied', message: why};
}

/** Starts the listener before moto that the machines at these addresses talk to. */
export async function startRoleListener(moto: string, addresses: readonly string[]): Promise<RoleListener> {
	const looking = lookingInto(moto);
	const calls: Call[] = [];
	const to = new URL(moto);
	let unseen = 0;

	/** What refuses a call by the role, if anything does. */
	async function refusalOf(what: AskedCall, address: string): Promise<Refusal | undefined> {
		const call = await callOf(what, looking);
		const [{name: profile, documents}, things] = await Promise.all([looking.role({address}), looking.thingsOf(call, what.region)]);
		if (call.action === 'ec2:CreateTags' && unseen > 0) {
			unseen -= 1;
			return {status: 400, code: 'InvalidInstanceID.NotFound', message: `The instance ID '${what.form['ResourceId.1']}' does not exist`};
		}
		const unknown = unknownInstance('instanceIds' in call ? call.instanceIds : 'ids' in call ? call.ids : [], things);
		if (unknown) return unknown;
		const scope: JudgedScope = {partition: 'aws', account, region: what.region, known: (kind, id) => things.get(`${kind}/${id}`)};
		const allowed = (question: PolicyQuestion): boolean => judge(documents, question) === 'allowed';
		const refused = questionsOf(call, scope).find((question) => !allowed(question));
		if (refused) return notAllowed(refused, what.service, profile);
		if (call.action !== 's3:GetObject' || !('key' in call)) return undefined;
		const isThere = (await fetch(`${moto}/${call.bucket}/${call.key}`, {method: 'HEAD'})).ok;
		const [list] = questionsOf({action: 's3:ListBucket', bucket: call.bucket}, scope);
		return isThere || !list || allowed(list) ? undefined : notAllowed(list, 's3', profile);
	}

	async function answer(incoming: IncomingMessage, body: Buffer, what: AskedCall, address: string): Promise<ProxyAnswer> {
		const isRole = new RegExp(`Credential=${roleKey}/`).test(incoming.headers.authorization ?? '');
		const refusal = isRole ? await refusalOf(what, address) : undefined;
		const call: Call = {at: Date.now(), ms: 0, ...what, status: refusal?.status ?? 0};
		if (isRole) calls.push(call);
		if (!refusal) {
			const got = await forward(to, incoming, body, what.action);
			Object.assign(call, {status: got.status}, codeOf(got.status, got.body));
			return got;
		}
		call.code = refusal.code;
		const {type, text} = errorBody(what.service, false, refusal.code, refusal.message);
		return {status: refusal.status, headers: {'content-type': type}, body: Buffer.from(incoming.method === 'HEAD' ? '' : text)};
	}

	/** The instance's metadata, of version 2: the credentials of its role alone, where it has one. */
	async function metadata(incoming: IncomingMessage, outgoing: ServerResponse, address: string): Promise<void> {
		const say = (status: number, text: string): void => {
			outgoing.writeHead(status, {'content-type': 'text/plain', 'content-length': String(Buffer.byteLength(text))});
			outgoing.end(text);
		};
		const isToken = incoming.method === 'PUT' && incoming.url === '/latest/api/token';
		if (!isToken && incoming.headers['x-aws-ec2-metadata-token'] !== 'peers') return say(401, '');
		const {name: profile} = await looking.role({address});
		const folder = '/latest/meta-data/iam/security-credentials/';
		if (isToken) say(200, 'peers');
		else if (profile !== '' && incoming.url === folder) say(200, profile);
		else if (profile !== '' && incoming.url === folder + profile)
			say(
				200,
				JSON.stringify({Code: 'Success', Type: 'AWS-HMAC', AccessKeyId: roleKey, SecretAccessKey: 'peers', Token: 'peers', Expiration: '2099-01-01T00:00:00Z'}),
			);
		else say(404, '');
	}

	async function handle(incoming: IncomingMessage, outgoing: ServerResponse, address: string): Promise<void> {
		const body = await bodyOf(incoming);
		incoming.headers['x-peers-machine'] = address;
		const isDoor = incoming.url?.startsWith('/peers/') === true;
		if (incoming.url?.startsWith('/latest/') === true) {
			await metadata(incoming, outgoing, address);
			return;
		}
		const got = isDoor
			? await forward(to, incoming, body, '')
			: await answer(incoming, body, asked(incoming.method ?? 'GET', incoming.url ?? '/', incoming.headers, body), address);
		const headers = {...got.headers};
		delete headers.connection;
		delete headers['transfer-encoding'];
		if (incoming.method !== 'HEAD') headers['content-length'] = String(got.body.length);
		outgoing.writeHead(got.status, headers);
		outgoing.end(got.body);
	}

	async function listenFor(address: string): Promise<Listening> {
		const server = createServer((incoming, outgoing) => {
			handle(incoming, outgoing, address).catch((error: unknown) => {
				outgoing.writeHead(500, {'content-type': 'text/plain'});
				outgoing.end(`the listener before moto: ${error instanceof Error ? error.message : String(error)}`);
			});
		});
		return listen(server, '127.0.0.1');
	}

	const listening = new Map(await Promise.all(addresses.map(async (address) => [address, await listenFor(address)] as const)));
	return {
		urlFrom(address) {
			const port = listening.get(address)?.port;
			if (port === undefined) throw new Error(`No machine of this world is at ${address}`);
			return `http://127.0.0.1:${port}`;
		},
		calls: () => structuredClone(calls),
		isConnected: looking.isConnected,
		unseenByTags(count) {
			unseen = count;
		},
		async stop() {
			await Promise.all([...listening.values()].map((one) => one.stop()));
		},
	};
}
