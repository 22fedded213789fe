import assert from 'node:assert/strict';
import test from 'node:test';
import {isDeepStrictEqual} from 'node:util';
import {inOrder, questions} from '../../source/answers/all.ts';
import {defaultOf} from '../../source/answers/question.ts';
import {judge} from '../../source/answers/value.ts';
import {settle} from '../../source/answers/walk.ts';
import type {AnswerKey, Given} from '../../source/fleet.ts';
import {Problem} from '../../source/problem.ts';
import {simulatedWorld} from '../../source/simulated/world.ts';
import {fleetAnswers} from '../../source/steps/recorded.ts';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {sides} from '../world/cloud-sides.ts';
import {asking, emptyCloud} from './stub.ts';

const world = simulatedWorld({lagMs: 0});
const cloud = world.cloudAt('us-east-2');
const offered = async (key: AnswerKey, given: Given = {}) => (await questions[key].choices?.(asking({cloud, profiles: ['default', 'acme-dev']})(given))) ?? [];
const notAllowed = new Problem({code: 'not-allowed', message: 'alice may not look there.'});
const line = ({label, hint}: {label: string; hint?: string}) => (hint ? `${label} (${hint})` : label);

test('regions are those that are enabled, with the place that people know them by', async () => {
	const lines = (await offered('region')).map(line);
	assert.ok(lines.includes('us-east-2 (Ohio)'));
});

test('profiles are those of this laptop', async () => {
	assert.deepEqual((await offered('profile')).map(line), ['default', 'acme-dev']);
});

test('a fleet that has a record here is offered to go on with', async () => {
	assert.deepEqual((await offered('fleet')).map(line), ['gitlab-runners (a new one)']);
	await cloud.call('PutParameter', {Name: '/gitlab-runner-aws/linux-spot', Value: '{}', Type: 'String', Tier: 'Standard'});
	assert.deepEqual((await offered('fleet')).map(line), ['gitlab-runners (a new one)', 'linux-spot (has a record here: go on with it)']);
});

test('subnets come with their zone, whether they are public, and how many addresses are free; zones of the default VPC too', async () => {
	const choices = await offered('subnet');
	assert.equal(choices[0]?.value, 'default');
	assert.ok(choices.some(({value}) => value === 'us-east-2a'));
	assert.ok(choices.some(({hint}) => /us-east-2[a-z] · public · \d+ free addresses · vpc-/.test(hint ?? '')));
});

test('images are the publishers’ by name, and own ones that are tagged for runners', async () => {
	const values = (await offered('image')).map(({value}) => value);
	assert.deepEqual(values.slice(0, 5), ['ubuntu-24.04', 'ubuntu-22.04', 'debian-13', 'debian-12', 'al2023']);
});

test('each image says its architecture, its id and its age, those of the instance type’s architecture first; more once the cursor is on it', async () => {
	const own = world.outside.addImage('us-east-2', {name: 'runners-7', tags: {type: 'gitlab-runner', team: 'ci'}});
	const images = async (managerType: string) => (await offered('image', {managerType})).map(({value, hint = ''}) => `${value}: ${hint}`);
	const [first = '', ...more] = await images('t3.small');
	assert.match(first, /^ubuntu-24\.04: x86_64 {2}ami-[0-9a-f]{4}…[0-9a-f]{4} {2}\d+ days old$/);
	assert.ok(more.some((one) => /^ubuntu-24\.04-arm64: arm64 {3}ami-/.test(one)));
	assert.match((await images('t4g.small'))[0] ?? '', /^ubuntu-24\.04: arm64 /);
	const mine = (await offered('image')).find(({value}) => value === own.id);
	assert.deepEqual(
		mine?.details?.map(([label]) => label),
		['Name', 'Id', 'Tags'],
	);
	assert.match(mine?.details?.map(([, text]) => text).join('\n') ?? '', /^runners-7\nami-.*\n.*team=ci.*; root \/dev\/\w+, \d+ GiB$/);
});

test('an image of which nothing can be read is offered by its name all the same', async () => {
	const refused: Cloud = {...emptyCloud(), call: async (name) => (name === 'DescribeImages' ? JSON.parse('{"Images": []}') : Promise.reject(notAllowed))};
	const choices = (await questions.image.choices?.(asking({cloud: refused})({}))) ?? [];
	assert.deepEqual(choices.map(line).slice(0, 2), ['ubuntu-24.04 (Ubuntu 24.04 LTS)', 'ubuntu-22.04 (Ubuntu 22.04 LTS)']);
	assert.equal(choices.length, 5);
});

