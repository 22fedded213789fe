import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {cleanup} from 'ink-testing-library';
import {interview} from '../../../source/answers/interview.ts';
import {presetOf} from '../../../source/answers/preset-form.ts';
import {presetFrom} from '../../../source/commands/interviewing.ts';
import {asking, scripted} from '../../answers/stub.ts';
import {keys, littleCloud, walk} from './walking.tsx';

afterEach(cleanup);

const layers = {environment: {region: 'us-east-2'}};

test('the same answers by lines and by screens make the same preset, byte for byte', async () => {
	const {answers, sources} = await interview({
		layers,
		asking: asking({cloud: littleCloud() as never}),
		ask: scripted({cache: ['none'], workerType: ['m5.large'], spot: [false], limit: ['42'], runner: ['token']}),
	});
	const byLines = presetOf(answers, sources, `The answers of ${answers.fleet} in ${answers.region}.`);

	const walked = walk({layers});
	const {and, until, press} = walked;
	await until(/Which executor/);
	await and(keys.enter, /Which image/);
	press(keys.enter, keys.enter, keys.enter);
	await until(/caches go/);
	await and(keys.down, /› none/);
	await and(keys.enter, /› c5\.large/);
	await and(keys.down, /› m5\.large/);
	await and(keys.enter, /spot instances/);
	await and('n', /How many workers/);
	await and('42', /42▏/);
	await and(keys.enter, /runner's token/);
	press('glrt-abcdefghij');
	await until(/•{15}/);
	await and(keys.enter, /Review: this/);
	await until(/Cost/);
	press(keys.enter);
	const byScreens = presetFrom((await walked.agreed()).settled);

	assert.equal(JSON.stringify(byScreens), JSON.stringify(byLines));
	assert.deepEqual(byScreens.answers, {
		region: 'us-east-2',
		executor: 'docker-autoscaler',
		image: 'ubuntu-24.04',
		securityGroup: 'create',
		keyPair: 'create',
		cache: 'none',
		workerType: 'm5.large',
		spot: false,
		limit: 42,
		runner: 'token',
	});
});
