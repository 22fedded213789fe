import type {OpenContext} from '../../engine/context.ts';
import type {Context} from '../../engine/step.ts';
import type {Fleet, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import type {Instance} from '../../steps/looks/account.ts';
import {currentManager} from '../../steps/looks/host.ts';
import type {Reaching} from '../../steps/reaching.ts';
import type {GitlabPanel} from '../../world/gitlab/port.ts';
import type {Snapshot} from '../snapshot.ts';
import type {Prepared} from './driver.ts';

/** What every act of the panel works with. */
export type ActContext = {
	fleet: Fleet;
	/** `alice@laptop`, for the record's history. */
	who: string;
	/** How long running jobs may take to end, in seconds. */
	drainSeconds: number;
	/** Running jobs that an act would wait for end at once. */
	endsJobs: boolean;
	gitlab?: {panel: GitlabPanel; token: string} | undefined;
	/** Opens a context with what this laptop knows; whoever opens it closes it. */
	open(): OpenContext<Reaching>;
	/** The same context with all answers, where the record says these: nobody is asked. */
	answered(looking: OpenContext<Reaching>, record: Given): Promise<OpenContext<Context>>;
	/** What was seen last: an act looks at it once more before it begins. */
	latest(): Snapshot | undefined;
};

/** Does something with a context of its own. */
export async function within<Opened extends OpenContext<Reaching>, Result>(context: Opened, work: (context: Opened) => Promise<Result>): Promise<Result> {
	try {
		return await work(context);
	} finally {
		await context.close();
	}
}

/** The manager that runs, or a Problem. */
export async function runningManager(context: Reaching): Promise<Instance> {
	const manager = await currentManager(context);
	if (manager?.state === 'running') return manager;
	const {name, region} = context.fleet;
	throw new Problem({
		code: 'no-manager',
		message: manager ? `The manager ${manager.id} is ${manager.state}.` : `The fleet ${name} has no manager in ${region}.`,
		advice: `Run \`gitlab-runner-aws setup --fleet ${name} --region ${region}\`.`,
	});
}

/** Readies what changes no answer of the fleet: who did it is kept in the record's history. */
export const prepareWork = (
	{open, who}: ActContext,
	{says, details}: Prepared['proposal'],
	work: (context: OpenContext<Reaching>, tell: (says: string) => void, hurry?: AbortSignal) => Promise<string>,
): Prepared => ({
	proposal: {says, details: [...details, `The record's history says that ${who} did it.`]},
	carryOut: (tell, hurry) => within(open(), (context) => work(context, tell, hurry)),
});
