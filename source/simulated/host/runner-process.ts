import {paths} from '../../world/host/scripts/paths.ts';
import {booleanAt, moment} from '../../world/host/toml.ts';
import {type Hosts, isUp, type Machine, runnerProgram, systemIdOf, systemIdPath, textOf, versionOf} from './machine.ts';
import type {Plays} from './plays.ts';
import type {Provider, Runner} from './runner.ts';
import {type RunnerEntry, readConfig, shortToken} from './runner-config.ts';
import {abandonJob, beginJob, failJob} from './runner-jobs.ts';
import {duration, type Fields, type Level, lineOf, print} from './runner-log.ts';
import {requestsOf} from './runner-requests.ts';
import {savedByRunner} from './runner-save.ts';
import type {ProcessEnd, RunnerProcess} from './worker.ts';

/** The runner gets itself another token once this much of the old one's time is over. */
const share = 0.75;

const isDue = ({expiresAt, obtainedAt}: RunnerEntry, now: number): boolean =>
	expiresAt !== undefined && obtainedAt !== undefined && now >= obtainedAt + share * (expiresAt - obtainedAt);

/** Gets other tokens for those that end soon, and saves config.toml with them: whatever it doesn't know of the file is lost by that. */
function renewTokens({hosts, machine, note, process}: Runner): void {
	const now = hosts.clock.now();
	for (const {token, url} of process.config?.entries.filter((entry) => isDue(entry, now)) ?? []) {
		const made = hosts.gitlab.renew(url, token);
		if (!made) {
			note('error', 'Resetting runner authentication token... failed');
			continue;
		}
		note('info', 'Resetting runner authentication token... succeeded');
		const text = savedByRunner(textOf(machine, paths.config) ?? '', (runners) => {
			for (const runner of runners.filter((one) => one.token === token)) {
				Object.assign(runner, {token: made.token, token_obtained_at: moment(now)});
				if (made.expiresAt === undefined) delete runner.token_expires_at;
				else runner.token_expires_at = moment(made.expiresAt);
			}
			return runners;
		});
		machine.files.set(paths.config, {text, mode: 0o600});
		process.reload();
	}
}

/** How long a process lives that finds at its start that it can't go on, in milliseconds. */
const shortLife = 150;

