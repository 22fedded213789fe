import assert from 'node:assert/strict';
import {test} from 'node:test';
import {destroy} from '../../../source/commands/destroy.ts';
import type {Command} from '../../../source/commands/session.ts';
import {setup} from '../../../source/commands/setup.ts';
import type {Happening} from '../../../source/engine/events.ts';
import {type Ports, simulatedWorld} from '../../../source/simulated/world.ts';
import {hearing, sessionAt} from '../../panel/at-laptop.ts';

const authority = '-----BEGIN CERTIFICATE-----\nprivate\n-----END CERTIFICATE-----\n';
const fleet = ['--fleet', 'gitlab-runners', '--region', 'us-east-2'];

/** Runs a command at a laptop, which has to end well. */
async function well(command: Command, ports: Ports, args: readonly string[]): Promise<readonly Happening[]> {
	const face = hearing();
	const code = await command(sessionAt(ports, [...args, ...fleet, '--yes'], face, {gitlabToken: 'glpat-simulated'}));
	assert.equal(code, 0, face.problems.map(({message}) => message).join('\n'));
	return face.events;
}

test('a runner that we created in a GitLab with an authority of its own goes with the fleet from a laptop that has the authority’s file, wherever it lies there', async () => {
	const world = simulatedWorld();
	world.outside.gitlab.ca = authority;
	world.disk.files.set('/home/alice/ca.pem', {text: authority, mode: 0o644});
	const before = [...world.outside.gitlab.runners.keys()];
	await well(setup, world, ['setup', '--gitlab-ca', '/home/alice/ca.pem', '--runner', 'create', '--project', 'acme/app']);
	assert.equal(world.outside.gitlab.runners.size, before.length + 1);
	const other = world.another({address: world.laptop.address});
	other.disk.files.set('/home/bob/acme.pem', {text: authority, mode: 0o644});
	await well(destroy, other, ['destroy', '--gitlab-ca', '/home/bob/acme.pem']);
	assert.deepEqual([...world.outside.gitlab.runners.keys()], before);
});

test('without that file the fleet goes all the same, and it is said where its runner stays and which flag is missing', async () => {
	const world = simulatedWorld();
	world.outside.gitlab.ca = authority;
	world.disk.files.set('/home/alice/ca.pem', {text: authority, mode: 0o644});
	await well(setup, world, ['setup', '--gitlab-ca', '/home/alice/ca.pem', '--runner', 'create', '--project', 'acme/app']);
	const said = JSON.stringify(await well(destroy, world.another({address: world.laptop.address}), ['destroy']));
	assert.match(said, /it stays in GitLab, delete it at https:\/\/gitlab\.com\/acme\/app\/-\/runners\/42\. .*--gitlab-ca/);
});
