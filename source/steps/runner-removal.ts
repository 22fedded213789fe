import type {Removal, Report} from '../engine/step.ts';
import type {Given, Source} from '../fleet.ts';
import {isProblem, unless} from '../problem.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import {bareUrl} from '../world/gitlab/url.ts';
import {unregisterScript} from '../world/host/scripts/unregister.ts';
import {parseConfig, type Table, tablesAt, textAt} from '../world/host/toml.ts';
import {printable} from '../world/printable.ts';
import type {ExecutorConfig} from './config/fields.ts';
import {entryOf} from './config/standing.ts';
import {identityLook} from './identity.ts';
import {currentManager, forgetHost, lookAtHost} from './looks/host.ts';
import {recordRead} from './looks/record.ts';
import {connectTo} from './reaching.ts';
import {runnerMark} from './token.ts';

/** The runner in GitLab, and the GitLab that the person named, or the record. */
type KnownRunner = {id?: number | undefined; url: string};

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function entryIn(config: ExecutorConfig, text: string, {fleet}: Removal, recorded: Given): Table | undefined {
	return entryOf(tablesAt(parseConfig(text, 'config.toml on the manager'), 'runners'), {config, fleet, runnerName: recorded.runnerName ?? fleet.name});
}

/** What a manager's config.toml tells of its runner. It decides nothing of where a token goes. */
type ConfiguredRunner = {id?: number | undefined; url?: string | undefined};

/** Unregisters this manager from GitLab, when it can be reached, and tells which runner it was. */
async function unregister(config: ExecutorConfig, removal: Removal, recorded: Given, report: Report): Promise<ConfiguredRunner | undefined> {
	const manager = await currentManager(removal);
	if (manager?.state !== 'running') return undefined;
	const facts = await lookAtHost(removal, manager);
	const entry = facts.config && entryIn(config, facts.config.text, removal, recorded);
	const name = entry && textAt(entry, 'name');
	if (!entry || name === undefined) return undefined;
	const id = Number(entry.id ?? 0);
	const url = textAt(entry, 'url');
	const connection = await connectTo(removal, manager);
	const {code, lines} = await connection.script(unregisterScript, {runnerName: name}, report);
	forgetHost(removal, manager);
	report({
		says:
			code === 0
				? `this manager is unregistered from ${printable(url ?? 'GitLab')}`
				: `GitLab keeps this manager until it is stale: ${lines.at(-1) ?? `exit code ${code}`}`,
	});
	return {...(url === undefined ? {} : {url: printable(bareUrl(url))}), ...(id > 0 ? {id} : {})};
}

/** Where a runner is deleted by hand: its page where the place is known, else the way there. */
function runnerPage({group, project, runner}: Given, {id, url}: KnownRunner): string {
	const page = id === undefined ? '' : `/${id}`;
	if (project !== undefined) return `at ${url}/${project}/-/runners${page}`;
	if (group !== undefined) return `at ${url}/groups/${group}/-/runners${page}`;
	if (runner === 'create') return `at ${url}/admin/runners${page}`;
	return `in ${url} under Settings › CI/CD › Runners${id === undefined ? '' : `, it is #${id}`}`;
}

async function deleteOurs(removal: Removal, recorded: Given, gitlabToken: string, {id, url}: KnownRunner, report: Report): Promise<void> {
	const {answers: here = {}, disk, fleet, gitlabAt, signal} = removal;
	const whose = (key: 'gitlabCa' | 'gitlabUrl'): Source => (here[key] === undefined ? 'record' : 'flag');
	const authority = await authorityFor(disk, here.gitlabCa ?? recorded.gitlabCa, whose('gitlabCa'));
	const gitlab = gitlabAt(url, authority, whose('gitlabUrl'));
	const {account} = await removal.look(identityLook);
	const note = runnerMark(fleet, account);
	const seen = id === undefined ? await gitlab.runners(gitlabToken, signal) : [await gitlab.runner(gitlabToken, id, signal)];
	for (const runner of seen.filter(({maintenanceNote}) => maintenanceNote?.includes(note) === true)) {
		await unless(gitlab.deleteRunner(gitlabToken, runner.id, signal), 'gitlab-not-found');
		report({says: `#${runner.id} deleted in ${url}`});
	}
}

/** Unregisters the manager; deletes the runner in GitLab if we created it and may, else says where it stays. A manager that can't be reached is told. */
export async function removeRunner(config: ExecutorConfig, removal: Removal, report: Report): Promise<void> {
	const {answers: recorded, unread} = await recordRead(removal);
	let told: ConfiguredRunner | undefined;
	try {
		told = await unregister(config, removal, recorded, report);
	} catch (error) {
		if (!isProblem(error)) throw error;
		report({says: `this manager can't be unregistered, and GitLab shows it as stale in time. ${said(error)}`});
	}
	if (recorded.runner === undefined && told === undefined) return;
	// Where the record can't be read, the manager's own word is the best there is for where to look; a token isn't sent on it.
	const url = removal.answers?.gitlabUrl ?? recorded.gitlabUrl ?? (unread && told?.url) ?? 'https://gitlab.com';
	const elsewhere = told?.url !== undefined && told.url !== url ? told.url : undefined;
	// The id of another GitLab's runner is a stranger's here.
	const known: KnownRunner = {url, id: elsewhere === undefined ? told?.id : undefined};
	const stays = `it stays in GitLab, delete it ${runnerPage(recorded, known)}`;
	if (recorded.runner !== 'create' || removal.secrets.gitlabToken === undefined) return report({says: stays});
	if (elsewhere !== undefined)
		return report({says: `config.toml on the manager names ${elsewhere} as its GitLab, and the answers ${url}, so the token was sent to neither. ${stays}`});
	try {
		await deleteOurs(removal, recorded, removal.secrets.gitlabToken, known, report);
	} catch (error) {
		if (!isProblem(error)) throw error;
		const {advice = '', code, message} = error;
		report({says: code === 'gitlab-not-found' ? 'GitLab has it no more' : `${stays}. ${message} ${advice}`.trimEnd()});
	}
}
