import type {Source} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {inOrder, questions} from './all.ts';
import {shown, wrongAlone} from './judge.ts';
import {flagOf} from './question.ts';
import {type Layers, type Missing, precedence, type Wrong} from './settle.ts';

/** Answers of any layer that can't be taken whatever the others are, also of those that another layer beats. */
export const refusedGiven = (layers: Layers): Wrong[] =>
	precedence.flatMap((source) =>
		inOrder.flatMap(({id: key}) => {
			const value = layers[source]?.[key];
			const says = value === undefined ? undefined : wrongAlone(key, value);
			return says ? [{key, source, value, says}] : [];
		}),
	);

/** Everything that is missing or can't be taken, told together: exit 2. */
export function refusal(missing: readonly Missing[], wrong: readonly Wrong[]): Problem {
	const lines = [...missing.map(({key, says}) => `${flagOf(key)} is missing, and no one can be asked. ${says}`), ...wrong.map(refusedLine)];
	return new Problem({
		code: missing.length > 0 ? 'answer-missing' : 'answer-wrong',
		exit: 2,
		message: lines.join('\n'),
		advice: advice(missing, wrong),
	});
}

/** One answer that can't be taken, with what would be right. */
const refusedLine = (wrong: Wrong): string => `${whose(wrong)} is ${shown(wrong.key, wrong.value)}. ${wrong.says}`;

function advice(missing: readonly Missing[], wrong: readonly Wrong[]): string {
	const flags = missing.map(({key}) => `\`${flagOf(key)} ${questions[key].example ?? ''}`.trimEnd().concat('`'));
	if (flags.length > 0) return `Add ${flags.join(' and ')}${wrong.length > 0 ? ', and change the rest' : ''}.`;
	return wrong.length === 1 && wrong[0]
		? `Change it with \`${flagOf(wrong[0].key)}\`: ${questions[wrong[0].key].help}`
		: 'Change them and run the same command again.';
}

const places: Record<Exclude<Source, 'flag'>, string> = {
	typed: 'as typed',
	preset: 'of the preset',
	environment: 'of the environment',
	record: "of the fleet's record",
	found: 'as found',
	default: 'by default',
};

const whose = ({key, source}: Wrong): string => (source === 'flag' ? flagOf(key) : `${key} ${places[source]}`);
