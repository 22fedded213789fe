import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {after, before, test} from 'node:test';
import {promisify} from 'node:util';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../../../../source/executors/docker-autoscaler/manager-paths.ts';
import {awsText} from '../../../../source/executors/docker-autoscaler/scripts/aws-request.ts';
import {testWorkerScript, workerStages} from '../../../../source/executors/docker-autoscaler/scripts/test-worker.ts';
import {workerKeyScript} from '../../../../source/executors/docker-autoscaler/scripts/worker-key.ts';
import {installScript} from '../../../../source/executors/scripts.ts';
import {credentialsFile} from '../../../../source/steps/programs.ts';
import type {ScriptProgress} from '../../../../source/world/host/port.ts';
import {prelude} from '../../../../source/world/host/script.ts';
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

test('fleeting install fetches what each runner names and isn’t there, and says where it is or why not', async () => {
	await onManager(manager.world, installScript, manager.install());
	const fleeting = (plugin: string, verb: string) =>
		manager.exec(
			`printf '[[runners]]\\nname = "one"\\nexecutor = "docker-autoscaler"\\n${plugin === '' ? '' : `[runners.autoscaler]\\nplugin = "${plugin}"\\n`}' >/tmp/f.toml; gitlab-runner fleeting -c /tmp/f.toml ${verb} 2>&1; echo $?`,
		);
	const path = `${pluginsFolder}/1.1.0/plugin`;
	assert.equal(await fleeting('aws:1.1.0', 'list'), 'runner: one, plugin: aws:1.1.0, path:\n0'.replace('path:', 'path: '));
	assert.equal(await fleeting('aws:1.1.0', 'install'), `runner: one, plugin: aws:1.1.0, path: ${path}\n0`);
	manager.world.downloads.down(true);
	assert.equal(await fleeting('aws:1.1.0', 'install'), `runner: one, plugin: aws:1.1.0, path: ${path}\n0`);
	assert.match(await fleeting('aws:1.2.0', 'install'), /^runner: one, plugin: aws:1\.2\.0, install\/update error:: .*\n1$/);
	manager.world.downloads.down(false);
	assert.match(await fleeting('', 'install'), /WARNING: .*No plugins to install, review your runner configuration\..*\n0$/);
	assert.equal(await manager.exec('gitlab-runner fleeting -c /none install >/dev/null 2>&1; echo $?'), '1');
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

/** Signs a call by the manager's script and by AWS's own library for Python, which moto brings along. */
const signing = `${prelude}${awsText}
import botocore.auth, botocore.awsrequest, botocore.credentials
aws_kept['credentials'] = given['credentials']
url, body = given['url'], given['body'].encode()
own = aws_signed(given['service'], given['region'], url, body)
asked = botocore.awsrequest.AWSRequest('POST', url, data=body, headers={name: own[name] for name in own if name not in ('authorization', 'host')})
asked.context['timestamp'] = own['x-amz-date']
theirs = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*given['credentials']), given['service'], given['region'])
signature = theirs.signature(theirs.string_to_sign(asked, theirs.canonical_request(asked)), asked)
print(json.dumps({'own': own['authorization'].rpartition('Signature=')[2], 'theirs': signature}))
`;

test('a call from the manager is signed as AWS’s own library signs it, by a role’s credentials and by a person’s', async () => {
	const python = execFileSync('sh', ['test/peers/moto/python.sh', '--only-look'], {encoding: 'utf8'}).trim();
	for (const credentials of [
		['AKIAEXAMPLE', 'hush/+x', null],
		['ASIAEXAMPLE', 'hush', 'a+token/of==a/role'],
	]) {
		for (const url of ['https://autoscaling.us-east-2.amazonaws.com/', 'http://127.0.0.1:5000/']) {
			const body = 'AutoScalingGroupName=gitlab-runners-workers&DesiredCapacity=1&Action=SetDesiredCapacity&Version=2011-01-01';
			const running = promisify(execFile)(python, ['-c', signing]);
			running.child.stdin?.end(JSON.stringify({credentials, service: 'autoscaling', region: 'us-east-2', url, body}));
			const {own, theirs}: {own: string; theirs: string} = JSON.parse((await running).stdout);
			assert.match(own, /^[0-9a-f]{64}$/);
			assert.equal(own, theirs, `${credentials[0]} ${url}`);
		}
	}
});
