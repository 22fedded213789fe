import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import {refusedDate} from '../../source/simulated/cloud/dates.ts';
import {cloudProblem} from '../../source/world/cloud/errors.ts';
import type {Cloud} from '../../source/world/cloud/port.ts';
import {type CloudWorld, sides} from './cloud-sides.ts';

const minutes = (count: number) => count * 60_000;

/** One call to each service that refuses dates in its own way. */
const asking: Record<string, (cloud: Cloud) => Promise<unknown>> = {
	EC2: (cloud) => cloud.call('DescribeVpcs', {}),
	'Auto Scaling': (cloud) => cloud.call('DescribeAutoScalingGroups', {}),
	STS: (cloud) => cloud.call('GetCallerIdentity', {}),
	IAM: (cloud) => cloud.call('ListAccountAliases', {}),
	'Systems Manager': (cloud) => cloud.call('GetParametersByPath', {Path: '/gitlab-runner-aws'}),
	S3: (cloud) => cloud.call('HeadBucket', {Bucket: 'nobody-has-this-bucket'}),
};

for (const {name, open} of sides) {
	suite(`${name}: a clock that is wrong`, () => {
		for (const behind of [minutes(20), minutes(-20), minutes(60 * 24 * 400)]) {
			suite(`by ${behind / 60_000} minutes`, () => {
				let world: CloudWorld;
				before(async () => {
					world = await open();
					world.behind(behind);
				});
				after(() => world.stop());

				for (const [service, ask] of Object.entries(asking))
					test(`is made up for after ${service}'s first answer`, async () => {
						const cloud = world.cloudAt('us-east-2');
						// A bucket that isn't there is S3's answer to a call that was accepted.
						await ask(cloud).catch((error: unknown) => assert.ok(service === 'S3' && isProblem(error, 'NotFound', 'NoSuchBucket'), String(error)));
						assert.ok(Math.abs(cloud.ahead() - behind) < minutes(1), `${cloud.ahead()}`);
					});
			});
		}

		test('by two minutes is no trouble', async () => {
			const world = await open();
			world.behind(minutes(2));
			const cloud = world.cloudAt('us-east-2');
			await asking.STS?.(cloud);
			assert.ok(Math.abs(cloud.ahead() - minutes(2)) < minutes(1));
			await world.stop();
		});
	});
}

test("every service's own words for a wrong date are told as a wrong clock, never as a wrong key or an expired session", () => {
	const now = Date.parse('2026-11-24T09:00:00Z');
	const services = [
		['ec2', 'DescribeVpcs'],
		['auto-scaling', 'DescribeAutoScalingGroups'],
		['s3', 'HeadBucket'],
		['sts', 'GetCallerIdentity'],
		['iam', 'GetRole'],
		['ssm', 'GetParameter'],
		['service-quotas', 'GetServiceQuota'],
		['pricing', 'GetProducts'],
		['ec2-instance-connect', 'SendSSHPublicKey'],
	] as const;
	for (const [service, operation] of services)
		for (const late of [minutes(20), minutes(-20)]) {
			const raw = refusedDate(service, now - late, now);
			assert.ok(raw);
			const told = cloudProblem(raw, {operation, region: 'us-east-2', late});
			assert.deepEqual([told.code, told.again], ['clock-skewed', true], `${service} ${raw.name}`);
			assert.match(told.message, late > 0 ? /^This machine's clock is 20 minutes behind AWS's/ : /^This machine's clock is 20 minutes ahead of AWS's/);
		}
	assert.equal(refusedDate('ec2', now - minutes(14), now), undefined);
	assert.equal(refusedDate('sts', now + minutes(4), now), undefined);
	assert.ok(refusedDate('sts', now + minutes(6), now));
});

test('a session that EC2 calls expired is one where the clock is right', () => {
	const asked = {operation: 'DescribeVpcs', region: 'us-east-2', late: 800} as const;
	assert.equal(cloudProblem({name: 'RequestExpired', message: 'Request has expired.', status: 400}, asked).code, 'session-expired');
});
