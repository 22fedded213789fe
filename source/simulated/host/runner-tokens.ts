import {paths} from '../../world/host/scripts/paths.ts';
import {moment} from '../../world/host/toml.ts';
import {textOf} from './machine.ts';
import type {Runner} from './runner.ts';
import type {RunnerEntry} from './runner-config.ts';
import {savedByRunner} from './runner-save.ts';

/** The runner gets itself another token once this much of the old one's time is over. */
const share = 0.75;

const isDue = ({expiresAt, obtainedAt}: RunnerEntry, now: number): boolean =>
	expiresAt !== undefined && obtainedAt !== undefined && now >= obtainedAt + share * (expiresAt - obtainedAt);

/** Gets other tokens for those that end soon, and saves config.toml with them: whatever it doesn't know of the file is lost by that. */
export function renewTokens({hosts, machine, note, process}: Runner): void {
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
