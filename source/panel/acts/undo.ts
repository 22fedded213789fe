import {followed} from '../../answers/all.ts';
import type {Given} from '../../fleet.ts';
import {isProblem, Problem} from '../../problem.ts';
import {type TakenBack, takenBack} from '../../steps/config/change.ts';
import {recordLook} from '../../steps/looks/record.ts';
import {connectTo, connectToChange, type Reaching} from '../../steps/reaching.ts';
import {canonical} from '../../steps/recorded.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {type ActContext, runningManager, whoseEntry, within} from './act-context.ts';
import type {Prepared} from './driver.ts';
import {answersBefore, decided, recordAnswers} from './recording.ts';
import {commentsGoLine, configOn, isInForce, seenInMetrics, writeOver} from './writing.ts';

const previous = `${paths.config}.previous`;

/** What would be brought back: our keys as they were, and what the record holds with them, given what it holds now. */
type Back = {standing: string; text: string; changes: string[]; held: Given; answers: (recorded: Given) => Given; commentsGo: boolean};

/** An answer that wasn't decided is the one that it goes along with. */
const answerIn = (answers: Given, key: string): unknown => {
	const of = (wanted: string | undefined): unknown => Object.entries(answers).find(([one]) => one === wanted)?.[1];
	return of(key) ?? of(followed(key));
};

/** Whether all answers that a text of config.toml holds are those. */
const agrees = (answers: Given, held: Given): boolean => Object.entries(held).every(([key, value]) => canonical(answerIn(answers, key)) === canonical(value));

const nothing = (why: string): Problem => new Problem({code: 'nothing-to-undo', message: why});

/** The earlier file may be from before the runner stood in it. */
function back(standing: string, earlier: string, whose: Parameters<typeof takenBack>[2]): TakenBack {
	try {
		return takenBack(standing, earlier, whose);
	} catch (error) {
		if (isProblem(error, 'runner-missing')) throw nothing('The config.toml before this one has no runner of this fleet, so there is nothing to undo.');
		throw error;
	}
}

async function lookBack(actContext: ActContext, context: Reaching): Promise<Back> {
	const [manager, record, before] = await Promise.all([runningManager(context), context.look(recordLook), answersBefore(context)]);
	const connection = await connectTo(context, manager);
	const [standing, earlier] = [await configOn(connection), await connection.read(previous)];
	if (earlier === undefined) throw nothing('There is no earlier config.toml on the manager, so there is nothing to undo.');
	const {answers, changes, commentsGo, text} = back(standing, earlier, whoseEntry(record?.answers, actContext.fleet));
	if (changes.length === 0) throw nothing('config.toml says what the one before it said, so there is nothing to undo.');
	return {
		standing,
		text,
		commentsGo,
		changes: changes.map(({what, from, to}) => `${what} ${from} → ${to}`),
		held: answers,
		// The answers of then, where they are the ones that the file of then was made from; else what the file itself says.
		answers: (recorded) => (before && agrees(before, answers) ? before : decided(recorded, answers)),
	};
}

/** Readies the way back to what was ours in the config.toml before, and its answers in the record; what others wrote since stays. */
export async function prepareUndo(actContext: ActContext): Promise<Prepared> {
	const {changes, commentsGo} = await within(actContext.open(), (context) => lookBack(actContext, context));
	return {
		proposal: {
			says: "The last change of config.toml is taken back. What others wrote there, and the runner's token, stay.",
			details: [
				...changes,
				...(commentsGo ? [commentsGoLine] : []),
				'',
				'The one that stands now is kept: undoing again brings that back.',
				`The record gets a version with the answers of then, by ${actContext.who}.`,
			],
		},
		carryOut: (tell) => within(actContext.open(), (context) => goBack(actContext, context, tell)),
	};
}

async function goBack(actContext: ActContext, context: Reaching, tell: (says: string) => void): Promise<string> {
	const {answers, changes, held, standing, text} = await lookBack(actContext, context);
	const connection = await connectToChange(context, await runningManager(context));
	tell('the record being written');
	await recordAnswers(context, answers);
	tell('config.toml being written');
	if (!(await writeOver(connection, standing, text)))
		throw new Problem({code: 'config-busy', message: 'Somebody wrote config.toml at the same moment.', again: true, advice: 'Do it again.'});
	const words = `Undone: ${changes.join(', ')}.`;
	const {limit, concurrent} = held;
	if (limit === undefined || concurrent === undefined) return words;
	tell("waiting for the runner's metrics to say so");
	const isSeen = await seenInMetrics(context, connection, (metrics) => isInForce(metrics, limit, concurrent));
	return isSeen ? `${words} The runner's metrics say so.` : `${words} The runner's metrics haven't said so within a minute.`;
}
