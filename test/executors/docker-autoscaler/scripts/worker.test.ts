import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';
import {awsConfigPath, workerKeyPath} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {testWorkerScript, workerStages} from '../../../../source/executors/docker-autoscaler/scripts/test-worker.ts';
import {workerKeyScript} from '../../../../source/executors/docker-autoscaler/scripts/worker-key.ts';
import {credentialsFile} from '../../../../source/steps/programs.ts';
import type {ScriptProgress} from '../../../../source/world/host/port.ts';
import {writeCredentialsScript} from '../../../../source/world/host/scripts/write-credentials.ts';
import {type FreshManager, freshManager} from '../../../world/scripts/fresh-manager.ts';
import {onManager} from '../../../world/scripts/on-manager.ts';

let manager: FreshManager;
before(async () => {
	manager = await freshManager();
});
after(() => manager?.stop());

const stages = (said: ScriptProgress[]): string[] => said.flatMap((one) => ('stage' in one ? [one.stage] : []));

test('the key by which the runner gets on to workers is made once, for root alone, and its public half is told', async () => {
	assert.equal((await manager.facts()).workerKey, undefined);
	const first = (await onManager(manager.world, workerKeyScript, {comment: 'gitlab-runners-workers'})).result;
	assert.ok(first.is === 'ready' && /^ssh-ed25519 \S+$/.test(first.publicKey), JSON.stringify(first));
	assert.deepEqual((await onManager(manager.world, workerKeyScript, {comment: 'another'})).result, first);
	assert.equal((await manager.facts()).workerKey, first.publicKey);
	assert.equal(await manager.exec(`stat -c '%a %U' ${workerKeyPath}`), '600 root');
	assert.equal(await manager.exec(`ls ${workerKeyPath.replace(/worker-key$/, '')}`), 'worker-key');
});

test('a refused call of the worker that is tried is told by AWS’s own code, and its removal is tried all the same', async () => {
	const given = {
		group: 'no-such-group',
		region: 'us-east-2',
		user: 'ec2-user',
		keyPath: workerKeyPath,
		readySeconds: 5,
		limitSeconds: 20,
		image: 'alpine:latest',
	};
	await onManager(manager.world, writeCredentialsScript, {section: credentialsFile({id: 'AKIAEXAMPLE', secret: 'hush'})});
	await manager.exec(`printf '[default]\\nregion = us-east-2\\nendpoint_url = ${manager.world.env.AWS_ENDPOINT_URL}\\n' >${awsConfigPath}`);
	const {result, said} = await onManager(manager.world, testWorkerScript, given);
	assert.ok(result.is === 'failed' && result.code === 'ValidationError' && /not found/.test(result.detail), JSON.stringify(result));
	assert.deepEqual(stages(said), [workerStages[0], workerStages.at(-1)]);
});
