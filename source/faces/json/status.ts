import * as z from 'zod';

const time = z.iso.datetime();
const usd = z.number().meta({description: 'USD'});
const usdPerHour = z.number().meta({description: 'USD an hour, with disk and address'});
const count = z.int().min(0);
const sum = z.strictObject({usd, since: time.meta({description: 'Nothing before this is known'})});
const problem = z.strictObject({code: z.string(), message: z.string(), advice: z.string().optional()});
const source = z.strictObject({
	at: time.optional().meta({description: 'When the value that is shown was seen'}),
	ageSeconds: count.optional(),
	problem: problem.optional().meta({description: 'Why the last look failed'}),
	off: z.string().optional().meta({description: "Why it isn't asked at all"}),
});
const state = z.enum(['creating', 'idle', 'busy', 'removing', 'failed', 'stopped', 'orphan', 'unknown']);

const cause = z.strictObject({id: z.string(), says: z.string(), source: z.string(), act: z.string(), since: time.optional()});

const worker = z.strictObject({
	name: z.string(),
	state,
	detail: z.string().optional(),
	job: z
		.strictObject({
			id: z.int(),
			name: z.string().optional(),
			project: z.string().optional(),
			stage: z.string().optional(),
			url: z.string().optional(),
			since: time.optional(),
		})
		.optional(),
	type: z.string().optional(),
	zone: z.string().optional(),
	market: z.enum(['spot', 'on-demand']).optional(),
	instance: z.string().optional(),
	address: z.string().optional(),
	createdAt: time.optional(),
	ageSeconds: count.optional(),
	usdPerHour: usdPerHour.optional(),
	usdSoFar: usd.optional(),
});

const typically = z.strictObject({
	p50Seconds: z.number().meta({description: 'Half of the jobs at most'}),
	p95Seconds: z.number().meta({description: '95 of 100 at most'}),
});

