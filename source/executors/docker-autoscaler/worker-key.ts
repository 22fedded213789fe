import type {Change, Context, Finding, Found, Looking, Removal, Report, Step} from '../../engine/step.ts';
import {mark, names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import {aws, tagSpecification} from '../../steps/aws-cli.ts';
import {Blocked, differs, orBlocked} from '../../steps/finding.ts';
import {spreading} from '../../steps/late.ts';
import {accountActions, accountLook, type KeyPair} from '../../steps/looks/account.ts';
import {forgetHost, lookAtSoftware, managerOf} from '../../steps/looks/host.ts';
import {drainReplaced} from '../../steps/old-manager.ts';
import {belongsTo, publicHalfOf} from '../../steps/private-key.ts';
import {connectToInstall, reachingActions} from '../../steps/reaching.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from '../../steps/tags.ts';
import {commandLine} from '../../world/host/quote.ts';
import {workerKeyPath} from './manager-paths.ts';
import {workerKeyScript} from './scripts/worker-key.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'worker-key': {name: string};
	}
}

type WorkerKeyNeeds = 'manager' | 'connection';

const pairNamed = async (context: Looking): Promise<KeyPair | undefined> =>
	(await context.look(accountLook)).keyPairs.find(({name}) => name === names.workerKey(context.fleet));

/** Somebody else's key pair of our name: it blocks, and is never touched. */
const foreign = (name: string): Blocked =>
	new Blocked(
		'InvalidKeyPair.Duplicate',
		`A key pair ${name} is already there, and it isn't this fleet's, so it stays as it is.`,
		'Name the fleet otherwise with `--fleet`, or delete that pair where nobody uses it.',
	);

async function check(context: Context, found: Pick<Found, WorkerKeyNeeds>): Promise<Finding<Found['worker-key']>> {
	const {answers, fleet} = context;
	const name = names.workerKey(fleet);
	const [pair, {workerKey}] = await Promise.all([pairNamed(context), managerOf(context, found).then((manager) => lookAtSoftware(context, manager))]);
	if (!pair) return {is: 'missing', says: `${name}, ed25519, made on the manager`};
	if (!bearsMark(fleet, pair.tags)) throw foreign(name);
	const belongs = workerKey !== undefined && belongsTo(publicHalfOf(workerKey), pair);
	const changes: Change[] = [
		...(belongs
			? []
			: [{what: 'worker key', from: workerKey === undefined ? 'not on the manager' : "another manager's", to: "the manager's own", how: 'live' as const}]),
		...tagChanges(answers, [pair.tags]),
	];
	const resource = {name};
	if (changes.length > 0) return differs(resource, changes);
	return {is: 'ready', resource, says: `${name}, its private half is on the manager alone`};
}

function unmade(code: string, detail: string): Problem {
	if (code === 'disk-full')
		return new Problem({
			code,
			message: `The manager's disk is full, so the workers' key can't be made there: ${detail}`,
			advice: 'Make room there with `gitlab-runner-aws ssh`, then run the same command again.',
		});
	return new Problem({
		code,
		message: `The workers' key can't be made on the manager: ${detail}`,
		advice: 'Mend it there with `gitlab-runner-aws ssh`, then run the same command again.',
	});
}

/** Imports the public half of the manager's key; one of an earlier manager's goes before, under the same name. */
async function importHalf(context: Context, publicKey: string, standing: KeyPair | undefined, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const name = names.workerKey(fleet);
	if (standing) await unless(cloud.call('DeleteKeyPair', {KeyName: name}), 'InvalidKeyPair.NotFound');
	report({says: `importing the public half of ${name}`});
	await unless(
		cloud.call('ImportKeyPair', {
			KeyName: name,
			PublicKeyMaterial: new TextEncoder().encode(`${publicKey} ${name}`),
			TagSpecifications: [{ResourceType: 'key-pair', Tags: tagList(answers.tags, mark(fleet, 'worker-key'))}],
		}),
		'InvalidKeyPair.Duplicate',
	);
}

async function apply(context: Context, found: Pick<Found, WorkerKeyNeeds>, _finding: unknown, report: Report): Promise<void> {
	const manager = await managerOf(context, found);
	const {workerKey: before} = await lookAtSoftware(context, manager);
	const standing = await pairNamed(context);
	if (standing && !bearsMark(context.fleet, standing.tags)) throw foreign(standing.name).problem;
	if (standing && before !== undefined && belongsTo(publicHalfOf(before), standing)) {
		await setMissingTags(context, [standing]);
		return context.forget(accountLook);
	}
	// What is launched from now on bears the new key, and two managers' runners would end each other's workers in one group.
	await drainReplaced(context, report);
	const connection = await connectToInstall(context, manager);
	const outcome = await connection.script(workerKeyScript, {comment: names.workerKey(context.fleet)}, report).finally(() => forgetHost(context, manager));
	if (outcome.is === 'failed') throw unmade(outcome.code, outcome.detail);
	await importHalf(context, outcome.publicKey, standing, report);
	context.forget(accountLook);
}

async function ownPair(context: Looking): Promise<KeyPair[]> {
	const pair = await pairNamed(context);
	return pair && bearsMark(context.fleet, pair.tags) ? [pair] : [];
}

async function remove(context: Removal, report: Report): Promise<void> {
	for (const {name} of await ownPair(context)) {
		await unless(context.cloud.call('DeleteKeyPair', {KeyName: name}), 'InvalidKeyPair.NotFound');
		report({says: `${name} deleted`});
	}
	context.forget(accountLook);
}

/**
 * The key by which the runner gets on to workers: made on the manager, which it never leaves; AWS gets its public half. That holds no secret, so it's made before
 * the manager's host key is verified: whoever stood between would get on to workers that only the manager's group reaches, and is found out before any has a job.
 */
export const workerKeyStep: Step<'worker-key', WorkerKeyNeeds, 'record' | 'permissions'> = {
	name: 'worker-key',
	title: 'Worker key',
	needs: ['manager', 'connection'],
	after: ['record', 'permissions'],
	actions: [...accountActions, ...reachingActions, 'ec2:ImportKeyPair', 'ec2:DeleteKeyPair', 'ec2:CreateTags'],
	settles: spreading,
	barred: async (context) => {
		const pair = await pairNamed(context);
		return pair && !bearsMark(context.fleet, pair.tags) ? foreign(pair.name).finding : undefined;
	},
	check: orBlocked(check),
	apply,
	stands: async (context) => (await ownPair(context)).map(({id, name}) => ({id, says: `key pair ${name}`, goes: true})),
	remove,
	commands(answers, fleet) {
		const name = names.workerKey(fleet);
		const tags = tagSpecification('key-pair', {...answers.tags, ...mark(fleet, 'worker-key')});
		return [
			commandLine('sudo', 'ssh-keygen', '-t', 'ed25519', '-N', '', '-C', name, '-f', workerKeyPath),
			aws(fleet, 'ec2', 'import-key-pair', '--key-name', name, '--public-key-material', 'fileb://worker-key.pub', '--tag-specifications', tags),
		];
	},
};
