import {createHash} from 'node:crypto';
import type {Context, Finding, Found, Report, Step} from '../../engine/step.ts';
import {markKeys, names} from '../../fleet.ts';
import {type Problem, unless} from '../../problem.ts';
import {orBlocked} from '../../steps/finding.ts';
import {linkedRoleLook} from '../../steps/linked-role.ts';
import {accountLook} from '../../steps/looks/account.ts';
import {forgetHost, managerOf} from '../../steps/looks/host.ts';
import {connectToInstall, reachingActions, untilVerified} from '../../steps/reaching.ts';
import {tagList} from '../../steps/tags.ts';
import type {Unverified} from '../../world/host/port.ts';
import {until} from '../../world/laptop/clock.ts';
import {bringAbout, foreignGroup, groupActions, groupParts, isOurs} from './group.ts';
import {type GroupSetting, groupInput, settingOf} from './group-settings.ts';
import {dataWanted, imageOfWorkers} from './launch-template.ts';
import {groupNamed, isGoing, scalingLook} from './looks.ts';
import {workerKeyPath} from './manager-paths.ts';
import {scalingRole} from './scaling-role.ts';
import {type TestWorker, type TestWorkerOutcome, testWorkerScript} from './scripts/test-worker.ts';
import {workerUser} from './template-data.ts';
import {type LaunchZones, whileLaunching, workerProblem, zonesOf} from './worker-failures.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'test-worker': {proof: string};
	}
}

/** Seconds until an instance must be in service, a second try of AWS's included; and until all is given up. */
const readySeconds = 240;
const limitSeconds = 1200;

type TestWorkerNeeds = 'network' | 'images' | 'security-groups' | 'manager' | 'connection';
type TestWorkerAfter = 'security-group-rules' | 'manager-profile' | 'credentials' | 'spot-role' | 'scaling-role' | 'worker-key' | 'launch-template';

/** What a worker that is tried proves, as a hash for the manager's tag: how it is launched, and where. Its tags prove nothing. */
async function proofOf(context: Context, found: Pick<Found, TestWorkerNeeds>): Promise<string> {
	const {data} = await dataWanted(context, found);
	const {TagSpecifications: _tags, ...launched} = data;
	const {MaxSize: _most, ...group} = groupInput(settingOf(context, found, {id: '', version: 0}));
	return createHash('sha256').update(JSON.stringify({launched, group})).digest('hex').slice(0, 32);
}

async function check(context: Context, found: Pick<Found, TestWorkerNeeds>): Promise<Finding<Found['test-worker']>> {
	const {answers, fleet} = context;
	const [manager, proof, scaling] = await Promise.all([managerOf(context, found), proofOf(context, found), context.look(scalingLook)]);
	const what = `one ${answers.workerType}${answers.spot ? ' on spot' : ''}`;
	const name = names.testGroup(fleet);
	const group = groupNamed(scaling, name);
	if (group && !isOurs(fleet, group)) throw foreignGroup(name);
	const proven = manager.tags[markKeys.provenWorker];
	if (proven === undefined) return {is: 'missing', says: `${what}, as the runner's group will launch them; it's paid for some minutes`};
	const resource = {proof: proven};
	const change = (from: string, to: string) => ({what: 'test worker', from, to, how: 'live' as const});
	if (proven !== proof)
		return {
			is: 'different',
			resource,
			says: `workers have changed: ${what} is tried again`,
			changes: [change('proven with other settings', `${what} with these`)],
		};
	if (group && !isGoing(group))
		return {is: 'different', resource, says: `${name} is left of a worker that was tried`, changes: [change(`${name} left`, 'removed')]};
	const [docker] = manager.tags[markKeys.workerEngine]?.split(' ') ?? [];
	return {is: 'ready', resource, says: `${what} came up, ran a container${docker === undefined ? '' : ` on Docker ${docker}`} and went away`};
}

/** A changed policy is known everywhere after some seconds, now and then two minutes: the first call is tried so often, so many milliseconds apart. */
const lateness = {tries: 10, pause: 15_000};
/** A role of Auto Scaling's that was just made isn't let in for about a minute (docs/facts.md, "Auto Scaling: launches"). */
const roleIsYoung = {tries: 2, pause: 65_000};
const roleYouth = 60_000;

/** Waits until Auto Scaling may launch by its role: a launch that is refused is tried again only a minute later. */
async function untilRoleWorks(context: Context, report: Report): Promise<void> {
	const {madeAt} = await context.look(linkedRoleLook(scalingRole));
	const left = madeAt === undefined ? 0 : madeAt + roleYouth - context.clock.now();
	if (left <= 0 || left > roleYouth) return;
	report({says: `waiting until AWS lets Auto Scaling launch: its role was made ${Math.round((roleYouth - left) / 1000)} s ago, and works after a minute`});
	await context.clock.sleep(left, context.signal);
}

/** Whether AWS may refuse only because it doesn't know the policy yet that lets the manager do so, or the manager its profile. */
const isLate = ({answers}: Context, outcome: TestWorkerOutcome): boolean =>
	answers.access !== 'access-keys' &&
	outcome.is === 'failed' &&
	(outcome.code === 'no-credentials' ||
		(answers.access === 'create' && /AccessDenied|not-allowed/.test(outcome.code) && /no identity-based policy allows/.test(outcome.detail)));

