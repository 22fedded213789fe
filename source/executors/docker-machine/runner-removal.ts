import type {Given} from '../../fleet.ts';
import {unregisterScript} from '../../host/scripts/unregister.ts';
import {isProblem} from '../../problem.ts';
import type {Removal, Report} from '../../step.ts';
import {unless} from '../../steps/answering.ts';
import {currentManager, forgetHost, lookAtHost} from '../../steps/looks/host.ts';
import {identityLook} from '../../steps/looks/identity.ts';
import {recordRead} from '../../steps/looks/record.ts';
import {connectTo} from '../../steps/reaching.ts';
import {parseConfig, type Table, tablesAt, textAt} from './config-document.ts';
import {isFleetRunner} from './config-toml.ts';
import {runnerMark} from './token.ts';

/** What a removal knows of the runner in GitLab; `ca` is PEM that GitLab's certificate is trusted by. */
type Known = {id?: number | undefined; url: string; ca?: string | undefined};

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function entryIn(text: string, {fleet}: Removal, recorded: Given): Table | undefined {
	return tablesAt(parseConfig(text, 'config.toml on the manager'), 'runners').find((runner) => isFleetRunner(runner, recorded.runnerName ?? fleet.name, fleet));
}

/** Unregisters this manager from GitLab, when it can be reached, and tells which runner it was. */
async function unregister(removal: Removal, recorded: Given, report: Report): Promise<Known | undefined> {
	const manager = await currentManager(removal);
	if (manager?.state !== 'running') return undefined;
	const facts = await lookAtHost(removal, manager);
	const entry = facts.config && entryIn(facts.config.text, removal, recorded);
	const name = entry && textAt(entry, 'name');
	if (!entry || name === undefined) return undefined;
	const id = Number(entry.id ?? 0);
	const connection = await connectTo(removal, manager);
	const caPath = textAt(entry, 'tls-ca-file');
	// The manager has the authority itself, so the laptop needs no file of its own.
	const ca = caPath === undefined ? undefined : await connection.read(caPath);
	const {code, lines} = await connection.script(unregisterScript, {runnerName: name}, report);
	forgetHost(removal, manager);
	report({
		says:
			code === 0
				? `this manager is unregistered from ${textAt(entry, 'url') ?? 'GitLab'}`
				: `GitLab keeps this manager until it is stale: ${lines.at(-1) ?? `exit code ${code}`}`,
	});
	return {url: textAt(entry, 'url') ?? 'https://gitlab.com', ...(id > 0 ? {id} : {}), ca};
}

/** Where a runner is deleted by hand: its page where the place is known (facts §17.5), else the way there. */
function runnerPlace({group, project, runner}: Given, {id, url}: Known): string {
	const page = id === undefined ? '' : `/${id}`;
	if (project !== undefined) return `at ${url}/${project}/-/runners${page}`;
	if (group !== undefined) return `at ${url}/groups/${group}/-/runners${page}`;
	if (runner === 'create') return `at ${url}/admin/runners${page}`;
	return `in ${url} under Settings › CI/CD › Runners${id === undefined ? '' : `, it is #${id}`}`;
}

async function deleteOurs(removal: Removal, gitlabToken: string, {id, url, ca}: Known, report: Report): Promise<void> {
	const {fleet, gitlabAt, signal} = removal;
	const gitlab = gitlabAt(url, ca);
	const {account} = await removal.look(identityLook);
	const note = runnerMark(fleet, account);
	const seen = id === undefined ? await gitlab.runners(gitlabToken, signal) : [await gitlab.runner(gitlabToken, id, signal)];
	for (const runner of seen.filter(({maintenanceNote}) => maintenanceNote?.includes(note) === true)) {
		await unless(gitlab.deleteRunner(gitlabToken, runner.id, signal), 'gitlab-not-found');
		report({says: `#${runner.id} deleted in ${url}`});
	}
}

/** Unregisters the manager; deletes the runner in GitLab if we created it and may, else says where it stays. A manager that can't be reached is told. */
export async function removeRunner(removal: Removal, report: Report): Promise<void> {
	const {answers: recorded} = await recordRead(removal);
	let known: Known | undefined;
	try {
		known = await unregister(removal, recorded, report);
	} catch (error) {
		if (!isProblem(error)) throw error;
		report({says: `this manager can't be unregistered, and GitLab shows it as stale in time. ${said(error)}`});
	}
	if (recorded.runner === undefined && known === undefined) return;
	const place = known ?? {url: recorded.gitlabUrl ?? 'https://gitlab.com'};
	const stays = `it stays in GitLab, delete it ${runnerPlace(recorded, place)}`;
	if (recorded.runner !== 'create' || removal.secrets.gitlabToken === undefined) return report({says: stays});
	try {
		await deleteOurs(removal, removal.secrets.gitlabToken, place, report);
	} catch (error) {
		if (!isProblem(error)) throw error;
		report({says: isProblem(error, 'gitlab-not-found') ? 'GitLab has it no more' : `${stays}. ${said(error)}`});
	}
}
