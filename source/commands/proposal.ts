import {foundIn, type Plan} from '../engine/plan.ts';
import type {Proposal} from '../face.ts';
import {type Answers, markKeys} from '../fleet.ts';
import {answersSeen} from '../questions/settle.ts';
import type {AnyStep, Context} from '../step.ts';
import {type Costs, monthHours} from '../steps/prices.ts';
import {notCounted} from '../telling/costs.ts';

const usd = (value: number | undefined, digits: number): string => (value === undefined ? 'unknown' : `$${value.toFixed(digits)}`);

/** What a fleet of these answers costs, in sentences; guesses are marked "about". */
export function costLines(answers: Answers, {manager, worker, workerOnDemand, most, mostNow}: Costs, isPublic: boolean): string[] {
	const {idleCount, limit, managerType, spot, spotPrice, workerType} = answers;
	const month = (hourly: number | undefined): string => usd(hourly === undefined ? undefined : hourly * monthHours, 0);
	return [
		`The manager: about ${month(manager)} a month with disk and address.`,
		`A worker: about ${usd(worker, 3)} an hour${spot ? ` on spot now (${usd(workerOnDemand, 3)} on demand)` : ''}, with disk and address.`,
		`At most about ${month(most)} a month, if all ${limit} workers ran all month${spot ? ` at ${spotPrice === 'on-demand' ? 'the on-demand price' : `the cap of ${usd(spotPrice, 3)}`}; at today's spot price about ${month(mostNow)}` : ''}.`,
		idleCount === 0
			? `A job waits about 1 m 40 s for its worker; with one idle worker it starts at once, for about ${month(worker)} a month.`
			: `${idleCount} idle ${idleCount === 1 ? 'worker' : 'workers'} all month: about ${month(worker === undefined ? undefined : worker * idleCount)}; jobs start at once while one is idle.`,
		notCounted({types: [managerType, workerType], privately: !isPublic}),
	];
}

/** The titles of the steps whose findings are of a sort. */
const titles = (plan: Plan, steps: readonly AnyStep[], ...sorts: string[]): string =>
	steps
		.filter(({name, apply}) => apply && sorts.includes(plan.get(name)?.is ?? ''))
		.map(({title}) => title.charAt(0).toLowerCase() + title.slice(1))
		.join(' · ');

/** Every answer with where it came from. */
function answerLines(answers: Answers, sources: Context['sources']): string[] {
	const given = answersSeen({given: answers, sources, why: {}, wrong: []});
	const width = Math.max(...given.map(({key}) => key.length));
	const values = Math.min(40, Math.max(...given.map(({value}) => value.length)));
	return given.map(({key, value, source}) => `  ${key.padEnd(width)}  ${value.padEnd(values)}  (${source})`);
}

/** What a run is going to do, before anybody agrees to it. */
export function proposalOf(plan: Plan, steps: readonly AnyStep[], context: Context, costs: Costs | undefined): Proposal {
	const {answers, fleet, sources} = context;
	const list = (label: string, text: string): string[] => (text === '' ? [] : [`${label}  ${text}`]);
	return {
		says: `The fleet ${fleet.name} in ${fleet.region} is made so:`,
		details: [
			...list('Make  ', titles(plan, steps, 'missing', 'waiting')),
			...list('Change', titles(plan, steps, 'different')),
			...list('Remove', titles(plan, steps, 'extra')),
			...list('Keep  ', titles(plan, steps, 'so')),
			'',
			...answerLines(answers, sources),
			'',
			...(costs ? costLines(answers, costs, foundIn(plan).network?.public ?? true) : []),
			`Nothing is touched that doesn't bear ${markKeys.fleet}=${fleet.name}, but for what you named.`,
		],
	};
}
