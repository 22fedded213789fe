import type {Happening} from '../../source/engine/events.ts';

/** The steps of the recorded run. */
export const steps = [
	{name: 'bucket', title: 'Cache bucket', needs: ['record'], usual: 2},
	{name: 'key-pair', title: 'Key pair', needs: ['record'], usual: 1},
	{name: 'manager', title: 'Manager', needs: ['key-pair'], usual: 40},
	{name: 'software', title: 'Software', needs: ['manager'], usual: 30},
	{name: 'test-machine', title: 'Test machine', needs: ['software'], usual: 100},
	{name: 'runner', title: 'Runner', needs: ['software'], usual: 5},
	{name: 'service', title: 'Service', needs: ['test-machine', 'runner'], usual: 10},
];

/** A problem as the cloud tells one. */
export const refused = {
	code: 'UnauthorizedOperation',
	message: 'alice may not create the manager: AWS refused ec2:RunInstances.',
	advice: 'Run `gitlab-runner-aws plan --fleet gitlab-runners` for the policy to ask for.',
	fault: 'told',
} as const;

/** What a setup tells up to the middle of its run: `[milliseconds since its start, event]`. */
export const untilTestMachine: readonly [number, Happening][] = [
	[
		0,
		{event: 'fleet.known', fleet: 'gitlab-runners', region: 'us-east-2', account: '123456789012', arn: 'arn:aws:iam::123456789012:user/alice', stands: false},
	],
	[0, {event: 'plan.started', steps: steps.map(({name, title}) => ({name, title}))}],
	[10, {event: 'step.looking', step: 'bucket'}],
	[200, {event: 'step.found', step: 'bucket', is: 'missing', says: 'gitlab-runners-cache-123456789012-us-east-2'}],
	[300, {event: 'step.found', step: 'key-pair', is: 'ready', says: 'ed25519, made here'}],
	[
		400,
		{
			event: 'step.found',
			step: 'manager',
			is: 'different',
			says: 'i-0ab12cd34ef567890 is stopped',
			changes: [{what: 'managerType', from: 't3.small', to: 't3.medium', how: 'replace'}],
			notes: [{says: 'A newer image is there.', advice: 'It comes with the next manager.'}],
		},
	],
	[500, {event: 'step.found', step: 'software', is: 'waiting', says: '', for: ['manager']}],
	[600, {event: 'step.found', step: 'runner', is: 'blocked', says: '', problem: refused, fix: 'use another token'}],
	[700, {event: 'plan.ended', ready: 1, missing: 1, different: 1, extra: 0, waiting: 3, blocked: 1}],
	[1000, {event: 'run.started', doing: 'apply', steps}],
	[1000, {event: 'step.started', step: 'bucket'}],
	[1000, {event: 'step.started', step: 'key-pair'}],
	[1400, {event: 'step.done', step: 'key-pair', says: 'gitlab-runners-9f2c imported', seconds: 0.4}],
	[2200, {event: 'step.done', step: 'bucket', says: 'made, 90-day lifecycle', seconds: 1.2}],
	[2200, {event: 'step.started', step: 'manager'}],
	[2500, {event: 'step.says', step: 'manager', says: 'waiting for the instance to run'}],
	[33_200, {event: 'step.done', step: 'manager', says: 'i-0ab12cd34ef567890 running, 18.191.4.20', seconds: 31}],
	[33_200, {event: 'step.started', step: 'software'}],
	[34_000, {event: 'step.download', step: 'software', what: 'gitlab-runner 19.3.0', bytes: 1_000_000, of: 86_000_000}],
	[36_000, {event: 'step.download', step: 'software', what: 'gitlab-runner 19.3.0', bytes: 43_000_000, of: 86_000_000}],
	[42_200, {event: 'step.done', step: 'software', says: 'gitlab-runner 19.3.0, docker-machine 0.16.2-gitlab.48', seconds: 9}],
	[42_200, {event: 'step.started', step: 'test-machine'}],
	[42_200, {event: 'step.started', step: 'runner'}],
	[43_000, {event: 'step.stage', step: 'test-machine', stage: 'create'}],
	[43_100, {event: 'step.line', step: 'test-machine', line: '(runner-test) Launching instance...'}],
	[49_000, {event: 'step.stage', step: 'test-machine', stage: 'running'}],
	[68_000, {event: 'step.stage', step: 'test-machine', stage: 'ssh'}],
	[68_100, {event: 'step.says', step: 'test-machine', says: 'waiting for SSH'}],
	[68_200, {event: 'step.line', step: 'test-machine', line: 'Waiting for SSH to be available...'}],
];