test('what docker-machine can’t make workers of or in is on the list, and can’t be taken', async () => {
	const lax = world.outside.addSubnet('us-east-2-lax-1a', 'internet');
	const reasonOf = async (key: AnswerKey, value: string) => (await offered(key, {executor: 'docker+machine'})).find((one) => one.value === value)?.disabled;
	assert.equal(await reasonOf('workerImage', 'al2023'), "docker-machine can't set it up");
	assert.equal(await reasonOf('image', 'al2023'), undefined);
	assert.equal(await reasonOf('subnet', lax.id), "docker-machine can't make workers there");
	assert.equal(await reasonOf('region', 'us-east-2'), undefined);
	const newer: Cloud = {...emptyCloud(), call: async () => JSON.parse('{"Regions": [{"RegionName": "il-central-1"}]}')};
	assert.deepEqual(
		(await questions.region.choices?.(asking({cloud: newer})({})))?.map(({disabled, hint}) => [disabled, hint]),
		[[undefined, 'Tel Aviv · with docker-autoscaler']],
	);
	assert.equal(await reasonOf('workerImage', 'ecs-al2023'), "docker-machine can't set it up");
});

test('what an Auto Scaling group can’t start is on the list too, and each executor is offered where it works', async () => {
	const scaled: Given = {executor: 'docker-autoscaler'};
	const barredOf = async (key: AnswerKey, given: Given) => (await offered(key, given)).flatMap(({disabled, value}) => (disabled === undefined ? [] : [value]));
	assert.deepEqual(await barredOf('workerImage', scaled), ['al2023', 'al2023-arm64']);
	assert.deepEqual(await barredOf('subnet', scaled), []);
	assert.deepEqual(await barredOf('executor', {region: 'us-east-2'}), []);
	assert.deepEqual(await barredOf('executor', {region: 'il-central-1'}), ['docker+machine']);
	for (const {hint} of await offered('executor')) assert.ok(hint);
});

test('a new fleet is one of docker-autoscaler in every region, and the workers of either executor start from an image that it can set up', async () => {
	for (const region of ['us-east-2', 'il-central-1']) {
		const {given, wrong} = await settle({flag: {region, schedule: []}}, asking());
		assert.deepEqual([given.executor, given.workerImage, wrong], ['docker-autoscaler', 'ecs-al2023', []]);
	}
	const {given, wrong} = await settle({flag: {region: 'us-east-2', executor: 'docker+machine'}}, asking());
	assert.deepEqual([given.workerImage, wrong], ['ubuntu-24.04', []]);
});

test('what only one executor has is asked of its own fleets alone, and stands in their record alone', async () => {
	const of = async (executor: 'docker+machine' | 'docker-autoscaler') => {
		const {given} = await settle({flag: {region: 'us-east-2', executor}}, asking());
		return {asked: inOrder.filter(({when}) => when?.(given) !== false).map(({id}) => id), kept: Object.keys(fleetAnswers(given))};
	};
	const [machines, group] = [await of('docker+machine'), await of('docker-autoscaler')];
	for (const {here, there, key} of [
		...(['machineOptions', 'maxGrowthRate', 'dockerMachineVersion', 'engineInstall'] as const).map((key) => ({here: machines, there: group, key})),
		...(['workerSubnets', 'onDemandBase', 'onDemandShare', 'capacityPerInstance', 'fleetingPluginVersion'] as const).map((key) => ({
			here: group,
			there: machines,
			key,
		})),
	]) {
		assert.ok(here.asked.includes(key) && here.kept.includes(key), key);
		assert.ok(!there.asked.includes(key) && !there.kept.includes(key), key);
	}
});

test('so many jobs run at once as all workers have room for', async () => {
	const at = async (flag: Given) => (await settle({flag: {region: 'us-east-2', limit: 20, ...flag}}, asking())).given.concurrent;
	assert.equal(await at({executor: 'docker-autoscaler', capacityPerInstance: 3}), 60);
	assert.equal(await at({executor: 'docker+machine', capacityPerInstance: 3}), 20);
	assert.equal(await at({executor: 'docker-autoscaler', capacityPerInstance: 3, concurrent: 5}), 5);
});

