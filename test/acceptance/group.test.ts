import assert from 'node:assert/strict';
import {after, test} from 'node:test';
import {CreateAutoScalingGroupCommand, DescribeAutoScalingGroupsCommand} from '@aws-sdk/client-auto-scaling';
import {CreateLaunchTemplateCommand, DescribeLaunchTemplateVersionsCommand} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import {until} from '../peers/poll.ts';
import {initHere} from '../peers/systemd.ts';
import {firstBaked, wholeGroup} from './account.ts';
import {bakes} from './bakes.ts';
import {begin, fleet} from './begin.ts';
import {longestDelay, roundTripsDeep} from './depth.ts';
import {killedAtEachChange, otherWorkers} from './killing.ts';
import {changingCalls, ended, laptopIn, onManager, unlike} from './laptop.ts';
import {mirrorOnManager} from './mirror-left.ts';
import {smokes} from './smokes.ts';

/** A mirror needs a real systemd, and room for it is memory here. */
const mirrored = (await initHere()) === 'systemd';
const {world, account, laptop, setup, standing} = await begin({
	executor: 'docker-autoscaler',
	limit: 40,
	idleTime: 1,
});
after(() => world.stop());

const group = async (name: string) =>
	(await account.scaling.send(new DescribeAutoScalingGroupsCommand({AutoScalingGroupNames: [name]}))).AutoScalingGroups?.[0] ?? assert.fail(`no ${name}`);

test('setup with an Auto Scaling group ends well from nothing, and makes exactly one of each, all marked', async () => {
	ended(await laptop.run(setup), 0);
	assert.deepEqual(await standing(), wholeGroup);
	for (const {name, sort, tags} of await account.things()) {
		if (!wholeGroup.includes(`${sort} ${name}`)) continue;
		assert.equal(tags['gitlab-runner-aws:fleet'], 'gitlab-runners', `${sort} ${name}`);
	}
	assert.match(await onManager(world, 'cat /etc/gitlab-runner/config.toml'), /plugin = "aws:1\.1\.0"/);
	assert.equal((await onManager(world, "stat -c '%a %U' /etc/gitlab-runner/worker-key")).trim(), '600 root');
});

test('the same again changes nothing, and is at most four round trips deep', async () => {
	const again = ['setup', '--yes', ...laptop.preset];
	const begun = performance.now();
	ended(await laptop.run(again), 0);
	// Each call takes as long as the whole command does by itself, so that what is asked side by side overlaps however slow this computer is.
	const delayMs = Math.min(performance.now() - begun, longestDelay);
	world.aws.forget();
	world.aws.faults([{delayMs}]);
	const ran = await laptop.json(again);
	world.aws.faults([]);
	ended(ran, 0);
	assert.deepEqual([unlike(ran.lines), changingCalls(world)], [{}, []]);
	const deep = roundTripsDeep(world.aws.calls().map(({at, ms}) => ({from: at, to: at + ms})));
	assert.ok(deep <= 4, `${deep} round trips deep`);
});

/** What the group's newest workers are launched with. */
async function newest() {
	const version = (await group('gitlab-runners-workers')).MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification?.Version ?? '';
	const {LaunchTemplateVersions} = await account.ec2.send(
		new DescribeLaunchTemplateVersionsCommand({LaunchTemplateName: 'gitlab-runners-workers', Versions: [version]}),
	);
	return LaunchTemplateVersions?.[0]?.LaunchTemplateData ?? assert.fail(`no version ${version}`);
}

test('a mirror comes by its answer, also where the setup is killed at any of its changes; the same again changes nothing', {skip: !mirrored}, async () => {
	const create = [...setup, '--registry-mirror', 'create', '--registry-mirror-disk', '1'];
	await killedAtEachChange(world, laptop, create, ['PutParameter', 'AuthorizeSecurityGroupIngress', ...otherWorkers]);
	ended(await laptop.run(create), 0);
	world.aws.forget();
	ended(await laptop.run(create), 0);
	assert.deepEqual([changingCalls(world), await standing()], [[], wholeGroup]);
});

test('bake makes an image, which a worker proves and the group launches from: one image on one snapshot, no builder, and nothing else has changed', async () => {
	const image = await bakes(world, laptop);
	assert.equal((await newest()).ImageId, image);
	assert.deepEqual(await standing(), [...wholeGroup, ...firstBaked].sort());
});