/** The document that `status --json` prints as the value of its one event `document`. What isn't known is left out; 0 is 0. */
export const statusShape = z.strictObject({
	version: z.literal(1),
	at: time,
	region: z.string(),
	fleet: z.string().optional().meta({description: 'Absent for a manager that bears no mark'}),
	manager: z
		.strictObject({
			instance: z.string(),
			state: z.string(),
			type: z.string(),
			zone: z.string(),
			launchedAt: time.optional(),
			service: z.string().optional().meta({description: "The runner's service, in systemd's words"}),
		})
		.optional(),
	verdict: z.strictObject({is: z.enum(['healthy', 'trouble', 'unknown']).meta({description: 'Exit code 0, 4, 1'}), says: z.string()}),
	waiting: z.strictObject({
		known: z.boolean(),
		jobs: count.optional().meta({description: 'Jobs that wait for this runner'}),
		unserved: count.optional().meta({description: 'Jobs that wait and that no runner takes'}),
		says: z.string(),
	}),
	causes: z.array(cause).meta({description: 'Why jobs wait, the cause to act on first coming first'}),
	troubles: z.array(cause).meta({description: 'What the verdict goes by, whether jobs wait or not'}),
	jobs: z.strictObject({
		running: count.optional().meta({description: 'Jobs that run on a machine'}),
		source: z.string().optional().meta({description: 'Who tells of them'}),
		waitingForMachine: z
			.strictObject({jobs: count, longestSeconds: count.optional(), usualSeconds: count.optional()})
			.optional()
			.meta({description: 'Jobs that the runner has taken and that have no machine yet; in GitLab they run already'}),
		last: z
			.array(
				z.strictObject({
					id: z.int(),
					result: z.enum(['passed', 'failed']),
					endedAt: time,
					project: z.string().optional(),
					machine: z.string().optional(),
					seconds: z.number().optional(),
					reason: z.string().optional().meta({description: "GitLab's reason for a failure"}),
					says: z.string().optional().meta({description: "The runner's words for it"}),
				}),
			)
			.optional()
			.meta({description: 'The last jobs that ended, the newest first'}),
	}),
	starts: z
		.array(
			z.strictObject({
				day: z.string().meta({description: 'Of UTC: 2026-11-26'}),
				jobs: count,
				forNewWorker: count.meta({description: 'Jobs for which a worker was being made'}),
				wait: typically.meta({description: 'From when the runner was given a job until it had a worker'}),
				pull: typically.optional().meta({description: 'How long images took on a new worker, by the jobs whose logs were read'}),
				ofNewWorker: z
					.array(z.strictObject({part: z.enum(['EC2', 'EC2 until seen', 'SSH', 'Docker', 'SSH and Docker', 'runner']), ...typically.shape}))
					.meta({description: 'Where that time goes, of jobs for which a worker was being made; `EC2 until seen` ends once the runner has looked'}),
			}),
		)
		.optional()
		.meta({description: 'How jobs came to their workers, the newest day first'}),
	runner: z.strictObject({
		name: z.string().optional(),
		id: z.int().optional(),
		version: z.string().optional(),
		online: z.boolean().optional(),
		paused: z.boolean().optional(),
		jobs: count.optional(),
		limit: count.optional(),
		concurrent: count.optional(),
		idleCount: count.optional(),
	}),
	machines: z.strictObject({
		all: count,
		creating: count,
		idle: count,
		busy: count,
		removing: count,
		failed: count,
		stopped: count,
		orphan: count,
		unknown: count,
	}),
	groups: z
		.array(
			z.strictObject({
				name: z.string(),
				desired: count.meta({description: 'Instances that the runner wants'}),
				inService: count,
				max: count,
				outdated: count.meta({description: 'Made by another version of the launch template than new ones are'}),
			}),
		)
		.optional()
		.meta({description: 'Auto Scaling groups that workers are in'}),
	mirror: z
		.strictObject({
			service: z.string().meta({description: "In systemd's words"}),
			parts: count.optional().meta({description: 'Layers and manifests that workers asked for since it was started'}),
			hits: count.optional().meta({description: 'Those of them that it had'}),
			savedBytes: count.optional().meta({description: 'What workers had of it and nobody fetched from Docker Hub for them'}),
			takenBytes: count.optional(),
			roomBytes: count.optional(),
			pullsLeft: count.optional().meta({description: 'At Docker Hub'}),
			pullsLimit: count.optional(),
		})
		.optional()
		.meta({description: 'The mirror of Docker Hub on the manager'}),
	workers: z.array(worker),
	costs: z.strictObject({
		usdPerHour: usdPerHour.optional(),
		managerUsdPerHour: usdPerHour.optional(),
		buildersUsdPerHour: usdPerHour.optional().meta({description: 'USD an hour of instances that an image of workers is being made of'}),
		savedBySpotUsdPerHour: usdPerHour.optional(),
		mostUsdPerHour: usdPerHour.optional().meta({description: 'USD an hour with all workers that the limit allows, at the most that one may cost'}),
		today: sum.optional(),
		month: sum.optional(),
		workersWithoutPrice: count,
		machinesWithoutEnd: count.meta({description: 'Machines that the log tells to have begun, and nobody when they went: not in the sums'}),
	}),
	lastChange: z
		.strictObject({
			version: z.int(),
			at: time,
			by: z.string(),
			changes: z.array(z.strictObject({what: z.string(), from: z.string(), to: z.string()})),
		})
		.optional()
		.meta({description: "The last change of the fleet's record"}),
	sources: z.record(z.string(), source),
});

/** The JSON Schema of the status document, as text: what `status.schema.json` holds. */
export function statusSchemaText(): string {
	const schema = z.toJSONSchema(statusShape, {target: 'draft-2020-12'});
	return `${JSON.stringify({title: 'The value of the document that gitlab-runner-aws status --json prints', ...schema}, undefined, '\t')}\n`;
}
