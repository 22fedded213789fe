import {Stopped} from '../../problem.ts';
import type {Talk} from './prompts.ts';

/** What is typed to wait no more. */
const word = 'now';

/** Hears lines while jobs are waited for, and resolves to true once somebody no longer wants to wait, to false once it is over. */
async function heardNow({say, hear}: Talk, over: AbortSignal): Promise<boolean> {
	say([{mark: 'note', text: `Jobs that run are waited for. Type ${word} and press Enter to end them, and they fail.`}]);
	for (;;) {
		const line = (await hear(over))?.trim();
		if (line === undefined) return false;
		if (line === word || line === 'N') return true;
		if (line !== '') say([{mark: 'blocked', text: `"${line}" means nothing while jobs are waited for: only ${word} does.`}]);
	}
}

/** Work that waits for running jobs, which somebody may end meanwhile; `listens` is called once it waits. */
export async function hurriedInLines<Result>(talk: Talk, work: (hurry: AbortSignal, listens: () => void) => Promise<Result>): Promise<Result> {
	const hurry = new AbortController();
	const over = new AbortController();
	const listens = (): void =>
		void heardNow(talk, over.signal).then(
			(isNow) => isNow && hurry.abort(),
			(error: unknown) => {
				// Nobody is there any more, or all of it was stopped: whoever does the work tells that.
				if (!(error instanceof Stopped)) throw error;
			},
		);
	try {
		return await work(hurry.signal, listens);
	} finally {
		over.abort();
	}
}
