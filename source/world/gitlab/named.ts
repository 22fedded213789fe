import type {Source} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import type {GitlabAt, WholeGitlab} from './port.ts';

/**
 * Where a token may go is decided by whoever works at this laptop: to gitlab.com, which is the default, and to a GitLab that a flag, a preset, the
 * environment or a typed answer named here, now or when a token went there before. The fleet's record and a manager's config.toml name none, since
 * whoever can write those would else be sent the tokens of all who look at the fleet.
 */
const saidHere: readonly Source[] = ['typed', 'flag', 'preset', 'environment'];

const everybodys = 'https://gitlab.com';

/** GitLabs that tokens went to from this laptop before. */
type NamedBefore = {
	gitlabs(): Promise<readonly string[]>;
	saveGitlab(url: string): Promise<void>;
};

const notNamed = (url: string): Problem =>
	new Problem({
		code: 'gitlab-not-named',
		message: `The fleet's record names ${url} as its GitLab, and nobody has named that one on this laptop, so no token was sent there: \`--gitlab-url ${url}\` names it.`,
		advice: "Where it's the right one, give that flag once: this laptop then knows it.",
	});

/** The GitLabs of one command line. */
type NamedGitlabs = {
	/** The port, whose calls with a token throw `gitlab-not-named` for a GitLab that nobody named here. */
	at: GitlabAt;
	/** A person gave a token where this URL was shown to them. */
	name(url: string): void;
};

/** Keeps tokens to the GitLabs that are named here; this is the one place that decides it. */
export function namedGitlabs(gitlabAt: GitlabAt, before: NamedBefore): NamedGitlabs {
	const named = new Set([everybodys]);
	const kept = new Set<string>();

	async function judge(url: string): Promise<void> {
		if (url === everybodys || kept.has(url)) return;
		const known = (await before.gitlabs()).includes(url);
		if (!known && !named.has(url)) throw notNamed(url);
		kept.add(url);
		if (!known) await before.saveGitlab(url);
	}

	const guarded = (port: WholeGitlab): WholeGitlab => {
		const {url} = port;
		/** A method whose first argument is a token. */
		const withToken =
			<Asked extends unknown[], Told>(method: (...asked: Asked) => Promise<Told>): ((...asked: Asked) => Promise<Told>) =>
			async (...asked) => {
				await judge(url);
				return method(...asked);
			};
		return {
			url,
			verify: withToken(port.verify),
			createRunner: withToken(port.createRunner),
			runners: withToken(port.runners),
			runner: withToken(port.runner),
			deleteRunner: withToken(port.deleteRunner),
			jobs: withToken(port.jobs),
			served: withToken(port.served),
			managers: withToken(port.managers),
			running: withToken(port.running),
			groupProjects: withToken(port.groupProjects),
			pendingJobs: withToken(port.pendingJobs),
			pause: withToken(port.pause),
			project: withToken(port.project),
			projectsNamed: withToken(port.projectsNamed),
			createProject: withToken(port.createProject),
			enableRunner: withToken(port.enableRunner),
			commit: withToken(port.commit),
			pipelines: withToken(port.pipelines),
			pipelineJobs: withToken(port.pipelineJobs),
			trace: withToken(port.trace),
			deletePipeline: withToken(port.deletePipeline),
			deleteBranch: withToken(port.deleteBranch),
			deleteProject: withToken(port.deleteProject),
		};
	};

	return {
		at(url, ca, said) {
			if (said !== undefined && saidHere.includes(said)) named.add(url);
			return guarded(gitlabAt(url, ca, said));
		},
		name: (url) => void named.add(url),
	};
}
