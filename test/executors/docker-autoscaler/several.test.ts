import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Happening} from '../../../source/engine/events.ts';
import type {Plan} from '../../../source/engine/plan.ts';
import type {StepName} from '../../../source/engine/step.ts';
import type {Given} from '../../../source/fleet.ts';
import {simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {planOf, problemsIn, region, setUp} from '../../engine/fleet.ts';
import {untoldOnScreens} from '../../faces/blocked-screens.ts';

/** A plan; what is blocked in it is whole on every screen, with the key that mends it. */
async function planned(world: World, flags: Given = {}): Promise<Plan> {
	const events: Happening[] = [];
	const plan = await planOf(world, {
		flags: {executor: 'docker-autoscaler', ...flags},
		secrets: {runnerToken: world.outside.token()},
		heard: (event) => void events.push(event),
	});
	if ([...plan.values()].some(({is}) => is === 'blocked')) assert.deepEqual(untoldOnScreens(events), []);
	return plan;
}

/** What a step found, with the reason, the fix and the notes, as one text. */
function told(plan: Plan, step: StepName): string {
	const found = plan.get(step);
	const notes = (found?.notes ?? []).map(({says}) => says);
	if (found?.is === 'blocked') return [found.problem.message, found.fix?.says ?? 'no fix', ...notes].join(' | ');
	return [found && 'says' in found ? found.says : found?.is, ...notes].join(' | ');
}

const spotQuota = 'L-34B43A08';
const onDemandQuota = 'L-1216C47A';

test('several types are one finding: the largest counts for the quota, and one that no zone of the workers has is a note', async () => {
	const world = simulatedWorld();
	const types: Given = {workerTypes: ['c5.large', 'm5.large', 'c5.xlarge']};
	assert.match(told(await planned(world, types), 'quota'), /^40 of 64 vCPUs for 10 workers of c5\.large or 2 other types on spot$/);
	world.outside.setQuota(spotQuota, 32);
	assert.match(told(await planned(world, types), 'quota'), /10 workers of c5\.large or 2 other types need 40 vCPUs.*lower the limit to 8/);
	world.outside.setQuota(spotQuota, 64);
	for (const zone of ['a', 'b', 'c']) world.outside.offer('m5.large', `${region}${zone}`, false);
	assert.match(told(await planned(world, types), 'quota'), /AWS doesn't offer m5\.large in us-east-2a, us-east-2b, us-east-2c, so no worker is one\./);
});

test('with a share on demand both quotas are looked at, each for its workers', async () => {
	const world = simulatedWorld();
	const mixed: Given = {onDemandBase: 2, onDemandShare: 25};
	const says = told(await planned(world, mixed), 'quota');
	assert.match(says, /^12 of 64 vCPUs for 6 workers of c5\.large on spot; \d+ of \d+ vCPUs for 4 workers of c5\.large on demand/);
	world.outside.setQuota(onDemandQuota, 4);
	assert.match(told(await planned(world, mixed), 'quota'), /^4 workers of c5\.large and the manager need 10 vCPUs, and this account may run 4 on demand here/);
});

test('types of two architectures are refused, with those that fit the image', async () => {
	const world = simulatedWorld();
	assert.match(
		told(await planned(world, {workerTypes: ['c5.large', 'c6g.large', 'm5.large']}), 'images'),
		/Workers start from one image, ami-[0-9a-f]+, which is x86_64, and c6g\.large isn't\. \| use c5\.large, m5\.large instead/,
	);
});

test('all subnets are those of the manager’s VPC that lead out as its own, in a zone that offers a type; others are named', async () => {
	const world = simulatedWorld();
	const own = world.outside.region(region).subnets;
	const nowhere = world.outside.addSubnet(`${region}c`, 'nowhere');
	assert.match(told(await planned(world), 'network'), /; workers in us-east-2a, us-east-2b$/);
	world.outside.offer('c5.large', `${region}b`, false);
	assert.match(told(await planned(world), 'network'), /addresses$/);
	world.outside.offer('c5.large', `${region}b`, true);
	const [first = assert.fail(), second = assert.fail()] = own;
	assert.match(told(await planned(world, {workerSubnets: [second.id]}), 'network'), new RegExp(`^${first.id} in us-east-2a.*; workers in ${second.zone}$`));
	for (const [id, why] of [
		['subnet-0123456789abcdef0', /There is no subnet subnet-0123456789abcdef0 that this account can see.* \| use all subnets instead/],
		[nowhere.id, /has no way out to the internet.* \| use all subnets instead/],
	] as const)
		assert.match(told(await planned(world, {workerSubnets: [id]}), 'network'), why);
	world.outside.offer('c5.large', `${region}b`, false);
	assert.match(told(await planned(world, {workerSubnets: [second.id]}), 'network'), /AWS offers c5\.large not in us-east-2b/);
});

test('a key of the account’s own for disks is told with the role that has to be let in; until it is, workers end as soon as they are launched', async () => {
	const world = simulatedWorld();
	const at = world.outside.region(region);
	at.diskKey = `arn:aws:kms:${region}:123456789012:key/11111111-2222-3333-4444-555555555555`;
	const wish = {flags: {executor: 'docker-autoscaler' as const}, secrets: {runnerToken: world.outside.token()}};
	assert.deepEqual((await planned(world)).get('instance-profile')?.notes ?? [], []);
	const made = await setUp(world, wish);
	const [problem] = made.result?.problems ?? [];
	assert.deepEqual([problem?.code, /AWSServiceRoleForAutoScaling/.test(problem?.advice ?? '')], ['kms-key', true], problem?.message);
	at.groupsUseKey = true;
	assert.deepEqual(problemsIn(await setUp(world, wish)), []);
	assert.match(told(await planned(world), 'launch-template'), /Your key arn:aws:kms:.* encrypts workers' disks\.$/);
});
