import {flagsOf} from '../../answers/value.ts';
import type {Change} from '../../engine/step.ts';
import type {Answers, Fleet, Given} from '../../fleet.ts';
import {Problem} from '../../problem.ts';
import {answersBefore} from '../../steps/record.ts';
import {changesBetween} from '../../steps/recorded.ts';
import {commandLine} from '../../world/host/quote.ts';
import {changeWords, type FleetAct, ofExecutor, ofNumbers, ofWorkers, type Reach} from './change.ts';

const numbers: readonly string[] = ['limit', 'concurrent', 'idleCount'];

/** The command line that gives a fleet those of the answers that are changed. */
function setupWith({name, region}: Fleet, answers: Given, changes: readonly Change[], more: readonly string[]): string {
	const flags = flagsOf(Object.fromEntries(Object.entries(answers).filter(([key]) => changes.some(({what}) => what === key))));
	return commandLine('gitlab-runner-aws', 'setup', '--fleet', name, '--region', region, ...flags, ...more);
}

/** How far these changes reach: those of numbers less far than any other. */
function reachOf(changes: readonly Change[], answers: Answers, before: Given): Reach {
	if (changes.every(({what}) => numbers.includes(what))) return ofNumbers(answers);
	return changes.some(({what}) => what === 'executor') ? ofExecutor(before) : ofWorkers(answers);
}

/** The answers of the record's version before; what others wrote in config.toml since stays. */
export const undo: FleetAct = async ({answers, record}, context) => {
	const before = await answersBefore(context, record);
	if (!before) throw new Problem({code: 'nothing-to-undo', message: 'The record has no earlier version with other answers, so there is nothing to undo.'});
	const changes = changesBetween(record, before);
	const replaced = changes.filter(({how}) => how === 'replace' || how === 'never');
	const otherwise = `Run \`${setupWith(context.fleet, before, changes, replaced.length > 0 ? ['--replace-manager'] : [])}\`, which shows what that changes first.`;
	if (replaced.length > 0)
		throw new Problem({code: 'not-from-panel', message: `${changeWords(replaced)}: that isn't changed from the panel.`, advice: otherwise});
	return {
		...reachOf(changes, answers, before),
		otherwise,
		answers: before,
		says: "The last change of the fleet's answers is taken back. What others wrote in config.toml, and the runner's token, stay.",
		already: 'The fleet is already as the version of its record before says, so there is nothing to undo.',
		done: (changed) => `Undone, ${changed}`,
	};
};
