import assert from 'node:assert/strict';
import test from 'node:test';
import {fromEnvironment, identify, interview} from '../../source/answers/interview.ts';
import {believed, settle} from '../../source/answers/walk.ts';
import type {Given} from '../../source/fleet.ts';
import {Problem} from '../../source/problem.ts';
import {asking, cloudRefusing, emptyCloud, problemOf, scripted} from './stub.ts';

const somewhere = asking({profileRegion: 'us-east-2'});
const withCloud = asking({profileRegion: 'us-east-2', cloud: emptyCloud()});
const keysPut = (ask: ReturnType<typeof scripted>) => ask.put.map(({question}) => question.id);

test('a flag beats a preset, a preset the environment, the environment the record, and the record what is found', () => {
	const layers = {found: {limit: 1}, record: {limit: 2}, environment: {limit: 3}, preset: {limit: 4}, flag: {limit: 5}, typed: {limit: 6}};
	const order = ['typed', 'flag', 'preset', 'environment', 'record', 'found'] as const;
	const left: Record<string, Given> = {...layers};
	for (const [index, source] of order.entries()) {
		assert.equal(believed(left).limit, 6 - index);
		delete left[source];
	}
	assert.equal(believed(left).limit, undefined);
});

test('each answer carries where it came from', async () => {
	const {answers, sources, why} = await interview({
		layers: {flag: {limit: 4}, preset: {limit: 9, workerType: 'm5.large'}, environment: {region: 'eu-west-1'}},
		record: async () => ({idleTime: 60, limit: 7}),
		asking: somewhere,
	});
	assert.deepEqual([answers.limit, answers.workerType, answers.region, answers.idleTime, answers.image], [4, 'm5.large', 'eu-west-1', 60, 'ubuntu-24.04']);
	assert.deepEqual(
		[sources.limit, sources.workerType, sources.region, sources.idleTime, sources.image],
		['flag', 'preset', 'environment', 'record', 'default'],
	);
	assert.equal(why.concurrent, 'the limit');
});

test('a region of the AWS configuration counts as found, and says whose it is', async () => {
	const {sources, why} = await interview({layers: {flag: {profile: 'acme-dev'}}, asking: somewhere});
	assert.equal(sources.region, 'found');
	assert.equal(why.region, 'AWS profile acme-dev');
});

test('for a fleet that stands the record beats every default', async () => {
	const looked: unknown[] = [];
	const {answers} = await interview({
		layers: {flag: {region: 'us-east-2', fleet: 'ci'}},
		asking: somewhere,
		async record(fleet) {
			looked.push(fleet);
			return {limit: 40, concurrent: 48, spot: false};
		},
	});
	assert.deepEqual(looked, [{name: 'ci', region: 'us-east-2'}]);
	assert.deepEqual([answers.limit, answers.concurrent, answers.spot], [40, 48, false]);
});

test('concurrent jobs go along with a changed limit as long as nobody said how many; a number that was given stays, even where it was the limit', async () => {
	const withRecord = async (record: Given) =>
		(await interview({layers: {flag: {region: 'us-east-2', limit: 20}}, asking: somewhere, record: async () => record})).answers.concurrent;
	assert.equal(await withRecord({limit: 10}), 20);
	assert.equal(await withRecord({limit: 10, concurrent: 10}), 10);
	assert.equal(await withRecord({limit: 10, concurrent: 12}), 12);
	assert.equal(await withRecord({limit: 20, concurrent: 20}), 20);
});

test('without anyone to ask, a missing region is told by its flag before any call', async () => {
	let looked = false;
	const problem = await problemOf(() =>
		interview({
			layers: {},
			asking: asking(),
			async record() {
				looked = true;
				return undefined;
			},
		}),
	);
	assert.equal(problem.exit, 2);
	assert.equal(problem.code, 'answer-missing');
	assert.match(problem.message, /^--region is missing/);
	assert.match(problem.advice ?? '', /`--region us-east-2`/);
	assert.equal(looked, false);
});

