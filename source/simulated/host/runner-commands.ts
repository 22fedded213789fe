import {paths} from '../../world/host/scripts/paths.ts';
import {moment, type Table, textAt, whole} from '../../world/host/toml.ts';
import {type Hosts, type Machine, runnerProgram, systemIdOf, textOf, versionOf} from './machine.ts';
import {type RunnerEntry, readConfig} from './runner-config.ts';
import {registeredCache, savedByRunner} from './runner-save.ts';
import {noticeConfig} from './running.ts';

/** Who is to be registered by `gitlab-runner register`. */
export type Registered = {name: string; token: string; url?: string; executor?: string};

/** A command of gitlab-runner's has changed its runners: it saves the file as it does, and a running service sees that. */
function save(hosts: Hosts, machine: Machine, change: (runners: Table[]) => Table[]): void {
	machine.files.set(paths.config, {text: savedByRunner(textOf(machine, paths.config) ?? '', change), mode: 0o600});
	noticeConfig({machine, hosts});
}

/** `gitlab-runner register --non-interactive --token …`: false where GitLab refuses the token. */
export function register(hosts: Hosts, machine: Machine, {executor = 'shell', name, token, url = hosts.gitlab.url}: Registered): boolean {
	const {runner} = hosts.gitlab.verify(url, token, hosts.gitlab.ca);
	const systemId = systemIdOf(machine);
	if (!runner) return false;
	hosts.gitlab.hear(runner, {systemId, version: versionOf(machine, runnerProgram) ?? ''});
	const entry: Table = {name, url, id: whole(runner.id), token, token_obtained_at: moment(hosts.clock.now()), executor, cache: registeredCache};
	save(hosts, machine, (runners) => [...runners, entry]);
	return true;
}

function entriesOn(machine: Machine): RunnerEntry[] {
	const read = readConfig(textOf(machine, paths.config) ?? '');
	return 'config' in read ? read.config.entries : [];
}

/** `gitlab-runner unregister --name …`: GitLab forgets this manager of the runner, and the entry goes; the runner stays in GitLab. */
export function unregisterRunner(hosts: Hosts, machine: Machine, name: string): {lines: string[]; code: number} {
	const entry = entriesOn(machine).find((one) => one.name === name);
	if (!entry) return {lines: [`FATAL: could not find a runner with the name '${name}'`], code: 1};
	const systemId = systemIdOf(machine);
	const {runner, status} = hosts.gitlab.verify(entry.url, entry.token, textOf(machine, entry.caPath ?? ''));
	if (status !== 200 && status !== 403) return {lines: [`ERROR: Unregistering runner manager from GitLab failed  status=${status}`], code: 1};
	if (runner?.managers) runner.managers = runner.managers.filter((one) => one.systemId !== systemId);
	save(hosts, machine, (runners) => runners.filter((one) => textAt(one, 'token') !== entry.token));
	return {lines: ['Unregistering runner manager from GitLab succeeded'], code: 0};
}

/** `gitlab-runner verify --delete`: entries whose token GitLab refuses go. */
export function verifyDelete(hosts: Hosts, machine: Machine): void {
	systemIdOf(machine);
	const isRefused = ({caPath, token, url}: RunnerEntry): boolean => hosts.gitlab.verify(url, token, textOf(machine, caPath ?? '')).status === 403;
	const refused = entriesOn(machine).filter(isRefused);
	if (refused.length > 0) save(hosts, machine, (runners) => runners.filter((one) => !refused.some(({token}) => token === textAt(one, 'token'))));
}
