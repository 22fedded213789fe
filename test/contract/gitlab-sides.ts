import {createServer} from 'node:http';
import type {GitlabAt} from '../../source/gitlab/port.ts';
import {realGitlab} from '../../source/gitlab/real.ts';
import {simulatedWorld} from '../../source/simulated.ts';
import {makeGitlab} from '../peers/gitlab.ts';
import {listen} from '../peers/listen.ts';

/** One side's GitLab, with the tests' ways to reach behind it. */
export type World = {
	gitlabAt: GitlabAt;
	url: string;
	/** Token of a runner that GitLab knows. */
	runnerToken(): string;
	/** A person's token with these scopes. */
	personalToken(...scopes: string[]): string;
	/** A project where that person may make runners. */
	project: number;
	/** How it does from now on. */
	health(does: 'up' | 'throttled' | 'failing'): void;
	stop(): Promise<void>;
};

export type Side = {name: string; open(): Promise<World>};

/** HTTP against the stand-in, whose bodies are GitLab's. */
const real: Side = {
	name: 'real',
	async open() {
		let url = '';
		const gitlab = makeGitlab(() => url);
		const {port, stop} = await listen(createServer(gitlab.handle), '127.0.0.1');
		url = `http://127.0.0.1:${port}`;
		return {
			gitlabAt: realGitlab({env: {}}),
			url,
			runnerToken: () => gitlab.token(),
			personalToken: gitlab.personalToken,
			project: 42,
			health: (does) => gitlab.fault(does === 'up' ? undefined : {answer: does === 'throttled' ? 429 : 502}),
			stop,
		};
	},
};

const simulated: Side = {
	name: 'simulated',
	async open() {
		const {gitlabAt, outside} = simulatedWorld();
		let persons = 0;
		return {
			gitlabAt,
			url: outside.gitlab.url,
			runnerToken: () => outside.token('runner'),
			personalToken(...scopes) {
				persons += 1;
				outside.gitlab.tokens.set(`glpat-${persons}`, scopes);
				return `glpat-${persons}`;
			},
			project: 42,
			health: outside.setGitlab,
			stop: async () => undefined,
		};
	},
};

/** Both sides of GitLab's port: what holds for one holds for the other. */
export const sides: readonly Side[] = [real, simulated];
