import {Problem} from '../../problem.ts';
import {recordNote} from '../../steps/record.ts';
import type {Snapshot} from '../snapshot.ts';
import {type ActContext, prepareWork} from './act-context.ts';
import type {Prepared} from './driver.ts';

/** Readies a pause of the runner in GitLab, or its end. */
export async function preparePause(actContext: ActContext, paused: boolean, snapshot: Snapshot): Promise<Prepared> {
	const {gitlab} = actContext;
	const runner = snapshot.gitlab.value?.runner;
	if (!gitlab || !runner)
		throw new Problem({
			code: 'gitlab-token-missing',
			message: 'Pausing is asked of GitLab, and there is no token for it.',
			advice: 'Set `GITLAB_TOKEN`, or give `--gitlab-token-file`.',
		});
	const name = `runner ${runner.id} (${runner.description})`;
	const proposal = {
		says: paused ? `GitLab gives ${name} no more jobs; those that run go on.` : `GitLab gives ${name} jobs again.`,
		details: [
			...(runner.runnerType === 'project_type' ? [] : ['The runner serves more than one project: all of them are met.']),
			paused ? 'Machines go once they are idle for their idle time. `p` unpauses.' : 'Jobs that wait are taken at once.',
		],
	};
	return prepareWork(actContext, proposal, async (context, tell) => {
		tell('GitLab being asked');
		await gitlab.panel.pause(gitlab.token, runner.id, paused);
		await recordNote(context, paused ? 'paused in GitLab' : 'unpaused in GitLab');
		const {paused: isPaused} = await gitlab.panel.served(gitlab.token, runner.id);
		if (isPaused !== paused)
			throw new Problem({code: 'gitlab-pause', fault: 'outside', message: `GitLab still says that the runner is ${isPaused ? 'paused' : 'not paused'}.`});
		return paused ? 'The runner is paused in GitLab.' : 'The runner takes jobs again.';
	});
}