test('all that is wrong is told together, each with its flag or place, its value, and what would be right', async () => {
	const layers: {flag: Given; preset: Given} = JSON.parse('{"flag": {"region": "us-east-2", "limit": 0}, "preset": {"fleet": "sg-x", "cacheDays": 4000}}');
	const problem = await problemOf(() => interview({layers, asking: somewhere}));
	assert.equal(problem.exit, 2);
	assert.deepEqual(problem.message.split('\n'), [
		'--limit is 0. It takes a whole number from 1 to 5,000 machines.',
		'fleet of the preset is "sg-x". It takes 2 to 24 lower-case letters, digits and hyphens, beginning with a letter, not with sg-, xn--, sthree- or amzn-s3-demo-, and not ending in a hyphen.',
		'cacheDays of the preset is 4000. It takes a whole number from 1 to 3,650 days.',
	]);
});

test('an answer that fits alone and not beside another is refused, by whichever of the two came later', async () => {
	const problem = await problemOf(() => interview({layers: {flag: {region: 'us-east-2', idleCount: 8}, preset: {limit: 5}}, asking: somewhere}));
	assert.equal(problem.message, '--idle-count is 8. It takes at most the limit, 5: 8 idle workers can never be made.');
});

test('a flag that fits the record’s answers is taken, though it wouldn’t fit the defaults', async () => {
	const {answers} = await interview({layers: {flag: {region: 'us-east-2', idleCount: 30}}, asking: somewhere, record: async () => ({limit: 40})});
	assert.equal(answers.idleCount, 30);
});

