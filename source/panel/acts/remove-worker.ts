import {executorOf} from '../../executors/list.ts';
import {Problem} from '../../problem.ts';
import {connectToChange} from '../../steps/reaching.ts';
import {recordNote} from '../../steps/record.ts';
import type {Connection} from '../../world/host/port.ts';
import {money} from '../formats.ts';
import {join} from '../live/join.ts';
import type {WorkerRow} from '../rows.ts';
import type {Snapshot} from '../snapshot.ts';
import {type ActContext, prepareWork, runningManager} from './act-context.ts';
import type {Prepared} from './driver.ts';

/** The worker as it was seen last; throws a Problem when it's busy, or nobody can say that it isn't. */
function freeWorker(snapshot: Snapshot | undefined, name: string, now: number): WorkerRow {
	const row = snapshot && join(snapshot, now).find((one) => one.name === name);
	if (!row) throw new Problem({code: 'worker-gone', message: `${name} is gone.`});
	if (row.state === 'idle' || row.state === 'failed' || row.state === 'stopped') {
		if (row.job === undefined) return row;
	}
	throw new Problem({
		code: 'worker-busy',
		message: `${name} is ${row.state}${row.job ? ` with job #${row.job.id}` : ''}, so it stays.`,
		advice: row.state === 'orphan' ? '`x` looks at leftovers.' : 'Wait until its job has ended, or drain the fleet with `D`.',
	});
}

/** Readies the removal of one idle worker: by what made it on the manager, which knows its instance and its key pair. */
export async function prepareRemoval(actContext: ActContext, name: string, snapshot: Snapshot, now: number): Promise<Prepared> {
	const row = freeWorker(snapshot, name, now);
	const {remove, removed, removing, tool} = executorOf(row).leftovers;
	const proposal = {
		says: removing(name, row.instanceId),
		details: [
			`It is ${row.state}${row.detail === undefined ? '' : `, ${row.detail}`}${row.usdPerHour === undefined ? '' : `, and costs about ${money(row.usdPerHour)} an hour`}.`,
			'No job runs on it, as far as the runner tells; that is looked at once more right before.',
		],
	};
	return prepareWork(actContext, proposal, async (context, tell) => {
		const connection = async (): Promise<Connection> => connectToChange(context, await runningManager(context));
		freeWorker(actContext.latest() ?? snapshot, name, context.clock.now());
		tell(`${tool} being asked`);
		const outcome = await remove({connection, cloud: context.cloud}, name, (progress) => 'says' in progress && tell(progress.says));
		if (outcome.is === 'failed') throw new Problem({code: 'remove-failed', fault: 'outside', message: `${tool} didn't remove ${name}: ${outcome.detail}`});
		if (outcome.is === 'gone') return `${name} was gone already.`;
		await recordNote(context, `removed ${name}`);
		return removed(name);
	});
}