/** Tries a worker, again where the manager's rights, or Auto Scaling's own role, have yet to be known. */
async function tryOne(context: Context, where: LaunchZones, connection: Unverified, given: TestWorker, report: Report): Promise<TriedWorker> {
	const attempt = (): Promise<TestWorkerOutcome> => whileLaunching(context, where, report, () => connection.script(testWorkerScript, given, report));
	const says = (what: string) => (): void => report({says: `waiting until AWS ${what}`});
	const known = (): Promise<TestWorkerOutcome> => until(context, lateness, attempt, (outcome) => !isLate(context, outcome), says("knows the manager's rights"));
	const judged = async (): Promise<TriedWorker> => {
		const outcome = await known();
		return outcome.is === 'failed' ? {outcome, ...(await workerProblem(context, where, outcome))} : {outcome};
	};
	return until(context, roleIsYoung, judged, (tried) => !('again' in tried && tried.again), says('lets Auto Scaling launch'));
}

/** How a try ended, and of one that failed why. */
type TriedWorker = {outcome: Extract<TestWorkerOutcome, {is: 'proven'}>} | {outcome: TestWorkerOutcome; problem: Problem; again: boolean};

/** What the manager is told to do: to get on to the worker as its runner will. */
async function asked(context: Context, found: Pick<Found, TestWorkerNeeds>): Promise<TestWorker> {
	const {answers, fleet} = context;
	const {image} = await imageOfWorkers(context, found);
	return {
		group: names.testGroup(fleet),
		region: fleet.region,
		user: workerUser(answers, image),
		keyPath: workerKeyPath,
		readySeconds,
		limitSeconds,
		image: answers.dockerImage,
	};
}

async function apply(context: Context, found: Pick<Found, TestWorkerNeeds | TestWorkerAfter>, _finding: unknown, report: Report): Promise<void> {
	const {answers, cloud} = context;
	const [manager, proof, given] = await Promise.all([managerOf(context, found), proofOf(context, found), asked(context, found)]);
	if (manager.tags[markKeys.provenWorker] === proof) return endGroup(context, given.group);
	const setting: GroupSetting = {...settingOf(context, found, found['launch-template']), most: 1};
	await bringAbout(context, given.group, setting, report);
	await untilRoleWorks(context, report);
	report({says: `one ${answers.workerType} being launched (usually about a minute)`});
	const connection = await connectToInstall(context, manager);
	const where = {group: given.group, zones: zonesOf(found)};
	const tried = await tryOne(context, where, connection, given, report).finally(() => forgetHost(context, manager));
	await endGroup(context, given.group);
	if ('problem' in tried) throw tried.problem;
	const {at, docker, seconds} = tried.outcome;
	// Whoever tells that it works has to be the manager.
	await untilVerified(context, manager, report);
	const Tags = tagList({[markKeys.provenWorker]: proof, [markKeys.workerEngine]: `${docker} ${new Date(at).toISOString()}`});
	await cloud.call('CreateTags', {Resources: [manager.id], Tags});
	context.forget(accountLook);
	report({says: `proven in ${Math.round(seconds)} s, with Docker ${docker}`});
}

/** Ends the group in which a worker was tried; what is still in it goes with it, and nobody waits for that. */
async function endGroup(context: Context, name: string): Promise<void> {
	await unless(context.cloud.call('DeleteAutoScalingGroup', {AutoScalingGroupName: name, ForceDelete: true}), 'ValidationError');
	context.forget(scalingLook, accountLook);
}

/**
 * One real worker comes up as the runner's group will launch them, lets the manager in by the runner's own user and key, runs a container and goes away.
 * In a group of its own: a runner that works gives jobs to whatever comes into its group.
 */
export const testWorkerStep: Step<'test-worker', TestWorkerNeeds, TestWorkerAfter> = {
	name: 'test-worker',
	title: 'Test worker',
	needs: ['network', 'images', 'security-groups', 'manager', 'connection'],
	after: ['security-group-rules', 'manager-profile', 'credentials', 'spot-role', 'scaling-role', 'worker-key', 'launch-template'],
	actions: [...reachingActions, ...groupActions, 'autoscaling:DescribeScalingActivities', 'ec2:GetConsoleOutput', 'ec2:CreateTags', 'ec2:DescribeImages'],
	check: orBlocked(check),
	apply,
	...groupParts(
		(name, fleet) => name === names.testGroup(fleet),
		() => 'Auto Scaling group in which a worker was tried',
	),
	commands(answers, fleet) {
		const name = names.testGroup(fleet);
		return [
			`aws --region ${fleet.region} autoscaling set-desired-capacity --auto-scaling-group-name ${name} --desired-capacity 1`,
			`sudo ssh -i ${workerKeyPath} ${answers.workerSshUser ?? 'ec2-user'}@ADDRESS docker run --rm ${answers.dockerImage} true`,
			`aws --region ${fleet.region} autoscaling delete-auto-scaling-group --auto-scaling-group-name ${name} --force-delete`,
		];
	},
};
