import assert from 'node:assert/strict';
import {suite, test} from 'node:test';
import {bake} from '../../../source/commands/bake.ts';
import {act} from '../../../source/commands/panel.ts';
import {makeStops} from '../../../source/commands/world.ts';
import type {Happening} from '../../../source/engine/events.ts';
import type {Given} from '../../../source/fleet.ts';
import {type Ports, simulatedWorld, type World} from '../../../source/simulated/world.ts';
import {atEachAct} from '../../engine/deaths.ts';
import {name, planOf, region, standingFleet, takeAway, unlike} from '../../engine/fleet.ts';
import {actsSince, config, depth, noneAtAll, oneGroup, oneOfEach, onlyManager, standing} from '../../engine/seen.ts';
import {hearing, sessionAt} from '../../panel/at-laptop.ts';

const args = (...words: string[]): string[] => ['bake', ...words, '--fleet', name, '--region', region];

/** What somebody at a laptop meets who bakes; `code` is the exit code. */
async function baked(ports: Ports, words: readonly string[] = [], more: Parameters<typeof sessionAt>[3] = {}) {
	const face = hearing();
	const code = await bake(sessionAt(ports, args(...words), face, more));
	return {code, face};
}

const ended = (events: readonly Happening[], event: 'step.done' | 'step.failed'): string[] => events.flatMap((one) => (one.event === event ? [one.step] : []));
const says = (events: readonly Happening[]): string[] => events.flatMap((one) => ('says' in one ? [one.says] : []));

/** The images that were baked and are still registered, the oldest first. */
const imagesIn = (world: World) =>
	[...world.outside.region(region).images.values()].filter(({deregistered, tags}) => tags['gitlab-runner-aws:fleet'] === name && !deregistered);

const isProven = ({tags}: {tags: Record<string, string>}): boolean => tags['gitlab-runner-aws:proven-image'] !== undefined;

async function standingIn(world: World, executor: Given): Promise<void> {
	await standingFleet(world, {flags: {...executor, limit: 2}, secrets: {runnerToken: world.outside.token()}});
}