/** The rest of that run, with one step that fails. */
export const untilTheEnd: readonly [number, Happening][] = [
	[70_000, {event: 'step.failed', step: 'runner', problem: refused, seconds: 27.8}],
	[90_000, {event: 'step.done', step: 'test-machine', says: 'proven by runner-test-gitlab-runners', seconds: 47.8}],
	[90_000, {event: 'step.skipped', step: 'service', because: ['runner']}],
	[90_100, {event: 'run.ended', done: 5, failed: 1, skipped: 1, seconds: 89.1}],
];

/** A good end, as `setup` tells it. */
export const goodEnd: readonly [number, Happening][] = [
	[90_200, {event: 'job.seen', says: 'your first job passed, 1 m 52 s', status: 'success', url: 'https://gitlab.com/acme/api/-/jobs/8812'}],
	[
		90_300,
		{
			event: 'ended',
			says: 'The fleet gitlab-runners stands and takes jobs.',
			next: [{command: 'gitlab-runner-aws destroy --fleet gitlab-runners', does: 'takes it all away again'}],
		},
	],
];

/** Every event there is, once at least. */
export const everything: readonly [number, Happening][] = [
	...untilTestMachine,
	[68_300, {event: 'answer.given', key: 'limit', value: 10, source: 'preset'}],
	[
		68_400,
		{event: 'step.again', step: 'test-machine', problem: {code: 'RequestLimitExceeded', message: 'AWS asks to slow down.', fault: 'outside'}, seconds: 2},
	],
	[
		68_500,
		{event: 'run.paused', problem: {code: 'session-expired', message: 'The session of AWS profile `acme-dev` has expired (ExpiredToken).', fault: 'told'}},
	],
	[68_900, {event: 'run.resumed', seconds: 0.4}],
	...untilTheEnd,
	[90_150, {event: 'note', says: 'The bucket stays.'}],
	[
		90_160,
		{
			event: 'standing.listed',
			when: 'before',
			standing: [
				{step: 'bucket', id: 'b-1', says: '1.2 GB', goes: false},
				{step: 'manager', id: 'i-1', says: 'running', goes: true},
			],
		},
	],
	[
		90_165,
		{
			event: 'orphan.found',
			region: 'us-east-2',
			kind: 'instance',
			id: 'i-0a1b2c3d4e5f60718',
			name: 'runner-ab12cd-gitlab-runners-1795510000-0123abcd',
			is: 'orphan',
			because: "manager i-1 doesn't know it",
			createdAt: '2026-11-24T09:00:00.000Z',
			type: 'c5.large',
			zone: 'us-east-2a',
			usdPerHour: 0.034,
			usdSoFar: 0.102,
		},
	],
	[90_168, {event: 'orphan.removed', region: 'us-east-2', kind: 'volume', id: 'vol-1', name: 'runner-ab12cd-gitlab-runners-1795510000-0123abcd'}],
	[90_170, {event: 'agreement.asked', says: 'Goes.', agreed: true, by: 'flag'}],
	[90_180, {event: 'problem', ...refused}],
	[90_190, {event: 'document', name: 'policy', value: {Version: '2012-10-17'}}],
	...goodEnd,
];
