import {isOfAnother} from '../executors/offered.ts';
import type {Answers} from '../fleet.ts';

/** The types that workers may be, the one that is wanted most first: several only where the executor takes several. */
export const workerTypesOf = (answers: Pick<Answers, 'executor' | 'workerType' | 'workerTypes'>): readonly string[] => {
	const {workerType, workerTypes = []} = answers;
	return workerTypes.length === 0 || isOfAnother('workerTypes', answers) ? [workerType] : workerTypes;
};

/** All types of a fleet, the manager's and the workers', for the look that checks share. */
export const typesOf = (answers: Pick<Answers, 'executor' | 'managerType' | 'workerType' | 'workerTypes'>): readonly string[] => [
	answers.managerType,
	...workerTypesOf(answers),
];
