import {answersBetween, tokenIn} from '../executors/docker-machine/config-change.ts';
import type {Given} from '../fleet.ts';
import {paths} from '../host/scripts/paths.ts';
import {Problem} from '../problem.ts';
import {recordLook} from '../steps/looks/record.ts';
import {connectTo, connectToChange, type Reaching} from '../steps/reaching.ts';
import {canonical} from '../steps/recorded.ts';
import type {Prepared} from './driver.ts';
import {type Ground, runnerNameOf, runningManager, within} from './ground.ts';
import {answersBefore, recordAnswers} from './recording.ts';
import {configOn, isInForce, seenInMetrics, writeOver} from './writing.ts';

const previous = `${paths.config}.previous`;

/** What would be brought back: the file before, and the answers that go with it. */
type Back = {standing: string; earlier: string; changes: string[]; answers: Given};

/** Whether all answers that a text of config.toml holds are those. */
const agrees = (answers: Given, held: Given): boolean =>
	Object.entries(held).every(([key, value]) => canonical(Object.entries(answers).find(([one]) => one === key)?.[1]) === canonical(value));

async function lookBack(ground: Ground, context: Reaching): Promise<Back> {
	const [manager, record, before] = await Promise.all([runningManager(context), context.look(recordLook), answersBefore(context)]);
	const connection = await connectTo(context, manager);
	const [standing, earlier] = [await configOn(connection), await connection.read(previous)];
	if (earlier === undefined)
		throw new Problem({code: 'nothing-to-undo', message: 'There is no earlier config.toml on the manager, so there is nothing to undo.'});
	if (earlier === standing) throw new Problem({code: 'nothing-to-undo', message: 'config.toml is the same as the one before it.'});
	const whose = {fleet: ground.fleet, runnerName: runnerNameOf(record?.answers, ground.fleet)};
	if (tokenIn(standing, whose) !== tokenIn(earlier, whose)) {
		throw new Problem({
			code: 'token-rotated',
			message: "The runner's token was rotated since the earlier config.toml was written, so that one would no longer work.",
			advice: 'Change back what you want with `+`, `-`, `i` or `m`.',
		});
	}
	const {changes, answers} = answersBetween(standing, earlier, whose.runnerName);
	return {
		standing,
		earlier,
		changes: changes.map(({what, from, to}) => `${what} ${from} → ${to}`),
		// The answers of then, where they are the ones that the file of then was made from; else what the file itself says.
		answers: before && agrees(before, answers) ? before : answers,
	};
}

/** Readies the way back to the config.toml before: its very bytes, and its answers in the record. */
export async function prepareUndo(ground: Ground): Promise<Prepared> {
	const {changes} = await within(ground.open(), (context) => lookBack(ground, context));
	return {
		proposal: {
			says: 'The config.toml before the last change is brought back, byte for byte.',
			details: [
				...(changes.length === 0 ? ['No answer changes by it.'] : changes),
				'',
				'The one that stands now is kept in its place: undoing again brings that back.',
				`The record gets a version with the answers of then, by ${ground.who}.`,
			],
		},
		carryOut: (tell) => within(ground.open(), (context) => goBack(ground, context, tell)),
	};
}

async function goBack(ground: Ground, context: Reaching, tell: (says: string) => void): Promise<string> {
	const {standing, earlier, changes, answers} = await lookBack(ground, context);
	const connection = await connectToChange(context, await runningManager(context));
	tell('the record being written');
	await recordAnswers(context, answers);
	tell('config.toml being written');
	if (!(await writeOver(connection, standing, earlier)))
		throw new Problem({code: 'config-busy', message: 'Somebody wrote config.toml at the same moment.', again: true, advice: 'Do it again.'});
	const words = changes.length === 0 ? 'The earlier config.toml is back.' : `Undone: ${changes.join(', ')}.`;
	const {limit, concurrent} = answers;
	if (limit === undefined || concurrent === undefined) return words;
	tell("waiting for the runner's metrics to say so");
	const isSeen = await seenInMetrics(context, connection, (metrics) => isInForce(metrics, limit, concurrent));
	return isSeen ? `${words} The runner's metrics say so.` : `${words} The runner's metrics haven't said so within a minute.`;
}