/** From which image new workers of a fleet are made, wherever its executor keeps that. */
function workersFrom(world: World): string | undefined {
	const [template] = [...world.outside.region(region).templates.values()];
	return template?.versions.at(-1)?.data.ImageId ?? /amazonec2-ami=([^"]+)/.exec(config(world, onlyManager(world)))?.[1];
}

const lists = (face: ReturnType<typeof hearing>): string => {
	const found = face.events.find((one) => one.event === 'document');
	return found?.event === 'document' && Array.isArray(found.value) ? found.value.join('\n') : '';
};

for (const [executor, whole] of [
	[{executor: 'docker+machine'}, oneOfEach],
	[{executor: 'docker-autoscaler'}, oneGroup],
] as const) {
	suite(`${executor.executor}: bake`, () => {
		test('an image is baked, a worker that starts from it is proven, workers start from it, and destroy leaves nothing of it', async () => {
			const world = simulatedWorld();
			await standingIn(world, executor);
			const {code, face} = await baked(world);
			assert.deepEqual([code, face.problems.map(({message}) => message)], [0, []]);
			assert.deepEqual(ended(face.events, 'step.done'), ['bake-builder', 'bake-image', 'bake-use']);
			const [image] = imagesIn(world);
			assert.deepEqual([workersFrom(world), standing(world)], [image?.id, {...whole, images: 1, snapshots: 1}]);
			assert.deepEqual([image?.tags.type, image?.tags.platform, image?.tags.version], ['gitlab-runner', 'linux', '1']);
			const acts = world.acts.length;
			assert.deepEqual([unlike(await planOf(world)), actsSince(world, acts)], [{}, []]);
			assert.match(lists((await baked(world, ['--list'])).face), /version 1 +ami-\w+ +baked today from .*: workers start from it/);
			const {left, result} = await takeAway(world, {withCache: true});
			assert.deepEqual([result.problems, left, standing(world)], [[], [], noneAtAll]);
		});

		test('a laptop that dies at any act of it, and bakes again, makes one image that workers start from, and leaves no builder, however late AWS shows new things', async () => {
			const count = await atEachAct({
				options: {lagMs: 15_000},
				begin: async (world) => {
					await standingIn(world, executor);
					return undefined;
				},
				// Whoever bakes once all was done before gets another one.
				run: async (ports, world) => ({before: imagesIn(world).filter(isProven).length, ...(await baked(ports))}),
				async holds({before, code, face}, ports, world, at) {
					assert.deepEqual([at, code, face.problems.map(({message}) => message)], [at, 0, []]);
					const images = imagesIn(world);
					assert.deepEqual([at, standing(world)], [at, {...whole, images: before + 1, snapshots: before + 1}]);
					assert.deepEqual([at, images.every(isProven), workersFrom(world), unlike(await planOf(ports))], [at, true, images.at(-1)?.id, {}]);
				},
			});
			assert.ok(count > 4, `${count} acts`);
		});
	});
}

const scaled: Given = {executor: 'docker-autoscaler'};

test('each image is kept until another one or two are newer: --prune shows what goes, deletes it with its snapshot, and nothing else', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	const nothing = says((await baked(world, ['--prune'])).face.events).at(-1);
	assert.equal(nothing, `Nothing is to be deleted: no image was baked for ${name}.`);
	for (const images of ['node:24', 'node:25', 'node:26']) {
		assert.equal((await baked(world, ['--bake-images', images])).code, 0);
		await world.clock.sleep(60_000);
	}
	const [first, second, third] = imagesIn(world).map(({id}) => id);
	const before = lists((await baked(world, ['--list'])).face).split('\n');
	assert.match(before[0] ?? '', new RegExp(`version 3 +${third} +baked today from ecs-al2023, 30 GiB: workers start from it`));
	assert.match(before[1] ?? '', new RegExp(`version 2 +${second} .*: undo leads back to it`));
	assert.match(before[2] ?? '', new RegExp(`version 1 +${first} .*: \`bake --prune\` deletes it`));
	const {code, face} = await baked(world, ['--prune']);
	assert.deepEqual([code, says(face.events).at(-1)], [0, '1 image deleted, 2 images kept.']);
	assert.deepEqual([imagesIn(world).map(({id}) => id), standing(world)], [[second, third], {...oneGroup, images: 2, snapshots: 2}]);
	assert.match(says((await baked(world, ['--prune'])).face.events).at(-1) ?? '', /^Nothing is to be deleted/);
});

test('images that were named are in the record, so that the next one has them too; a new one is made from the base again, not from the one before', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	await baked(world, ['--bake-images', 'node:24,postgres:17']);
	await baked(world);
	const [first, second] = imagesIn(world);
	for (const image of [first, second]) assert.deepEqual([image?.contents?.pulled.includes('postgres:17'), image?.contents?.pulled.length], [true, 4]);
	assert.deepEqual([first?.tags['gitlab-runner-aws:base'], second?.tags['gitlab-runner-aws:base']], ['ecs-al2023', 'ecs-al2023']);
	assert.equal(first?.tags['gitlab-runner-aws:base-image'], second?.tags['gitlab-runner-aws:base-image']);
});

test('an image that is old, or whose base has a newer one, is told with its age, and no change', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	await baked(world);
	const notes = async () => (await planOf(world)).get('worker-image')?.notes?.map(({says: one}) => one);
	assert.deepEqual(await notes(), []);
	for (const image of imagesIn(world)) image.createdAt -= 31 * 86_400_000;
	assert.deepEqual(await notes(), ["The workers' image, version 1, is 31 days old."]);
	assert.deepEqual(unlike(await planOf(world)), {});
});

test('undo goes back to the image before, and the one that was baked may go then', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	const before = workersFrom(world);
	await baked(world);
	assert.notEqual(workersFrom(world), before);
	const face = hearing();
	assert.equal(await act(sessionAt(world, ['status', 'undo', '--fleet', name, '--region', region], face)), 0, face.problems.join());
	assert.deepEqual([workersFrom(world), unlike(await planOf(world))], [before, {}]);
	assert.match(lists((await baked(world, ['--list'])).face), /version 1 .*: undo leads back to it/);
});

test('a build that fails is told in the console’s words, ended, and nothing of it stays; the fleet is as it was', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	world.outside.failBuilds('node:24 could not be pulled: denied');
	const {code, face} = await baked(world, ['--bake-images', 'node:24']);
	assert.equal(code, 1);
	assert.match(face.problems[0]?.message ?? '', /didn't become an image: node:24 could not be pulled: denied/);
	assert.deepEqual([standing(world), unlike(await planOf(world))], [oneGroup, {}]);
	world.outside.failBuilds(undefined);
	assert.equal((await baked(world)).code, 0);
});

