import {prove} from './situation.ts';

/** All is as it was asked to be, and jobs wait all the same. */
prove({
	'the limit is reached': {
		fleet: {limit: 2, concurrent: 4},
		happens: ({jobs}) => jobs(5, {seconds: 3000}),
		watched: 300,
		asks: 'Why are 3 jobs waiting?',
		says: ['The limit is 2 and all 2 machines are busy or being made, for 4 m. [runner: raise-limit]'],
	},
	'concurrent is reached, with room under the limit': {
		fleet: {limit: 6, concurrent: 2},
		happens: ({jobs}) => jobs(5, {seconds: 3000}),
		watched: 300,
		asks: 'Why are 3 jobs waiting?',
		says: ['concurrent is 2 and 2 jobs run. [runner: raise-limit]'],
	},
	'machines are being made to be idle': {
		fleet: {idleCount: 1},
		async happens({jobs, passes}) {
			await passes(180);
			jobs(3, {seconds: 3000});
		},
		watched: 40,
		asks: 'Why are 2 jobs waiting?',
		says: ['1 machine is being made, which usually takes about 53 s; the first began 39 s ago. [runner: wait]'],
	},
	'the schedule wants machines at this time of day': {
		fleet: {schedule: [{periods: ['* * 8-18 * * mon-fri *'], timezone: 'UTC', idleCount: 2, idleTime: 600}]},
		happens: ({jobs}) => jobs(3, {seconds: 3000}),
		watched: 20,
		asks: 'Why are 3 jobs waiting?',
		says: ['2 machines are being made; the first began 22 s ago. [runner: wait]'],
	},
	'the idle count is 0, and each job’s machine comes up cold': {
		happens: ({jobs}) => jobs(2, {seconds: 3000}),
		watched: 40,
		asks: 'Why are 2 jobs waiting for their machines, 40 s so far?',
		says: ['The idle count is 0, so a job waits for a machine of its own: 2 are being made; the first began 40 s ago. [runner: idle]'],
	},
	'MaxGrowthRate lets idle machines come one by one': {
		fleet: {limit: 8, concurrent: 8, idleCount: 4, maxGrowthRate: 1},
		happens: ({jobs}) => jobs(3, {seconds: 3000}),
		watched: 80,
		asks: 'Why are 2 jobs waiting?',
		says: [
			'MaxGrowthRate lets 1 machine be made at a time, and 4 are wanted. [runner: config]',
			'1 machine is being made, which usually takes about 53 s; the first began 29 s ago. [runner: wait]',
		],
	},
	'MaxGrowthRate lets machines for jobs come two by two': {
		fleet: {limit: 8, concurrent: 8, maxGrowthRate: 2},
		happens: ({jobs}) => jobs(6, {seconds: 3000}),
		watched: 60,
		asks: 'Why are 4 jobs waiting for their machines, 59 s so far?',
		says: [
			'MaxGrowthRate lets 2 machines be made at a time, and 4 are wanted. [runner: config]',
			'The idle count is 0, so a job waits for a machine of its own: 2 are being made, which usually takes about 50 s; the first began 1 m ago. [runner: idle]',
		],
	},
	'machines idle, while the runner asks a slow GitLab for one job at a time': {
		fleet: {limit: 6, concurrent: 6, idleCount: 3},
		async happens({world, edits, jobs, passes}) {
			edits((text) => text.replace(/request_concurrency = \d+/, 'request_concurrency = 1'));
			await passes(120);
			world.outside.gitlab.latency = 25_000;
			jobs(5, {seconds: 3000});
		},
		watched: 18,
		asks: 'Why are 5 jobs waiting?',
		says: ['3 machines idle, but the runner asks GitLab for one job at a time (request_concurrency is 1). [runner: config]'],
	},
	'AWS took spot machines back': {
		fleet: {idleCount: 2},
		async happens({world, region, jobs, passes}) {
			await passes(240);
			jobs(2, {seconds: 3000});
			await passes(300);
			for (const {id, spotRequestId, ending} of region.instances.values()) if (spotRequestId !== undefined && !ending) world.outside.interruptSpot(id);
			jobs(3);
		},
		watched: 30,
		asks: 'Why are 3 jobs waiting?',
		says: [
			'2 machines are being made, which usually takes about 48 s; the first began 30 s ago. [runner: wait]',
			/^Job #900[01] of acme\/app lost its machine \d\d s ago: spot interruption(?:, since AWS needs its capacity)?; 2 jobs lost theirs today\. `retry: \{max: 2, when: runner_system_failure\}` in \.gitlab-ci\.yml runs such jobs again; other types or zones, or on demand, are taken back less\. \[ec2: move\]$/,
		],
	},
	'the limit is reached, and one job asks for a tag that nobody has': {
		fleet: {limit: 1, concurrent: 1},
		happens({jobs}) {
			jobs(3, {seconds: 3000});
			jobs(1, {tags: ['gpu']});
		},
		watched: 150,
		asks: 'Why are 3 jobs waiting?',
		says: [
			'The limit is 1 and its one machine is busy or being made, for 96 s. [runner: raise-limit]',
			'concurrent is 1 and 1 job runs. [runner: raise-limit]',
			"1 job of acme/app asks for the tag gpu, which runner gitlab-runners doesn't have. [gitlab: config]",
		],
	},
});
