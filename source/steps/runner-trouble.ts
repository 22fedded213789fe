import type {Context} from '../engine/step.ts';
import type {Answers} from '../fleet.ts';
import {ifAnswered, Problem} from '../problem.ts';
import type {ExecutorConfig} from './config/fields.ts';
import {standingToken, standingUrl} from './config/standing.ts';
import {verified} from './token.ts';

/** GitLab's own trouble is told as such; anything else lies on the manager's way to it. */
export function lastingTrouble(line: string, url: string): Problem {
	const status = /status=(\d{3}\b[^=]*?)(?: \w+=|$)/.exec(line)?.[1]?.trim();
	if (status !== undefined)
		return new Problem({
			code: 'gitlab-failing-at-manager',
			fault: 'outside',
			message: `${url} answers the manager with ${status} when it asks about its token.`,
			advice: "It's GitLab's own trouble, or a proxy's before it. Run the same command again later.",
			again: true,
		});
	return new Problem({
		code: 'gitlab-unreachable-from-manager',
		fault: 'outside',
		message: `The manager can't ask GitLab about its token: ${line.replace(/\s+/g, ' ')}`,
		advice: 'Check that its subnet reaches GitLab, and `--gitlab-ca` where GitLab has its own CA.',
		again: true,
	});
}

/** Why config.toml can't be written on the manager, told. */
export const unwritten = (code: string, detail: string): Problem =>
	code === 'disk-full'
		? new Problem({
				code,
				message: `The manager's disk is full, so config.toml stays as it was: ${detail}`,
				advice: 'Make room there with `gitlab-runner-aws ssh`, then run the same command again.',
			})
		: new Problem({code, message: `config.toml can't be written: ${detail}`, advice: 'Run the same command again; it looks first and goes on.'});

/** GitLab Runner takes another config.toml only where its own check lets it pass. */
export function refusedByLint(detail: string, answers: Answers): Problem {
	return new Problem({
		code: 'config-refused',
		message: `GitLab Runner refuses the new config.toml, so the one that stands was left as it is: ${detail}`,
		advice: answers.runnerConfig === undefined ? 'Look at what is yours in it with `gitlab-runner-aws ssh`.' : 'Correct the answer `runnerConfig`.',
	});
}

/**
 * GitLab's id of the runner that stands, where its entry doesn't say it: a fleet's workers may be known by it. Undefined where that isn't so, or where this
 * laptop can't ask; and another GitLab than the one that the person answered isn't asked.
 */
export async function unsaidId(context: Context, config: ExecutorConfig, text = ''): Promise<number | undefined> {
	const {answers, fleet} = context;
	const standing = standingToken(text, {answers, config, fleet});
	if (!standing || standing.id !== undefined || standingUrl(text, {answers, config, fleet}) !== answers.gitlabUrl) return undefined;
	const asked = await ifAnswered(verified(context, standing));
	return 'result' in asked ? asked.result.id : undefined;
}
