import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {pluginsFolder, workerKeyPath} from '../../../source/executors/docker-autoscaler/manager-paths.ts';
import {testWorkerScript} from '../../../source/executors/docker-autoscaler/scripts/test-worker.ts';
import {panelScript, softwareFactsScript} from '../../../source/executors/scripts.ts';
import {region} from '../../simulated/fleet-by-hand.ts';
import {type AutoscalerWish, group, plugin, policy} from './group-by-hand.ts';
import {type RunnerWorld, type SidesJob, sides} from './runner-sides.ts';

for (const side of sides) {
	suite(`${side.name}: docker-autoscaler`, () => {
		let world: RunnerWorld;
		before(async () => {
			world = await side.open();
		});
		after(() => world?.stop());

		const groupNow = async () => (await world.cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [group]})).AutoScalingGroups?.[0];
		const living = async () => (await groupNow())?.Instances?.filter(({LifecycleState = ''}) => !LifecycleState.startsWith('Terminat')) ?? [];
		const ended = (job: SidesJob) =>
			world.until('the job to end', async () => (job.state() === 'success' || job.state() === 'failed' ? job.state() : undefined));
		/** The lines of such a message that came after so many. */
		const said = async (message: RegExp, from = 0) => (await world.log()).slice(from).filter(({msg}) => message.test(String(msg)));
		const told = (message: RegExp, from = 0) => world.until(`a line ${message}`, async () => (await said(message, from))[0]);
		const metric = async (name: string, more = '') => {
			const line = (await world.metrics()).split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(more));
			return line === undefined ? undefined : Number(line.split(' ').at(-1));
		};
		const emptied = () => world.until('the group to be empty', async () => ((await groupNow())?.Instances?.length === 0 ? true : undefined));
		/** The runner starts anew with another config.toml: what stands in its group goes, and it's there with none. */
		const restart = async (wish: AutoscalerWish = {}) => {
			await world.service('stop');
			await world.configure(wish);
			await world.service('start');
			await emptied();
		};
		/** The lines that there were until now. */
		const now = async () => (await world.log()).length;
		const given = {group, region, user: 'ec2-user', keyPath: workerKeyPath, readySeconds: 60, limitSeconds: 600, image: 'alpine'};

		test('a worker is tried over SSH, and none is left', async () => {
			const proof = await world.script(testWorkerScript, given);
			assert.ok(proof.is === 'proven' && proof.docker === '25.0.16', JSON.stringify(proof));
			const denied = await world.script(testWorkerScript, {...given, user: 'ubuntu', limitSeconds: 5});
			assert.ok(denied.is === 'failed' && denied.instanceId, JSON.stringify(denied));
			assert.deepEqual([(await groupNow())?.DesiredCapacity, (await living()).length], [0, 0]);
		});

		test('the plugin is fetched once, and why it can’t be is told', async () => {
			world.sites('down');
			const failed = await world.install('1.2.0');
			assert.ok(failed.is === 'failed' && failed.code === 'command-failed', JSON.stringify(failed));
			assert.match(failed.detail, /^gitlab-runner fleeting install of aws:1\.2\.0 ended with 1: .*install\/update error:: /);
			assert.deepEqual(await world.install(plugin), {is: 'done'}, 'what is there is not asked for');
			world.sites('up');
			assert.deepEqual(await world.install('1.0.1'), {is: 'done'});
			assert.deepEqual((await world.script(softwareFactsScript, {without: 'secrets'})).fleetingPlugins, ['1.0.1', plugin]);
		});

		test('before a first request for a job nothing of the plugin is there', async () => {
			await world.configure({token: 'glrt-nobodys'});
			await emptied();
			await world.hide(`${pluginsFolder}/${plugin}/plugin`);
			await world.service('start');
			await told(/^Failed to process runner$/);
			assert.equal(await metric('fleeting_taskscaler_desired_instances'), undefined);
			assert.equal((await world.script(panelScript, {verify: false, host: true})).host?.pluginRuns, false);
			const [line] = await said(/^Failed to process runner$/);
			assert.match(String(line?.error), /^failed to update executor: initializing taskscaler: loading fleeting plugin: /);
			assert.deepEqual([line?.level, line?.executor], ['warning', 'docker-autoscaler']);
			assert.ok(((await metric('gitlab_runner_worker_processing_failures_total', 'failure_type="other"')) ?? 0) > 0);
			await world.unhide(`${pluginsFolder}/${plugin}/plugin`);
			await world.configure();
			await told(/^plugin initialized$/);
			const places = await world.until('the scaler to be counted', async () => {
				const idle = await metric('fleeting_taskscaler_tasks', 'state="idle"');
				return idle === undefined ? undefined : {idle};
			});
			assert.deepEqual(places, {idle: 0});
			assert.equal((await world.script(panelScript, {verify: false, host: true})).host?.pluginRuns, true);
		});

		test('a job gets an instance, and the lines say which; used up it goes', async () => {
			const from = await now();
			const job = world.queue();
			const dialled = await told(/^Dialing instance$/, from);
			const [instance] = await living();
			assert.equal(dialled['instance-id'], instance?.InstanceId);
			assert.deepEqual([dialled['use-external-address'], dialled['protocol-port'], dialled.level, typeof dialled.job], [false, 22, 'info', 'number']);
			assert.match(String(dialled['internal-address']), /^(172|127)\./);
			assert.equal((await groupNow())?.DesiredCapacity, 1);
			assert.equal(await metric('fleeting_taskscaler_tasks', 'state="acquired"'), 1);
			assert.equal(await metric('fleeting_provisioner_instances', 'state="running"'), 1);
			job.finish();
			assert.equal(await ended(job), 'success');
			await emptied();
			await told(/^instance pruned$/, from);
			assert.equal((await groupNow())?.DesiredCapacity, 0);
			const lines = (await world.log()).slice(from);
			const discovery = lines.find(({msg}) => msg === 'instance discovery');
			const order = [
				'Preparing instance...',
				'increasing instances',
				'increasing instances response',
				'instance discovery',
				// One that runs when it is first seen isn't told of again.
				...(discovery?.state === 'running' ? [] : ['instance update']),
				'Dialing instance',
				'Job succeeded',
				'instance marked for removal',
				'decreasing instances',
				'instance pruned',
			];
			const places = order.map((message) => lines.findIndex(({msg}) => msg === message));
			assert.ok(
				places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)),
				JSON.stringify(places),
			);
			assert.deepEqual([discovery?.cause, discovery?.group, discovery?.id], ['requested', `aws/${region}/${group}`, instance?.InstanceId]);
			assert.ok(!lines.some(({level}) => level === 'error'), JSON.stringify(lines.filter(({level}) => level === 'error')));
		});

		test('another limit is in force while jobs run, as far as the number of instances goes that the runner has had since its start', async () => {
			await restart({limit: 1, maxInstances: 2});
			const from = await now();
			const jobs = [world.queue(), world.queue(), world.queue()];
			const dialled = (count: number) =>
				world.until(`${count} to be dialled`, async () => ((await said(/^Dialing instance$/, from)).length === count ? true : undefined));
			await dialled(1);
			assert.equal((await living()).length, 1);
			await world.configure({limit: 3, maxInstances: 3});
			await dialled(2);
			await world.until('a job not to be asked for', () => metric('fleeting_taskscaler_task_operations_total', 'operation="reserve_iop_capacity_failure"'));
			assert.deepEqual([jobs.filter((job) => job.state() === 'running').length, (await living()).length], [2, 2]);
			assert.equal(await metric('fleeting_provisioner_max_instances'), 2);
			for (const job of jobs) job.finish();
			for (const job of jobs) assert.equal(await ended(job), 'success');
			assert.deepEqual(await said(/failure/, from), []);
		});

		test('a job whose instance is ended outside fails, and the log says so', async () => {
			await restart({maxUse: 0});
			const from = await now();
			const job = world.queue();
			const {'instance-id': id} = await told(/^Dialing instance$/, from);
			await told(/^Instance i-.* connected$/, from);
			await world.cloud.call('TerminateInstances', {InstanceIds: [String(id)]});
			assert.equal(await ended(job), 'failed');
			const removed = await told(/^instance unexpectedly removed$/, from);
			assert.deepEqual([removed.instance, removed.level, removed.used, removed['max-use-count'], removed.subsystem], [id, 'error', 1, 0, 'taskscaler']);
			assert.match(String((await told(/^Job failed \(system failure\): error during connect: /, from)).error), /internal\.tunnel\.invalid.*ssh tunnel: EOF/);
		});

		test('an instance that the manager doesn’t get on to is ended, and no job has it', async () => {
			await restart({connectTimeout: '30s'});
			await world.door('shut');
			const from = await now();
			const job = world.queue(1);
			const failed = await told(/^ready up preparation failed$/, from);
			assert.match(String(failed.err), /^dial ssh: after retrying \d+ times during 30s timeout: /);
			assert.equal(job.state(), 'running');
			assert.deepEqual(await said(/^Dialing instance$/, from), []);
			await world.door('open');
			assert.equal(await ended(job), 'success');
			await emptied();
		});

		test('what AWS can’t launch leaves no line, and the job fails after three preparations', async () => {
			await restart({acquireTimeout: '2s'});
			await world.groupLaunches('Could not launch On-Demand Instances. VcpuLimitExceeded - Launching EC2 instance failed.');
			const from = await now();
			const job = world.queue(1);
			assert.equal(await ended(job), 'failed');
			const preparations = await said(/^Preparation failed: unable to acquire instance within the configured timeout of 2s: context deadline exceeded$/, from);
			assert.deepEqual(
				preparations.map(({level}) => level),
				['warning', 'warning', 'warning'],
			);
			assert.deepEqual(
				(await world.log()).slice(from).filter((line) => line.level === 'error' || /VcpuLimitExceeded/.test(JSON.stringify(line))),
				[],
			);
			assert.equal(await metric('fleeting_provisioner_instances', 'state="requested"'), 1);
			await world.groupLaunches(undefined);
		});

		test('the manager’s role is asked at each call', async () => {
			await restart();
			await world.allow(policy().replaceAll(group, 'another-group'));
			const from = await now();
			const job = world.queue(1);
			const refused = await told(/^increasing instances failure$/, from);
			assert.match(
				String(refused.err),
				/^rpc error: code = Unknown desc = increase instances: operation error Auto Scaling: SetDesiredCapacity, .*api error AccessDenied: .*not authorized to perform: autoscaling:SetDesiredCapacity/,
			);
			assert.deepEqual([refused.num_requested, refused.num_successful, refused.level], [1, 0, 'error']);
			await world.allow(policy());
			assert.equal(await ended(job), 'success');
			await emptied();
		});

		test('a policy’s period is of its time zone', async () => {
			await restart();
			/** This hour and the next one, by the clock of a zone that is so many minutes before UTC. */
			const hours = (minutes: number): string => {
				const hour = new Date(world.now() + minutes * 60_000).getUTCHours();
				return `* ${hour},${(hour + 1) % 24} * * *`;
			};
			const inKathmandu = (period: string, idle: number): string =>
				`[[runners.autoscaler.policy]]\nperiods = ["${period}"]\ntimezone = "Asia/Kathmandu"\nidle_count = ${idle}\nidle_time = "5m0s"\n`;
			// By UTC's clock the second one would hold, being the last.
			await world.configure({tables: inKathmandu(hours(345), 1) + inKathmandu(hours(0), 2)});
			await world.until('an idle instance', async () => ((await metric('fleeting_taskscaler_tasks', 'state="idle"')) ? true : undefined));
			assert.deepEqual([(await groupNow())?.DesiredCapacity, (await living()).length], [1, 1]);
			await restart();
		});

		test('a runner that starts ends what stands in its group', async () => {
			await world.service('stop');
			await world.cloud.call('SetDesiredCapacity', {AutoScalingGroupName: group, DesiredCapacity: 1});
			await world.until('an instance', async () => ((await living())[0]?.LifecycleState === 'InService' ? true : undefined));
			const from = await now();
			await world.service('start');
			assert.equal((await told(/^ready up preparation failed$/, from)).err, 'no data on pre-existing instance so removing for safety');
			await emptied();
			await world.service('stop');
			assert.ok((await said(/^Shutting down executor providers$/, from)).length > 0);
		});
	});
}
