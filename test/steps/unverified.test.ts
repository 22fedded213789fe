import assert from 'node:assert/strict';
import {test} from 'node:test';
import {testWorkerScript} from '../../source/executors/docker-autoscaler/scripts/test-worker.ts';
import {workerKeyScript} from '../../source/executors/docker-autoscaler/scripts/worker-key.ts';
import {removeWorkerScript} from '../../source/executors/docker-machine/scripts/remove-worker.ts';
import {openTestMachineScript, testMachineScript} from '../../source/executors/docker-machine/scripts/test-machine.ts';
import {factsScript, installScript, panelScript, serviceScript, softwareFactsScript} from '../../source/executors/scripts.ts';
import type {Unverified} from '../../source/world/host/port.ts';
import {authorizeKeyScript} from '../../source/world/host/scripts/authorize-key.ts';
import {unregisterScript} from '../../source/world/host/scripts/unregister.ts';
import {writeConfigScript} from '../../source/world/host/scripts/write-config.ts';
import {writeCredentialsScript} from '../../source/world/host/scripts/write-credentials.ts';

const scripts = [
	...[authorizeKeyScript, softwareFactsScript, installScript, factsScript, panelScript, removeWorkerScript, serviceScript],
	...[openTestMachineScript, testMachineScript, testWorkerScript, unregisterScript, workerKeyScript, writeConfigScript, writeCredentialsScript],
];

test('what installs and what tries a worker carry no secret, and may run before the host key is verified', () => {
	const open = scripts.filter((script) => 'secrets' in script && script.secrets === 'none').map(({name}) => name);
	assert.deepEqual(open, ['authorize-key', 'software-facts', 'install', 'test-machine', 'test-worker', 'worker-key']);
});

test('what may carry a secret doesn’t compile over a connection whose host key isn’t verified', async () => {
	const ran: string[] = [];
	const unverified: Unverified = {
		script: async (script) => {
			ran.push(script.name);
			return JSON.parse('{}');
		},
		close: async () => undefined,
	};
	await unverified.script(softwareFactsScript, {without: 'secrets'});
	// @ts-expect-error A config.toml holds the runner's token.
	await unverified.script(writeConfigScript, {text: ''});
	// @ts-expect-error It reads config.toml back.
	await unverified.script(factsScript, {verify: true});
	// @ts-expect-error A file may hold anything.
	assert.equal(unverified.read, undefined);
	assert.deepEqual(ran, ['software-facts', 'write-config', 'facts'], 'only the compiler stands between');
});
