import * as z from 'zod';

const step = z.string().meta({description: "A step's name, such as security-groups"});
const seconds = z.number().meta({description: 'Seconds'});

/** A problem as data: what a person is told, and for scripts its code. */
const problemData = z.object({
	code: z.string(),
	message: z.string(),
	advice: z.string().optional(),
	fault: z.enum(['told', 'outside', 'bug']),
});
const change = z.object({what: z.string(), from: z.string(), to: z.string(), how: z.enum(['live', 'drain', 'replace', 'never'])});
const note = z.object({says: z.string(), advice: z.string().optional()});
const standing = z.object({step, id: z.string(), says: z.string(), short: z.string().optional(), goes: z.boolean(), costs: z.boolean().optional()});

const orphanKind = z.enum(['instance', 'image builder', 'key pair', 'spot request', 'volume', 'Auto Scaling group', 'launch template', 'image', 'snapshot']);

/** Every event, declared once with its payload. `--json` prints these; its schema is made from here. */
export const eventShapes = {
	/** Which fleet this is about, as soon as it is known. */
	'fleet.known': z.object({fleet: z.string(), region: z.string(), account: z.string(), arn: z.string(), stands: z.boolean(), demo: z.boolean().optional()}),
	/** An answer and where it came from; a face that answers by itself says so with it. */
	'answer.given': z.object({
		key: z.string(),
		value: z.unknown(),
		source: z.enum(['flag', 'preset', 'environment', 'record', 'found', 'derived', 'default', 'typed']),
	}),
	/** One that is a `leftover` only takes away what is left of something, and says nothing to a person where nothing is. */
	'plan.started': z.object({steps: z.array(z.object({name: step, title: z.string(), leftover: z.literal(true).optional()}))}),
	'step.looking': z.object({step}),
	'step.found': z.object({
		step,
		is: z.enum(['ready', 'missing', 'different', 'extra', 'waiting', 'blocked']),
		says: z.string(),
		changes: z.array(change).optional(),
		notes: z.array(note).optional(),
		for: z.array(step).optional(),
		problem: problemData.optional(),
		fix: z.string().optional(),
		/** The answers that `fix` means, by key. */
		mends: z.record(z.string(), z.unknown()).optional(),
	}),
	'plan.ended': z.object({ready: z.int(), missing: z.int(), different: z.int(), extra: z.int(), waiting: z.int(), blocked: z.int()}),
	/** Steps that will be made so, or taken away, in the order of their dependencies; `usual` is what each took in this person's earlier runs. */
	'run.started': z.object({
		doing: z.enum(['apply', 'remove']),
		steps: z.array(z.object({name: step, title: z.string(), leftover: z.literal(true).optional(), needs: z.array(step), usual: seconds.optional()})),
	}),
	'step.started': z.object({step}),
	/** What is being done now, thing first. */
	'step.says': z.object({step, says: z.string()}),
	/** A line of a tool below: docker-machine, curl. */
	'step.line': z.object({step, line: z.string()}),
	/** A stage of a worker that is tried begins: one bar of the waterfall. */
	'step.stage': z.object({step, stage: z.string()}),
	'step.download': z.object({step, what: z.string(), bytes: z.number(), of: z.number().optional()}),
	/** The same call is made again after a pause, and why. */
	'step.again': z.object({step, problem: problemData, seconds}),
	/** Done, and the check has seen it. */
	'step.done': z.object({step, says: z.string(), seconds}),
	'step.failed': z.object({step, problem: problemData, seconds}),
	/** The session has expired: calls to AWS wait, what stands is kept, and it goes on by itself once there is another session. */
	'run.paused': z.object({problem: problemData}),
	/** AWS takes the session again, after this long. */
	'run.resumed': z.object({seconds}),
	/** Not tried, because what it needs isn't ready. */
	'step.skipped': z.object({step, because: z.array(step)}),
	'run.ended': z.object({done: z.int(), failed: z.int(), skipped: z.int(), seconds}),
	/** What stands of a fleet, before and after a removal. */
	'standing.listed': z.object({when: z.enum(['before', 'after']), standing: z.array(standing)}),
	/** Something that a runner had made and that no live manager knows, or of which nobody can say; region by region. Sums are USD, about. */
	'orphan.found': z.object({
		region: z.string(),
		kind: orphanKind,
		id: z.string(),
		name: z.string(),
		is: z.enum(['orphan', 'not-known']),
		because: z.string(),
		fleet: z.string().optional(),
		createdAt: z.iso.datetime().optional(),
		type: z.string().optional(),
		zone: z.string().optional(),
		sizeGib: z.number().optional(),
		usdPerHour: z.number().optional(),
		usdSoFar: z.number().optional(),
	}),
	/** Gone, and another look has shown it. */
	'orphan.removed': z.object({region: z.string(), kind: orphanKind, id: z.string(), name: z.string()}),
	'agreement.asked': z.object({says: z.string(), agreed: z.boolean(), by: z.enum(['flag', 'typed'])}),
	/** `about: laptop`: what this laptop can't keep, which is no part of what the command was asked for; `progress`: what is being done now. */
	note: note.extend({about: z.enum(['laptop', 'progress']).optional()}),
	/** The first job, live: what GitLab and the manager tell of it. */
	'job.seen': z.object({says: z.string(), status: z.string(), url: z.string().optional()}),
	/** The command has ended well, with the commands that come next. */
	ended: z.object({says: z.string(), next: z.array(z.object({command: z.string(), does: z.string()}))}),
	problem: problemData,
	/** Any output that is one document rather than a happening: a preset, a policy, a list of presets. */
	document: z.object({name: z.string(), value: z.unknown()}),
} as const;

export type EventName = keyof typeof eventShapes;

/** One event: its name, when it happened (ISO 8601), and its payload. */
export type Event = {[Name in EventName]: {event: Name; at: string} & z.infer<(typeof eventShapes)[Name]>}[EventName];

/** An event before it's stamped with the time. */
export type Happening = {[Name in EventName]: {event: Name} & z.infer<(typeof eventShapes)[Name]>}[EventName];
