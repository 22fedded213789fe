import {randomBytes} from 'node:crypto';

/** A process that asks GitLab for jobs with a runner's token. */
export type StoredManager = {id: number; systemId: string; version: string; createdAt: string; contactedAt: string};

/** A runner as GitLab keeps it. */
export type StoredRunner = {
	id: number;
	token: string;
	description: string;
	runnerType: string;
	paused: boolean;
	runUntagged: boolean;
	tagList: string[];
	locked: boolean;
	accessLevel: string;
	maximumTimeout: number | null;
	maintenanceNote: string;
	/** How long a token of it holds, in seconds, where tokens end. */
	tokenSeconds: number | null;
	tokenExpiresAt: string | null;
	createdAt: string;
	contactedAt: string | null;
	managers: StoredManager[];
};

/** A job; `seconds` is how long the runner stand-in works on it: with `Infinity`, until it is set to another number. */
export type StoredJob = {
	id: number;
	name: string;
	stage: string;
	status: 'created' | 'pending' | 'running' | 'success' | 'failed';
	/** Its log so far. */
	trace: string;
	failureReason: string | undefined;
	/** A trial's job: of which project, and whether it fails without its cache. */
	trial: {owner: TrialProject; needsCache: boolean} | undefined;
	tagList: string[];
	ref: string;
	/** Whether `ref` is a tag rather than a branch. */
	tag: boolean;
	seconds: number;
	/** How it ends after them, where not well: the runner's words, and GitLab's reason. */
	fails: {error: string; why: string} | undefined;
	createdAt: string;
	startedAt: string | null;
	finishedAt: string | null;
	runner: number | null;
	systemId: string | null;
};

/** A project as whoever makes and deletes projects meets it; `runners` are those that it was given, all where it was there before. `marked`: for deletion. */
export type TrialProject = {
	id: number;
	path: string;
	description: string | null;
	runners: Set<number> | undefined;
	branches: Map<string, Map<string, string>>;
	pipelines: {id: number; sha: string; branch: string; jobs: StoredJob[]}[];
	marked: boolean;
};

/** What GitLab knows: a project, its group, runners and jobs. */
export type GitlabStore = {
	runners: Map<number, StoredRunner>;
	jobs: StoredJob[];
	/** Projects by id, those among them that trials made; and whether what is deleted stays for some days whoever asks. */
	trials: Map<number, TrialProject>;
	keepsDeleted: boolean;
	/** A job has ended: in a pipeline the next one begins. */
	ended(job: StoredJob): void;
	/** Branches and tags that are there, and whether each is protected. */
	refs: Map<string, boolean>;
	/** Personal access tokens and their scopes. */
	personal: Map<string, string[]>;
	addRunner(given?: Partial<StoredRunner>): StoredRunner;
	addJob(given?: Partial<StoredJob>): StoredJob;
	byToken(token: string): StoredRunner | undefined;
	/** Another token for the runner, after which the one that it had is nobody's. */
	renew(runner: StoredRunner): void;
	/** Hands a waiting job to the runner if one fits, as GitLab matches tags. */
	take(runner: StoredRunner, systemId: string): StoredJob | undefined;
};

/** A runner's token that nobody has. */
const newToken = (): string => `glrt-t3_${randomBytes(15).toString('base64url').replaceAll('-', 'x')}`;

/** The only project and the only group. */
export const project = {id: 42, name: 'demo', path_with_namespace: 'peers/demo', group: {id: 7, full_path: 'peers'}};

/** Makes an empty GitLab. */
export function makeStore(): GitlabStore {
	const runners = new Map<number, StoredRunner>();
	const jobs: StoredJob[] = [];
	let last = 1000;
	const next = (): number => {
		last += 1;
		return last;
	};
	return {
		runners,
		jobs,
		trials: new Map(),
		keepsDeleted: false,
		ended(job) {
			const pipeline = job.trial?.owner.pipelines.find(({jobs: all}) => all.includes(job));
			const next = job.status === 'success' ? pipeline?.jobs.find(({status}) => status === 'created') : undefined;
			if (next) Object.assign(next, {status: 'pending', createdAt: new Date().toISOString()});
		},
		refs: new Map([
			['main', true],
			['feature/new', false],
		]),
		personal: new Map(),
		addRunner(given = {}) {
			const id = next();
			const runner: StoredRunner = {
				id,
				token: newToken(),
				description: 'peers',
				runnerType: 'project_type',
				paused: false,
				runUntagged: true,
				tagList: [],
				locked: false,
				accessLevel: 'not_protected',
				maximumTimeout: null,
				maintenanceNote: '',
				tokenSeconds: null,
				tokenExpiresAt: null,
				createdAt: new Date().toISOString(),
				contactedAt: null,
				managers: [],
				...given,
			};
			runners.set(id, runner);
			return runner;
		},
		addJob(given = {}) {
			const job: StoredJob = {
				id: next(),
				name: 'hello',
				stage: 'test',
				status: 'pending',
				trace: '',
				failureReason: undefined,
				trial: undefined,
				tagList: [],
				ref: 'main',
				tag: false,
				seconds: 0.2,
				fails: undefined,
				createdAt: new Date().toISOString(),
				startedAt: null,
				finishedAt: null,
				runner: null,
				systemId: null,
				...given,
			};
			jobs.push(job);
			return job;
		},
		byToken: (token) => [...runners.values()].find((runner) => runner.token === token),
		renew(runner) {
			runner.token = newToken();
			runner.tokenExpiresAt = runner.tokenSeconds === null ? null : new Date(Date.now() + runner.tokenSeconds * 1000).toISOString();
		},
		take(runner, systemId) {
			const isGiven = ({trial}: StoredJob): boolean => trial?.owner.runners?.has(runner.id) ?? true;
			const fits = (job: StoredJob): boolean =>
				isGiven(job) && (job.tagList.length === 0 ? runner.runUntagged : job.tagList.every((tag) => runner.tagList.includes(tag)));
			const job = runner.paused ? undefined : jobs.find((each) => each.status === 'pending' && fits(each));
			return job && Object.assign(job, {status: 'running', startedAt: new Date().toISOString(), runner: runner.id, systemId});
		},
	};
}
