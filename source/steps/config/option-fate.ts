import type {AnswerKey} from '../../fleet.ts';

/** What becomes of one option of somebody's config.toml in a fleet. */
export type OptionFate = {
	/** Where it stands; of a list of tables with its place in it: `runners.machine.autoscaling[1].Periods`. */
	option: string;
	/** As it may be shown. */
	value: string;
	is: 'mapped' | 'not needed' | 'not possible';
	/** The answer that holds it. */
	answer?: AnswerKey;
	/** Why, and what to do instead. */
	says: string;
};

/** A fate without the option that it is of. */
export type Fate = Pick<OptionFate, 'is' | 'answer' | 'says'>;

export const mapped = (answer: AnswerKey, says = `the answer ${answer}`): Fate => ({is: 'mapped', answer, says});
export const notNeeded = (says: string): Fate => ({is: 'not needed', says});
export const notPossible = (says: string): Fate => ({is: 'not possible', says});