test('jobs run on instances of the group, from an image of their own and with a mirror: smoke proves it, by a cache that the second job finds, and leaves nothing in GitLab', async () => {
	await smokes(world, laptop);
});

/** The daemon.json that the newest workers are given, as their first boot writes it. */
async function daemonFile(): Promise<string> {
	const userData = Buffer.from((await newest()).UserData ?? '', 'base64').toString();
	const upToDocker = userData.slice(userData.indexOf('if [ ! -e /etc/docker/daemon.json'), userData.indexOf('mkdir -p /etc/systemd'));
	return onManager(
		world,
		`rm -rf /run/worker && mkdir /run/worker && cd /run/worker && sh -c '${upToDocker.replaceAll('/etc/docker', '/run/worker').replaceAll("'", `'"'"'`)}' && cat daemon.json`,
	);
}

test('the manager keeps Docker Hub’s images for workers, which ask it first', {skip: !mirrored}, async () => {
	const [url = ''] = z.object({'registry-mirrors': z.array(z.string())}).parse(JSON.parse(await daemonFile()))['registry-mirrors'];
	assert.match(url, /^http:\/\/[\d.]+:5000$/);
	const asked = async (): Promise<string> => onManager(world, `curl -fsS ${url}/v2/library/alpine/manifests/latest`);
	assert.equal(await asked(), await asked());
	assert.equal(world.dockerHub.pulls(), 1);
});

test('another disk is another version of the template, which is proven and becomes the group’s; a mirror that is wanted no more leaves nothing, also where the setup is killed at any of its changes', async () => {
	const another = [...setup, '--worker-disk', '60', '--registry-mirror', 'none'];
	await killedAtEachChange(world, laptop, another, ['PutParameter', ...(mirrored ? ['RevokeSecurityGroupIngress'] : []), ...otherWorkers]);
	ended(await laptop.run(another), 0);
	assert.deepEqual(await mirrorOnManager(world), []);
	assert.ok(!(await daemonFile()).includes('registry-mirrors'));
	const open = (await account.groups()).flatMap(({IpPermissions = []}) => IpPermissions.map(({FromPort}) => FromPort));
	assert.ok(!open.includes(5000), open.join());
	assert.equal((await newest()).BlockDeviceMappings?.[0]?.Ebs?.VolumeSize, 60);
	await until('the workers to go', async () => ((await standing()).some((one) => one.endsWith('-worker')) ? undefined : true));
	assert.deepEqual(await standing(), [...wholeGroup, ...firstBaked].sort());
});

test('destroy from another laptop leaves nothing but the cache, and things of like names stand', async () => {
	const tagged = (name: string, part: string) => [
		{Key: 'gitlab-runner-aws:fleet', Value: name},
		{Key: 'gitlab-runner-aws:part', Value: part},
	];
	const decoy = 'gitlab-runners-2-workers';
	const ImageId = await account.imageFor('x86_64');
	await account.ec2.send(
		new CreateLaunchTemplateCommand({
			LaunchTemplateName: decoy,
			LaunchTemplateData: {ImageId},
			TagSpecifications: [{ResourceType: 'launch-template', Tags: tagged('gitlab-runners-2', 'launch-template')}],
		}),
	);
	const {VPCZoneIdentifier = ''} = await group('gitlab-runners-workers');
	await account.scaling.send(
		new CreateAutoScalingGroupCommand({
			AutoScalingGroupName: decoy,
			MinSize: 0,
			MaxSize: 1,
			VPCZoneIdentifier,
			MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: decoy, Version: '1'}, Overrides: [{InstanceType: 'c5.large'}]}},
			Tags: tagged('gitlab-runners-2', 'group').map((tag) => ({...tag, ResourceId: decoy, ResourceType: 'auto-scaling-group', PropagateAtLaunch: false})),
		}),
	);
	const colleague = await laptopIn(world);
	ended(await colleague.run(['destroy', '--yes', ...fleet]), 0);
	assert.deepEqual(await standing(), [`Auto Scaling group ${decoy}`, 'bucket gitlab-runners-cache-123456789012-us-east-1', `launch template ${decoy}`]);
});
