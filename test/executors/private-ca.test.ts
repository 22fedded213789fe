import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../source/commands/destroy.ts';
import type {Command} from '../../source/commands/session.ts';
import {setup} from '../../source/commands/setup.ts';
import {type Ports, simulatedWorld} from '../../source/simulated.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';

const authority = '-----BEGIN CERTIFICATE-----\nprivate\n-----END CERTIFICATE-----\n';
const fleet = ['--fleet', 'gitlab-runners', '--region', 'us-east-2'];

/** Runs a command at a laptop, which has to end well. */
async function well(command: Command, ports: Ports, args: readonly string[]): Promise<void> {
	const face = hearing();
	const code = await command(sessionAt(ports, [...args, ...fleet, '--yes'], face, {gitlabToken: 'glpat-simulated'}));
	assert.equal(code, 0, face.problems.map(({message}) => message).join('\n'));
}

test('a runner that we created in a GitLab with an authority of its own goes with the fleet, from a laptop without that authority’s file', async () => {
	const world = simulatedWorld();
	world.outside.gitlab.ca = authority;
	world.disk.files.set('/home/alice/ca.pem', {text: authority, mode: 0o644});
	const before = [...world.outside.gitlab.runners.keys()];
	await well(setup, world, ['setup', '--gitlab-ca', '/home/alice/ca.pem', '--runner', 'create', '--project', 'acme/app']);
	assert.equal(world.outside.gitlab.runners.size, before.length + 1);
	await well(destroy, world.another({address: world.laptop.address}), ['destroy']);
	assert.deepEqual([...world.outside.gitlab.runners.keys()], before);
});