test('an existing key pair without its private key is told by the flag that is missing', async () => {
	const problem = await problemOf(() => interview({layers: {flag: {region: 'us-east-2', keyPair: 'mine'}}, asking: somewhere}));
	assert.match(problem.message, /^--private-key is missing.*key pair mine wasn't made here/);
});

test('a person is asked the ten that most must choose, in order, and Enter leaves each its default', async () => {
	const ask = scripted({});
	const {answers, sources} = await interview({layers: {}, asking: withCloud, ask});
	assert.deepEqual(keysPut(ask), ['region', 'executor', 'image', 'securityGroup', 'keyPair', 'cache', 'workerType', 'spot', 'limit', 'runner']);
	assert.deepEqual([answers.limit, sources.limit], [10, 'default']);
	assert.deepEqual([answers.idleTime, sources.idleTime], [300, 'default']);
});

test('what a flag, a preset or the record has answered isn’t asked', async () => {
	const ask = scripted({});
	await interview({
		layers: {flag: {region: 'us-east-2', limit: 3}, preset: {spot: false, runner: 'token'}},
		record: async () => ({executor: 'docker+machine', image: 'debian-12', keyPair: 'create'}),
		asking: withCloud,
		ask,
	});
	assert.deepEqual(keysPut(ask), ['securityGroup', 'cache', 'workerType']);
});

test('with everything, each key that means something is asked in order, and what can stay empty may', async () => {
	const ask = scripted({executor: ['docker+machine'], spot: [false], cache: ['none'], rolePath: [''], runnerTags: ['linux, docker']});
	const {answers} = await interview({layers: {}, asking: withCloud, ask, everything: true});
	const put = keysPut(ask);
	assert.ok(put.includes('maxGrowthRate') && put.includes('rolePath') && put.includes('executor'));
	for (const without of ['capacityPerInstance', 'spotPrice', 'cacheDays', 'privateKey', 'project', 'runnerTags', 'sshUser'] as const)
		assert.ok(!put.includes(without), without);
	assert.equal('rolePath' in answers, false);
	assert.equal(new Set(put).size, put.length);
});

test('of what may stay empty Enter leaves nothing behind: no empty list, and no list of types that says the worker type once more', async () => {
	const ask = scripted({workerType: ['m5.large'], workerTypes: ['m5.large'], bakeImages: ['']});
	const {answers, sources} = await interview({layers: {}, asking: withCloud, ask, everything: true});
	assert.ok(keysPut(ask).includes('workerTypes') && keysPut(ask).includes('bakeImages'));
	assert.deepEqual([answers.workerTypes, answers.bakeImages, sources.executor], [undefined, undefined, 'default']);
	const several = scripted({workerTypes: ['c5.large,c6i.large'], bakeImages: ['node:24']});
	const {answers: given} = await interview({layers: {}, asking: withCloud, ask: several, everything: true});
	assert.deepEqual([given.workerTypes, given.bakeImages], [['c5.large', 'c6i.large'], ['node:24']]);
});

test('choosing an existing key pair asks for its private key next', async () => {
	const ask = scripted({keyPair: ['mine'], privateKey: ['', '~/.ssh/mine']});
	const {answers} = await interview({layers: {}, asking: withCloud, ask});
	const put = keysPut(ask);
	assert.deepEqual(put.slice(put.indexOf('keyPair'), put.indexOf('cache')), ['keyPair', 'privateKey', 'privateKey']);
	assert.match(ask.put.findLast(({question}) => question.id === 'privateKey')?.refused ?? '', /since key pair mine wasn't made here/);
	assert.equal(answers.privateKey, '~/.ssh/mine');
});

test('a runner that we make asks for a project, or a group where none is given', async () => {
	const project = scripted({runner: ['create'], project: ['acme/api']});
	assert.equal((await interview({layers: {}, asking: withCloud, ask: project})).answers.project, 'acme/api');
	assert.ok(!keysPut(project).includes('group'));
	const group = scripted({runner: ['create'], project: [''], group: ['acme']});
	const {answers} = await interview({layers: {}, asking: withCloud, ask: group});
	assert.deepEqual([answers.project, answers.group], [undefined, 'acme']);
});

test('a typed value that can’t be taken is asked for again with the reason', async () => {
	const ask = scripted({limit: ['many', '0', 12]});
	const {answers} = await interview({layers: {}, asking: withCloud, ask});
	const refused = ask.put.filter(({question}) => question.id === 'limit').map((asked) => asked.refused);
	assert.deepEqual(refused, [undefined, 'It takes a whole number from 1 to 5,000 machines.', 'It takes a whole number from 1 to 5,000 machines.']);
	assert.equal(answers.limit, 12);
});

test('a flag that can’t be taken opens its question with the flag, the value and the reason', async () => {
	const layers: {flag: Given} = JSON.parse('{"flag": {"limit": 0}}');
	const ask = scripted({});
	const {answers, sources} = await interview({layers, asking: withCloud, ask});
	const asked = ask.put.find(({question}) => question.id === 'limit');
	assert.equal(asked?.refused, '--limit is 0. It takes a whole number from 1 to 5,000 machines.');
	assert.deepEqual(asked?.default, {value: 10});
	assert.deepEqual([answers.limit, sources.limit], [10, 'typed']);
});

test('a typed number means the number, and a typed list its items', async () => {
	const ask = scripted({
		executor: ['docker+machine'],
		limit: ['7'],
		spotPrice: ['0.2'],
		tags: ['Team=ci,CostCenter=42'],
		machineOptions: ['engine-opt=mtu=1400, engine-env=A=1'],
		spot: ['yes'],
	});
	const {answers} = await interview({layers: {}, asking: withCloud, ask, everything: true});
	assert.deepEqual([answers.limit, answers.spotPrice, answers.spot], [7, 0.2, true]);
	assert.deepEqual(answers.tags, {Team: 'ci', CostCenter: '42'});
	assert.deepEqual(answers.machineOptions, ['engine-opt=mtu=1400', 'engine-env=A=1']);
});

test('what can’t be listed can still be typed, and the question says why there is no list', async () => {
	const cloud = cloudRefusing(
		new Problem({code: 'UnauthorizedOperation', fault: 'outside', message: 'alice may not list regions: AWS refused `ec2:DescribeRegions`.'}),
	);
	const ask = scripted({});
	await interview({layers: {}, asking: asking({profileRegion: 'us-east-2', cloud}), ask});
	assert.equal(ask.put[0]?.choices, undefined);
	assert.match(ask.put[0]?.note ?? '', /ec2:DescribeRegions/);
});

test('without a session the interview ends with that problem rather than asking on', async () => {
	const cloud = cloudRefusing(new Problem({code: 'session-expired', message: 'The session of AWS profile acme-dev has expired.'}));
	const problem = await problemOf(() => interview({layers: {}, asking: asking({profileRegion: 'us-east-2', cloud}), ask: scripted({})}));
	assert.equal(problem.code, 'session-expired');
	assert.equal(cloud.called.length, 1);
});

test('whoever always answers wrongly is told so in the end', async () => {
	const problem = await problemOf(() => interview({layers: {}, asking: withCloud, ask: scripted({limit: Array.from({length: 60}, () => 'many')})}));
	assert.equal(problem.code, 'no-answer-fits');
	assert.equal(problem.exit, 2);
});

test('a later answer that no longer fits an earlier one that was changed is the one that is wrong', async () => {
	const {wrong} = await settle({typed: {region: 'us-east-2', limit: 5, idleCount: 8}}, somewhere);
	assert.deepEqual(
		wrong.map(({key, source, value}) => ({key, source, value})),
		[{key: 'idleCount', source: 'typed', value: 8}],
	);
});

test('the environment gives what the AWS tools read from it', () => {
	assert.deepEqual(fromEnvironment({AWS_PROFILE: 'acme-dev', AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1'}), {
		profile: 'acme-dev',
		region: 'eu-west-1',
	});
	assert.deepEqual(fromEnvironment({AWS_DEFAULT_REGION: 'us-east-1'}), {region: 'us-east-1'});
	assert.deepEqual(fromEnvironment({AWS_PROFILE: ''}), {});
});

test('a secret in an answer is refused without being repeated', async () => {
	const problem = await problemOf(() => interview({layers: {preset: {region: 'us-east-2', runnerName: 'glrt-abcdefghijklmnop'}}, asking: somewhere}));
	assert.match(problem.message, /runnerName of the preset is a secret/);
	assert.doesNotMatch(`${problem.message}${problem.advice}`, /abcdefgh/);
});

test('a command that needs no other answer asks only which fleet, and judges nothing else', async () => {
	const ask = scripted({});
	const {fleet, profile} = await identify({layers: {environment: {profile: 'acme-dev'}, flag: {fleet: 'ci', keyPair: 'mine'}}, asking: withCloud, ask});
	assert.deepEqual({fleet, profile}, {fleet: {name: 'ci', region: 'us-east-2'}, profile: 'acme-dev'});
	assert.deepEqual(keysPut(ask), ['region']);
	const problem = await problemOf(() => identify({layers: {flag: {fleet: 'ci'}}, asking: asking()}));
	assert.match(problem.message, /^--region is missing, and no one can be asked\. It has no default here\.$/);
});

test('an executor that doesn’t know the region is asked for again, with why and the one that works there, which is the default', async () => {
	const ask = scripted({});
	const {answers} = await interview({layers: {flag: {region: 'il-central-1', executor: 'docker+machine'}}, asking: withCloud, ask});
	const asked = ask.put.find(({question}) => question.id === 'executor');
	assert.match(
		asked?.refused ?? '',
		/^--executor is "docker\+machine"\. docker-machine doesn't know the region il-central-1.*`--executor docker-autoscaler`, which can\.$/s,
	);
	assert.deepEqual(asked?.default, {value: 'docker-autoscaler'});
	assert.deepEqual([answers.executor, answers.workerImage], ['docker-autoscaler', 'ecs-al2023']);
});
