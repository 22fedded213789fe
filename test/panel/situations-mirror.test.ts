import assert from 'node:assert/strict';
import {test} from 'node:test';
import {reportText} from '../../source/faces/words/status-report.ts';
import {join} from '../../source/panel/live/join.ts';
import {statusOf} from '../../source/panel/live/status.ts';
import {whyWaiting} from '../../source/panel/live/why-waiting.ts';
import {mirrorOf, mirrorWords} from '../../source/panel/mirror.ts';
import {good} from '../../source/panel/seen.ts';
import {healthy, host, now} from './seeing.ts';
import {prove} from './situation.ts';
import {standing, watchedFor} from './watched.ts';

const mirrored = {registryMirror: 'create'} as const;

/** The mirror of Docker Hub on the manager is at fault, or what it asks. */
prove({
	'the mirror of Docker Hub has crashed': {
		fleet: mirrored,
		happens({world, manager, jobs}) {
			const {mirror} = world.outside.machine(manager);
			if (mirror) mirror.service = {...mirror.service, active: 'activating', result: 'exit-code', status: 2, since: world.clock.now()};
			jobs(1, {seconds: 3000});
		},
		watched: 120,
		asks: 'No job waits (GitLab, 1 project).',
		says: [
			'The mirror of Docker Hub on the manager has crashed (exit code 2) 2 m ago, so workers pull from Docker Hub itself. r sets it right. [host: repair]',
		],
	},
	'Docker Hub leaves the mirror no pull': {
		fleet: mirrored,
		async happens({world, jobs, passes}) {
			jobs(1, {seconds: 10});
			await passes(200);
			world.outside.setDockerHub('none');
			jobs(1, {seconds: 3000});
		},
		watched: 120,
		asks: 'No job waits (GitLab, 1 project).',
		says: [
			'Docker Hub leaves the manager’s mirror no pull of 100: only images that it has are given. `setup --registry-mirror-user` pulls as a user, who has more. [host: commands]'.replace(
				'’',
				"'",
			),
		],
	},
});

test('what the mirror saved is told in words and as a document: a second job has its image from there, also once Docker Hub gives none', async () => {
	const world = await standing(mirrored);
	world.outside.queueJobs(1, {seconds: 10});
	await world.clock.sleep(200_000);
	world.outside.setDockerHub('none');
	world.outside.queueJobs(1, {seconds: 10});
	await world.clock.sleep(200_000);
	assert.deepEqual(
		world.jobs.map(({state}) => state),
		['success', 'success'],
	);
	const snapshot = await watchedFor(world, 60);
	const at = world.clock.now();
	const {mirror} = statusOf(snapshot, at);
	assert.deepEqual([mirror?.service, mirror?.parts, mirror?.hits, mirror?.savedBytes, mirror?.pullsLeft], ['active', 8, 4, 120_000_000, 0]);
	assert.match(
		reportText(snapshot, join(snapshot, at), at),
		/mirror: 4 of 8 parts of images were there already, 120 MB less from Docker Hub; 120 MB of \d+\.\d GB taken; 0 pulls left at Docker Hub of 100/,
	);
});

test('room that is full is a cause with its mend, and what a mirror doesn’t tell isn’t made up', () => {
	const told = {service: {active: 'active', sub: 'running'}, disk: {free: 10e6, total: 20e9}};
	const snapshot = healthy({host: good(host([], {mirror: mirrorOf(told)}), now)});
	assert.deepEqual(
		[whyWaiting(snapshot, now, join(snapshot, now))].flatMap(({causes, troubles}) => [...causes, ...troubles]).map(({id, key}) => [id, key]),
		[['mirror-full', 'ssh']],
	);
	assert.equal(mirrorWords({...(mirrorOf({service: told.service}) ?? assert.fail())}), '');
	const silent = mirrorOf({service: told.service, kept: {pulls: {refused: 401}}});
	assert.equal(silent && mirrorWords(silent), "how many pulls are left isn't known: it answers 401");
	assert.equal(mirrorOf(undefined), undefined);
});