test('worker types come with size, architecture and the price of spot now', async () => {
	const c5 = (await offered('workerType')).find(({value}) => value === 'c5.large');
	assert.match(c5?.hint ?? '', /^2 vCPU · 4 GiB · x86_64 · spot \$0\.\d{3}\/h now$/);
	const manager = (await offered('managerType')).find(({value}) => value === 't3.small');
	assert.match(manager?.hint ?? '', /^2 vCPU · 2 GiB · x86_64$/);
});

test('spot says what the chosen type costs now, either way', async () => {
	const lines = (await offered('spot', {workerType: 'c5.large'})).map(line);
	assert.match(lines[0] ?? '', /^yes \(spot: c5\.large costs \$0\.\d{3}\/h now\)$/);
	assert.equal(lines[1], 'no (on demand: $0.085/h, never taken back)');
	assert.match(line((await offered('spotPrice', {workerType: 'c5.large'}))[0] ?? {label: ''}), /^on-demand \(spot is \$/);
});

test('a key pair and a group are made unless one that is there is taken', async () => {
	await cloud.call('CreateSecurityGroup', {GroupName: 'office', Description: 'SSH from the office'});
	const groups = await offered('securityGroup');
	assert.equal(groups[0]?.value, 'create');
	assert.ok(groups.some(({label, hint}) => label.startsWith('office sg-') && hint?.startsWith('SSH from the office')));
	assert.equal((await offered('keyPair'))[0]?.value, 'create');
});

test('the login user is asked for only where the image’s publisher doesn’t tell it', async () => {
	const {asked} = questions.sshUser;
	assert.ok(typeof asked === 'function');
	const {Parameter} = await cloud.call('GetParameter', {Name: '/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'});
	assert.equal(await asked(asking({cloud})({image: Parameter?.Value ?? ''})), false);
	assert.equal(await asked(asking({cloud})({image: 'ubuntu-24.04'})), false);
});

test('no choice changes anything', () => {
	const changing = world.acts.filter((act) => !/PutParameter|CreateSecurityGroup/.test(act));
	assert.deepEqual(changing, []);
});

for (const side of sides) {
	test(`everything that is chosen from a list can be listed, and the default is on it: ${side.name}`, async () => {
		const there = await side.open();
		try {
			const look = asking({cloud: there.cloudAt('us-east-2'), profiles: ['default'], profileRegion: 'us-east-2'});
			for (const question of inOrder) {
				const choices = await question.choices?.(look({workerType: 'c5.large'}));
				const fallback = await defaultOf(question, look({}));
				if (!choices || !fallback) continue;
				assert.ok(
					choices.some(({value}) => isDeepStrictEqual(value, fallback.value)),
					`${question.id}: ${JSON.stringify(choices)}`,
				);
			}
			const c5 = (await questions.workerType.choices?.(look({})))?.find(({value}) => value === 'c5.large');
			assert.match(c5?.hint ?? '', /spot \$\d+\.\d{3}\/h now$/);
		} finally {
			await there.stop();
		}
	});
}

test('types that workers may be are offered together, with what spot costs in the cheapest and the dearest zone now, what the first costs on demand, and each one’s prices below', async () => {
	const scaled: Given = {executor: 'docker-autoscaler', workerType: 'c5.large'};
	const choices = await offered('workerTypes', scaled);
	assert.deepEqual(choices[0]?.value, ['c5.large']);
	const last = choices.at(-1);
	assert.ok(Array.isArray(last?.value) && last.value.length > 1 && last.value[0] === 'c5.large', last?.label);
	assert.match(last?.hint ?? '', /^spot from \$0\.\d{3}\/h now \(\w+\.large in us-east-2[a-z]\) to \$0\.\d{3}, on demand \$0\.085$/);
	const details = last?.details ?? [];
	assert.equal(details.length, last.value.length);
	assert.match(details[0]?.[1] ?? '', /^c5\.large: on demand \$0\.085, spot \$0\.\d{3} in us-east-2[a-z], \$0\.\d{3} in us-east-2[a-z]/);
	for (const {value} of choices) assert.equal(judge('workerTypes', value, scaled), undefined);
	assert.ok((await offered('workerTypes', {...scaled, spot: false})).every(({hint}) => hint === 'on demand $0.085/h'));
	assert.deepEqual(
		(await offered('workerTypes', {...scaled, workerType: 'x9.large'})).map(({value}) => value),
		[['x9.large']],
	);
});
