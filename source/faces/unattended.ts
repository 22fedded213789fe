import {Problem} from '../problem.ts';
import type {Face} from './face.ts';

const nobody = (): Promise<never> =>
	Promise.reject(
		new Problem({code: 'no-terminal', exit: 2, message: 'There is nobody to show this to.', advice: 'Run it in a terminal, without `--yes` and `--json`.'}),
	);

/** What a face does where nobody is there: the answers that were given have to do, nobody helps a run along, and nothing waits to be left. */
export const unattended: Pick<Face, 'walk' | 'run' | 'show'> = {
	walk: (interviewer) => interviewer.alone(),
	run: async (_login, work) => ({result: await work(undefined), choice: undefined}),
	show: {farewell: async () => undefined, home: nobody, panel: nobody},
};
