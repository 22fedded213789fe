import type {Fatal} from '../../world/host/fatal.ts';
import type {WorkerRefusal} from './refusal.ts';

type Base = {at: number};

/**
 * What a part of a worker's making is spent on: its instance coming up, an SSH server that answers, Docker that does. `EC2 until seen` ends only once the runner
 * has looked, where its log tells no more.
 */
export type MakingPart = 'EC2' | 'EC2 until seen' | 'SSH' | 'Docker' | 'SSH and Docker';

/** Something that the runner's log tells (docs/facts.md, "gitlab-runner: log"). `at` is milliseconds since 1970; `runner` is a short token. */
export type LogEvent = Base &
	(
		| {is: 'job-received'; job: number; project: string | undefined; runner: string | undefined}
		| {is: 'job-on-machine'; job: number; project: string | undefined; machine: string; runner: string | undefined; uses: number | undefined}
		| JobEnded
		| {is: 'prepare-failed'; job: number | undefined; error: string; refusal: WorkerRefusal | undefined}
		| {is: 'machine-stage'; machine: string; stage: string; part: MakingPart}
		| {is: 'machine-created'; machine: string; seconds: number | undefined}
		| {is: 'machine-failed'; machine: string; seconds: number | undefined; error: string; refusal: WorkerRefusal | undefined}
		| {is: 'machine-refused'; machine: string; refusal: WorkerRefusal}
		| {is: 'machine-removing'; machine: string; reason: string; uses: number | undefined}
		/** `seconds` is how long it was there, where the log says so. */
		| {is: 'machine-removed'; machine: string; seconds?: number | undefined}
		/** It went without the runner's doing. */
		| {is: 'machine-lost'; machine: string; uses: number | undefined}
		| {is: 'machine-given-up'; machine: string}
		/** Something that keeps the runner from having workers, of no single machine's making. */
		| {is: 'workers-refused'; refusal: WorkerRefusal}
		| {is: 'forbidden'; runner: string | undefined}
		| {is: 'gitlab-unreachable'; error: string; runner: string | undefined}
		| {is: 'gitlab-answered'; runner: string | undefined}
		| {is: 'unhealthy'; seconds: number | undefined; runner: string | undefined}
		| {is: 'forced-check'; runner: string | undefined}
		| {is: 'config-loaded'}
		| {is: 'config-refused'; error: string}
		| {is: 'service-started'}
		| {is: 'service-stopping'}
		| ({is: 'service-died'} & Fatal)
	);

/** A job is over. `why` is GitLab's reason for a failure, such as `runner_system_failure`; `seconds` is how long the job took. */
type JobEnded = {
	is: 'job-ended';
	job: number;
	project?: string | undefined;
	machine: string | undefined;
	ok: boolean;
	error: string | undefined;
	why?: string | undefined;
	seconds?: number | undefined;
	refusal?: WorkerRefusal | undefined;
};
