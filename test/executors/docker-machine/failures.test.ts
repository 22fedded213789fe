import assert from 'node:assert/strict';
import {test} from 'node:test';
import {machineProblem} from '../../../source/executors/docker-machine/failures.ts';

const failed = (stage: string, detail: string, removed = true) => machineProblem({is: 'failed', stage, detail, removed});
const launching = 'Error creating machine: Error in driver during machine creation: Error launching instance: ';

test("docker-machine's and AWS's words become a code and an advice", () => {
	const table: [string, string, RegExp][] = [
		[`${launching}MaxSpotInstanceCountExceeded: Max spot instance count exceeded`, 'MaxSpotInstanceCountExceeded', /L-34B43A08/],
		[
			`${launching}VcpuLimitExceeded: You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket`,
			'VcpuLimitExceeded',
			/L-1216C47A/,
		],
		[
			`${launching}SpotMaxPriceTooLow: Your Spot request price of 0.01 is lower than the minimum required Spot request fulfillment price of 0.034.`,
			'SpotMaxPriceTooLow',
			/--spot-price/,
		],
		[`${launching}InsufficientInstanceCapacity: We currently do not have sufficient c5.large capacity`, 'InsufficientInstanceCapacity', /--worker-type/],
		['Error creating machine: Error detecting OS: Too many retries waiting for SSH to be available.', 'worker-ssh', /--worker-ssh-user/],
		['Error creating machine: Error running provisioning: error installing docker: ', 'worker-docker', /NAT/],
		[
			'Error setting machine configuration from flags provided: MissingRegion: could not find region configuration',
			'region-not-supported',
			/set it up in another region/,
		],
		["Error running provisioning: error installing docker: ERROR: Unsupported distribution 'amzn'", 'image-not-supported', /--worker-image/],
		['Error checking the host: Error checking and/or regenerating the certs: remote error: tls: bad certificate', 'worker-docker-unreachable', /2376/],
	];
	for (const [detail, code, advice] of table) {
		const problem = failed('launch', detail);
		assert.equal(problem.code, code);
		assert.match(problem.advice ?? '', advice);
	}
	assert.match(failed('launch', table[1]?.[0] ?? '').message, /, 5, is used up/);
	assert.match(failed('launch', table[2]?.[0] ?? '').message, /capped at 0\.01 USD an hour, and AWS wants at least 0\.034 now/);
});

test('words that nobody knows are shown as they are, and whether the machine is gone', () => {
	assert.match(failed('running', 'first line\nsomething odd\n').message, /\(running\): something odd It was taken away again\./);
	assert.match(failed('running', 'something odd', false).message, /may still run/);
	assert.equal(failed('removal', 'rm: no').code, 'worker-not-removed');
});
