import {z} from 'zod';
import {partitionedOf} from '../executors/docker-machine/verify-lines.ts';
import {isSecretOption} from '../host/secret-words.ts';

/** Whole numbers come as bigint from a parser that keeps them apart from fractions. */
const number = z.union([z.number(), z.bigint()]).transform(Number).optional().catch(undefined);
const text = z.string().optional().catch(undefined);
const machine = z
	.object({
		IdleCount: number,
		IdleTime: number,
		MaxGrowthRate: number,
		MaxBuilds: number,
		MachineName: text,
		MachineOptions: z.array(z.string()).catch([]),
		autoscaling: z
			.array(z.object({IdleCount: number, IdleTime: number, Periods: z.array(z.string()).catch([]), Timezone: text}).catch({Periods: []}))
			.catch([]),
	})
	.optional()
	.catch(undefined);
const runner = z.object({
	name: text,
	id: number,
	url: text,
	token: text,
	executor: text,
	limit: number,
	request_concurrency: number,
	machine,
});
const config = z.object({concurrent: number, check_interval: number, log_format: text, listen_address: text, runners: z.array(runner).catch([])});

/** One `[[runners]]` of config.toml, as far as the panel needs it, without secrets. */
export type RunnerFacts = {
	name: string;
	id: number | undefined;
	url: string | undefined;
	/** First nine characters of the token after its prefix (facts §1): a label, and part of machine names. */
	shortToken: string;
	/** The same with the token's partition (`t3_`) in front, as some versions of the runner keep it. */
	partitioned?: string | undefined;
	executor: string;
	/** Undefined where config.toml sets none, or 0. */
	limit: number | undefined;
	requestConcurrency: number;
	idleCount: number | undefined;
	idleTime: number | undefined;
	maxGrowthRate: number | undefined;
	maxBuilds: number | undefined;
	machineName: string | undefined;
	/** `amazonec2-…` options by name, without `amazonec2-`; a repeated one's last value. */
	options: Record<string, string>;
	scheduled: boolean;
};

/** config.toml as far as the panel needs it; `checkInterval` in seconds. */
export type ConfigFacts = {
	concurrent: number | undefined;
	checkInterval: number;
	logFormat: string | undefined;
	listenAddress: string | undefined;
	runners: RunnerFacts[];
};

/** Prefixes that stand before the secret part of a runner's token (facts §1). */
const shortOf = (token: string): string =>
	token
		.replace(/^(?:glrtr-|GR1348941|(?:glrt-)?(?:t\d_)?)/, '')
		.replace(/…$/, '')
		.slice(0, 9);

function optionsOf(options: readonly string[]): Record<string, string> {
	const read: Record<string, string> = {};
	for (const option of options) {
		const [name = '', ...value] = option.split('=');
		if (!isSecretOption(name)) read[name.replace(/^amazonec2-/, '')] = value.join('=');
	}
	return read;
}

/** Picks what the panel needs from config.toml once it is parsed; undefined when it isn't a config.toml. Never throws. */
export function readConfig(parsed: unknown): ConfigFacts | undefined {
	const read = config.safeParse(parsed);
	if (!read.success) return undefined;
	return {
		concurrent: read.data.concurrent,
		checkInterval: read.data.check_interval || 3,
		logFormat: read.data.log_format,
		listenAddress: read.data.listen_address,
		runners: read.data.runners.map((one) => ({
			name: one.name ?? '',
			id: one.id,
			url: one.url,
			shortToken: shortOf(one.token ?? ''),
			partitioned: partitionedOf(one.token ?? ''),
			executor: one.executor ?? '',
			limit: one.limit || undefined,
			requestConcurrency: one.request_concurrency || 1,
			idleCount: one.machine ? (one.machine.IdleCount ?? 0) : undefined,
			idleTime: one.machine?.IdleTime,
			maxGrowthRate: one.machine?.MaxGrowthRate || undefined,
			maxBuilds: one.machine?.MaxBuilds || undefined,
			machineName: one.machine?.MachineName,
			options: optionsOf(one.machine?.MachineOptions ?? []),
			scheduled: (one.machine?.autoscaling.length ?? 0) > 0,
		})),
	};
}
