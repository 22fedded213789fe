import assert from 'node:assert/strict';
import {test} from 'node:test';
import {usesOf} from '../../../source/steps/bake/prune.ts';
import {bakeScript, pulledImages, toldOnConsole} from '../../../source/steps/bake/recipe.ts';
import type {BakedImage} from '../../../source/steps/looks/baked-images.ts';

const image = (version: number, provenAt: number | undefined = version): BakedImage => ({
	id: `ami-${version}`,
	name: `ci-workers-${version}`,
	fleet: 'ci',
	version,
	state: 'available',
	createdAt: version,
	sizeGib: 20,
	snapshotIds: [`snap-${version}`],
	base: 'ecs-al2023',
	baseImage: 'ami-0',
	recipe: '',
	builder: '',
	provenAt,
});

test('the last two that were proven stay, and whatever workers start from, run from or would go back to', () => {
	const images = [{...image(7), provenAt: undefined}, image(6), image(5), image(4), image(3), image(2), image(1)];
	const uses = usesOf(images, {answers: {workerImage: 'ami-4'}, before: {workerImage: 'ami-2'}, running: new Map([['ami-1', 2]])});
	assert.deepEqual(
		uses.map((use) => [use.image.version, use.because]),
		[
			[7, undefined],
			[6, 'one of the last 2 that were proven'],
			[5, 'one of the last 2 that were proven'],
			[4, 'workers start from it'],
			[3, undefined],
			[2, 'undo leads back to it'],
			[1, '2 instances run from it'],
		],
	);
});

test('images that were named have to be there, each once; those of every job are only faster so', () => {
	const answers = {dockerImage: 'alpine:latest', gitlabRunnerVersion: '19.3.0', bakeImages: ['node:24', 'node:24', 'alpine:latest']};
	const pulled = pulledImages(answers, {architecture: 'arm64'});
	assert.deepEqual(pulled, {
		named: ['node:24', 'alpine:latest'],
		usual: ['registry.gitlab.com/gitlab-org/gitlab-runner/gitlab-runner-helper:arm64-v19.3.0'],
	});
	const script = bakeScript('admin', pulled, {install: ''});
	assert.match(script, /^pull node:24 \|\| fail /m);
	assert.match(script, /^pull registry\.gitlab\.com\S+arm64-v19\.3\.0 \|\| say /m);
});

test('a builder’s user data is far below what EC2 takes, with as many images as may be named', () => {
	const named = Array.from({length: 50}, (_, index) => `registry.example.com/a/rather/long/path/of/an/image-${index}:2026.11.26-with-a-long-tag`);
	assert.ok(bakeScript('ubuntu', {named, usual: []}, {install: ''}).length < 16_384);
});

test('a console tells the last thing that was said, and what failed, among whatever else is on it', () => {
	const text =
		'[   22.1] cloud-init[1]: gitlab-runner-aws bake: pulling node:24\r\nci login: \r\ngitlab-runner-aws bake: failed: node:24 could not be pulled: denied\r\n';
	assert.deepEqual(toldOnConsole(text), {
		says: 'failed: node:24 could not be pulled: denied',
		failed: 'node:24 could not be pulled: denied',
	});
	assert.equal(toldOnConsole('Debian GNU/Linux 12 ci ttyS0'), undefined);
});