test('an image of which no worker is to be had isn’t used; the same command tries that image again, and makes no second one', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	const before = workersFrom(world);
	const capacity = (has: 'some' | 'none-on-spot'): void => {
		for (const letter of 'abc') world.outside.capacity('c5.large', `${region}${letter}`, has);
	};
	capacity('none-on-spot');
	const {code, face} = await baked(world);
	assert.deepEqual([code, ended(face.events, 'step.failed'), standing(world).images], [1, ['bake-use'], 1]);
	const group = [...world.outside.region(region).scalingGroups.values()][0];
	assert.ok(before !== undefined && group !== undefined);
	capacity('some');
	const again = await baked(world);
	assert.deepEqual([again.code, standing(world)], [0, {...oneGroup, images: 1, snapshots: 1}]);
	assert.equal(workersFrom(world), imagesIn(world)[0]?.id);
});

test('what AWS won’t let the caller do is told before a builder is launched', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	world.outside.deny('ec2:CreateImage');
	const acts = world.acts.length;
	await assert.rejects(baked(world), (error: Error) => /ec2:CreateImage/.test(error.message));
	assert.deepEqual(actsSince(world, acts), []);
});

test('whoever stops it is told that the builder costs, and how to go on or end it', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	const stops = makeStops();
	const face = hearing();
	const heard: typeof face = {
		...face,
		emit: (happening) => {
			face.emit(happening);
			if (happening.event === 'step.says' && standing(world).builders === 1) stops.raise('SIGINT');
		},
	};
	assert.equal(await bake(sessionAt(world, args('--bake-images', 'node:24'), heard, {stops})), 130);
	assert.deepEqual(
		[face.problems.map(({message}) => message), standing(world).builders],
		[['Stopped. What was made stays, and a builder that runs costs.'], 1],
	);
	// Without the images that were named it would be another one.
	assert.match(
		face.problems[0]?.advice ?? '',
		/^To go on: `gitlab-runner-aws bake [^`]*--bake-images node:24\b[^`]*`\.\nTo delete what was made: `gitlab-runner-aws bake --prune /,
	);
	const listed = lists((await baked(world, ['--list'])).face);
	assert.match(
		listed,
		/^No image was baked for .*\n1 builder of a bake under way or one that ended early may cost: `gitlab-runner-aws bake --prune [^`]*` ends it\.$/,
	);
	const pruned = await baked(world, ['--prune']);
	assert.deepEqual([pruned.code, standing(world)], [0, oneGroup]);
	assert.equal(says(pruned.face.events).at(-1), '1 builder deleted.');
});

test('a laptop that dies at any act of pruning, or of a removal, leaves what the same command ends', async () => {
	const pruned = await atEachAct({
		begin: async (world) => {
			await standingIn(world, scaled);
			for (const images of ['node:24', 'node:25', 'node:26']) await baked(world, ['--bake-images', images]);
			return undefined;
		},
		run: (ports) => baked(ports, ['--prune']),
		async holds({code}, _ports, world, at) {
			assert.deepEqual([at, code, standing(world)], [at, 0, {...oneGroup, images: 2, snapshots: 2}]);
		},
	});
	const removed = await atEachAct({
		begin: async (world) => {
			await standingIn(world, scaled);
			await baked(world);
			return undefined;
		},
		run: (ports) => takeAway(ports, {withCache: true}),
		async holds({left, result}, _ports, world, at) {
			assert.deepEqual([at, result.problems, left, standing(world)], [at, [], [], noneAtAll]);
		},
	});
	assert.ok(pruned >= 2 && removed > 10, `${pruned} and ${removed} acts`);
});

test('whoever may not see snapshots takes a fleet away of which no image was baked', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	world.outside.deny('ec2:DescribeSnapshots');
	const {result} = await takeAway(world, {withCache: true});
	assert.deepEqual([result.problems, standing(world)], [[], noneAtAll]);
});

test('a fleet that has an image of its own is looked at no deeper for it', async () => {
	const world = simulatedWorld();
	await standingIn(world, scaled);
	await baked(world);
	const calls = world.calls.length;
	await planOf(world);
	assert.ok(depth(world.calls.slice(calls)) <= 4, `${depth(world.calls.slice(calls))} round trips`);
});