/** Starts the runner's process on a machine; `ended` is called when it ends by itself. */
export function startProcess(hosts: Hosts, plays: readonly Plays[], machine: Machine, ended: (end: ProcessEnd) => void): RunnerProcess {
	const {clock, gitlab} = hosts;
	const process: RunnerProcess = {
		startedAt: clock.now(),
		config: undefined,
		ending: false,
		get workers() {
			return new Map(providers.flatMap(([, {workers}]) => [...workers]));
		},
		jobs: [],
		takenBy: new Map(),
		failed: new Map(),
		queued: new Map(),
		totals: {loads: 0, jobs: 0},
		answers: new Map(),
		reload,
		rotate,
		takes,
		dispatch,
		quit,
		abort,
		kill,
		crash,
		review: () => eachProvider((provider) => provider.review()),
		metrics: () => providers.flatMap(([, provider]) => provider.metrics()),
	};
	const runner: Runner = {
		hosts,
		machine,
		process,
		note: (level, message, fields = {}) => write(process.config?.json === true, level, message, fields),
		took: (ms) => duration(process.config?.json === true, ms),
		entryOf: (of) => process.config?.entries.find(({token}) => token === of),
		lives: () => machine.process === process,
		ended: () => process.ending && finish(),
	};
	const {note} = runner;
	const requests = requestsOf(runner);
	const providers = plays.map(({executor, provider}): [string, Provider] => [executor, provider(runner)]);
	const isNew = !machine.files.has(systemIdPath);
	const systemId = systemIdOf(machine);
	begin();

	function write(isJson: boolean, level: Level, message: string, fields: Fields = {}): void {
		print(machine, clock.now(), lineOf(isJson, clock.now(), level, message, fields));
	}

	/** Its first four lines are written before it has read which form they are to have. */
	function begin(): void {
		const version = versionOf(machine, runnerProgram) ?? '';
		write(false, 'info', 'Runtime platform', {arch: 'amd64', os: 'linux', pid: 2211, revision: '1f1c5a9d', version});
		write(false, 'info', `Starting multi-runner from ${paths.config}...`, {builds: 0, max_builds: 0});
		write(false, 'info', 'Running in system-mode.');
		print(machine, clock.now(), '');
		if (isNew) write(false, 'info', 'Created missing unique system ID', {system_id: systemId});
		const read = readConfig(textOf(machine, paths.config) ?? '');
		if ('wrong' in read) {
			die('Service run failed', {error: `decoding configuration file: ${read.wrong}`});
			return;
		}
		reload();
		if (read.config.listens && machine.faults.metricsPort === 'taken') {
			const error = 'listen tcp 127.0.0.1:9252: bind: address already in use';
			die('Failed to create listener for metrics server', {address: '127.0.0.1:9252', builds: 0, error, max_builds: read.config.concurrent});
			return;
		}
		eachProvider((provider) => provider.adopt());
		clock.at(clock.now() + 500, check);
	}

	/** A start that comes to nothing: the unit counts as started until the process has ended. */
	function die(message: string, fields: Fields): void {
		process.ending = true;
		clock.at(clock.now() + shortLife, () => {
			if (!runner.lives()) return;
			note('fatal', message, fields);
			end({result: 'exit-code', status: 1});
		});
	}

	function end(how: ProcessEnd): void {
		process.ending = true;
		eachProvider((provider) => provider.stop('by itself'));
		machine.process = undefined;
		ended(how);
		hosts.review();
	}

	/** Asks for jobs each check interval. */
	function check(): void {
		if (!runner.lives() || process.ending) return;
		renewTokens(runner);
		dispatch();
		clock.at(clock.now() + 1000 * (process.config?.checkInterval ?? 3), check);
	}

	function reload(): void {
		const read = readConfig(textOf(machine, paths.config) ?? '');
		if ('wrong' in read) {
			note('error', `Failed to load config ${read.wrong}`, {builds: process.jobs.length});
			return;
		}
		process.config = read.config;
		process.totals.loads += 1;
		requests.forget();
		note('info', 'Configuration loaded', {builds: process.jobs.length});
	}

	function rotate(): void {
		note('info', 'Resetting runner authentication token... succeeded', {builds: process.jobs.length});
		reload();
	}

	function eachProvider(act: (provider: Provider) => void): void {
		for (const [, provider] of providers) act(provider);
	}

	/** Who gets machines for an entry's jobs, where anybody can. */
	const providerOf = (entry: RunnerEntry): Provider | undefined =>
		providers.find(([executor, provider]) => executor === entry.executor && provider.canServe(entry))?.[1];

	const canServe = (entry: RunnerEntry) =>
		providerOf(entry)?.isAble(entry) === true && !requests.isOff(entry) && gitlab.serves(entry.url, entry.token) !== undefined;

	function takes(): boolean {
		return isUp(machine, clock.now()) && !process.ending && process.config?.entries.some(canServe) === true;
	}

	function dispatch(): void {
		if (!runner.lives() || !isUp(machine, clock.now()) || process.ending) return;
		for (const entry of process.config?.entries ?? []) {
			const provider = providerOf(entry);
			if (!provider || requests.isOff(entry)) continue;
			provider.keepIdle(entry);
			feed(entry);
		}
	}

	/** Jobs that run by an entry's token, whichever executor they were begun with. */
	const jobsBy = ({token}: RunnerEntry): number => process.jobs.filter(({id}) => process.takenBy.get(id) === shortToken(token)).length;

	/** Asks for one job where there is room for it; once it is there, for the next. */
	function feed(entry: RunnerEntry): void {
		if (requests.underWay(entry) >= entry.requestConcurrency) return;
		if (entry.limit > 0 && jobsBy(entry) + requests.underWay(entry) >= entry.limit) return;
		if (process.jobs.length + requests.underWay() >= (process.config?.concurrent ?? 0)) return;
		const answered = providerOf(entry)?.acquire(entry, requests.underWay(entry));
		if (!answered) return;
		requests.ask(entry, (job) => {
			if (job) beginJob(runner, job, entry);
			answered(job);
			if (!job) return;
			// The next request is the same entry's, whatever config.toml says of it by now: one that comes back empty ends that.
			if (booleanAt(entry.table, 'strict_check_interval') !== true) feed(entry);
			hosts.review();
		});
	}

	function quit(): void {
		if (process.ending) return;
		process.ending = true;
		Object.assign(machine.service, {active: 'deactivating', since: clock.now()});
		note('warning', '[runWait] received stop signal', {builds: process.jobs.length, 'stop-signal': 'quit'});
		note('info', 'Starting graceful shutdown, waiting for builds to finish', {StopSignal: 'quit', builds: process.jobs.length});
		finish();
	}

	/** A process that ends goes once its last job has, and what its providers take along. */
	function finish(): void {
		if (process.jobs.length > 0) return;
		if (!providers.map(([, provider]) => provider.drain()).includes(true)) {
			stop();
			return;
		}
		clock.at(clock.now() + 1000, () => {
			if (runner.lives()) finish();
		});
	}

	function stop(): void {
		eachProvider((provider) => provider.stop('as told'));
		if (!runner.lives()) return;
		note('info', 'All builds finished. Runner stopped', {builds: process.jobs.length});
		machine.process = undefined;
		Object.assign(machine.service, {active: 'inactive', since: clock.now(), result: 'success', status: 0});
	}

	function failJobs(reason: string): void {
		process.ending = true;
		for (const job of process.jobs.splice(0)) failJob(hosts.gitlab, job, {at: clock.now(), reason, why: 'runner_system_failure'});
	}

	/** As SIGTERM does: jobs end now, and what the providers take along goes as it does at any end. */
	function abort(reason: string): void {
		const builds = process.jobs.length;
		failJobs(reason);
		Object.assign(machine.service, {active: 'deactivating', since: clock.now()});
		note('warning', 'Starting forceful shutdown', {StopSignal: 'terminated', builds});
		finish();
	}

	function kill(reason: string): void {
		failJobs(reason);
		stop();
	}

	function crash(how: ProcessEnd, says?: {message: string; error: string}): void {
		if (!runner.lives()) return;
		if (says) note('fatal', says.message, {error: says.error});
		for (const job of process.jobs.splice(0)) abandonJob(hosts, job);
		end(how);
	}

	return process;
}
