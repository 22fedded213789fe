import {Problem} from '../../problem.ts';
import {type LogLine, readLogLine} from './log-line.ts';
import {endOf, type Unit} from './unit.ts';

/** What GitLab Runner says last before it ends with an error. `port`: something else listens where its metrics are to be; `config`: it can't read config.toml. */
export type Fatal = {says: string; cause: 'port' | 'config' | 'other'};

const levels: readonly string[] = ['fatal', 'panic'];
/** Go's own words of a program that broke, which no log level stands before. */
const broke = /^(?:panic|fatal error): (.*)$/;

const causes: readonly [RegExp, Fatal['cause']][] = [
	[/address already in use/, 'port'],
	[/decoding configuration file|toml: /, 'config'],
];

/** The error of a line that is the last of a process; undefined for any other line. The line has no colours any more. Never throws. */
export function fatalIn(text: string, {level, message, fields}: LogLine = readLogLine(text)): Fatal | undefined {
	const own = broke.exec(text)?.[1];
	if (own === undefined && !levels.includes(level)) return undefined;
	const error = typeof fields.error === 'string' ? fields.error : '';
	const says = (own ?? [message, error].filter((part) => part !== '').join(': ')).trim().replace(/\.$/, '');
	return {says, cause: causes.find(([pattern]) => pattern.test(says))?.[1] ?? 'other'};
}

/** The newest of such lines, the oldest line coming first. */
const lastFatal = (lines: readonly string[]): Fatal | undefined => lines.map((line) => fatalIn(line)).findLast((fatal) => fatal !== undefined);

/** Texts of which each such line holds one. */
export const fatalWords: readonly string[] = ['FATAL: ', 'PANIC: ', '"level":"fatal"', '"level":"panic"', 'panic: ', 'fatal error: '];

/** A crash in a sentence for whoever has no panel before them: how it ended and the runner's own last words. */
export function crashWords(unit: Pick<Unit, 'result' | 'status'>, log: readonly string[]): string {
	const [how, last] = [endOf(unit), lastFatal(log)];
	return `${how === undefined ? '' : ` (${how})`}${last ? `: ${last.says}` : ''}`;
}

/** The problem of a runner that was started and has ended by itself, with its mend; `log` are its last lines, the oldest first. */
export function crashed(unit: Pick<Unit, 'result' | 'status'>, log: readonly string[]): Problem {
	const last = lastFatal(log);
	const base = {code: 'runner-crashed', fault: 'outside'} as const;
	if (last?.cause === 'port')
		return new Problem({
			...base,
			message: `GitLab Runner ends as soon as it's started: another program on the manager has the port of its metrics (${last.says}).`,
			advice: 'Run `gitlab-runner-aws ssh -- sudo ss -ltnp`, which names it, end it, then run the same command again.',
		});
	if (last?.cause === 'config')
		return new Problem({
			...base,
			message: `GitLab Runner ends as soon as it's started, since it can't read config.toml: ${last.says}.`,
			advice: 'Mend /etc/gitlab-runner/config.toml with `gitlab-runner-aws ssh`, then run the same command again.',
		});
	return new Problem({
		...base,
		message: `GitLab Runner ends as soon as it's started${crashWords(unit, log)}.`,
		advice: 'Look at `journalctl -u gitlab-runner` there with `gitlab-runner-aws ssh`.',
	});
}
