import assert from 'node:assert/strict';
import {test} from 'node:test';
import {machineConfig} from '../../../source/executors/docker-machine/config.ts';
import {isProblem} from '../../../source/problem.ts';
import {takenBack, withNumbers} from '../../../source/steps/config/change.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {someConfig, someFleet} from '../../executors/docker-machine/some-answers.ts';

const whose = {fleet: someFleet, runnerName: 'gitlab-runners', config: machineConfig()};
const earlier = mergeConfig(undefined, {...someConfig(), token: {token: 'glrt-t3_first'}}).text.replace('limit = 10', 'limit = 10 # as agreed');
const changed = mergeConfig(earlier, someConfig({limit: 20, workerType: 'm5.large'})).text;

test('other numbers are written in place, and nothing else', () => {
	const {commentsGo, text} = withNumbers(earlier, whose, {limit: 4, concurrent: 5, idleCount: 1});
	assert.equal(commentsGo, false);
	const lines = earlier.split('\n');
	assert.deepEqual(
		text.split('\n').filter((line, index) => line !== lines[index]),
		['concurrent = 5', 'limit = 4 # as agreed', 'IdleCount = 1'],
	);
});

test('a change that nobody touched since is taken back to the very bytes', () => {
	const {answers, changes, text} = takenBack(changed, earlier, whose);
	assert.equal(text, earlier);
	assert.deepEqual(
		changes.map(({from, to, what}) => `${what} ${from} → ${to}`),
		['limit 20 → 10', 'workerType m5.large → c5.large'],
	);
	assert.deepEqual([answers.limit, answers.workerType, answers.cache, answers.machineOptions], [10, 'c5.large', undefined, undefined]);
});

test('what others wrote since a change stays when it is taken back: another runner, a comment, a rotated token', () => {
	const other = '\n# registered on Monday\n[[runners]]\nname = "other"\ntoken = "glrt-other"\nexecutor = "shell"\n';
	const standing = `${changed.replace('glrt-t3_first', 'glrt-t3_rotated').replace('[runners.docker]', '# do not touch\n[runners.docker]\nshm_size = 64')}${other}`;
	const {changes, text} = takenBack(standing, earlier, whose);
	assert.equal(text, standing.replace('limit = 20', 'limit = 10').replace('=m5.large', '=c5.large'));
	assert.equal(changes.length, 2);
});

test('no secret stands in the proposal to take a change back', () => {
	const before = earlier.replace('MachineOptions = [ ', 'MachineOptions = [ "amazonec2-secret-key=wJalrXUtnFEMI", "amazonec2-access-key=AKIAIOSFODNN7", ');
	const after = before.replace('wJalrXUtnFEMI', 'SOMETHINGELSE');
	const {answers, changes} = takenBack(after, before, whose);
	assert.deepEqual(changes, [{what: 'amazonec2-secret-key', from: '…', to: '…', how: 'live'}]);
	assert.doesNotMatch(JSON.stringify({answers, changes}), /wJalr|AKIA|SOMETHING/);
});

test('an earlier file without our runner is told', () => {
	assert.throws(
		() => takenBack(changed, 'concurrent = 1\n', whose),
		(error) => isProblem(error, 'runner-missing'),
	);
});
