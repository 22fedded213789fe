import type {AfterRun, Helping, Login} from '../face.ts';
import type {Screen, ScreenListener, Store} from './screen.ts';
import {runScreen} from './screens/run.ts';

/** What a run needs of the face: the store, a way to wait on a screen, to hand the terminal over, to stop. */
export type RunParts = {
	store: Store;
	until<Result>(screen: Screen, handlers: (settle: (result: Result) => void, refuse: (error: unknown) => void) => Partial<ScreenListener>): Promise<Result>;
	handOver(run: () => boolean): Promise<boolean>;
	/** Stops the work, as ctrl-c does. */
	stop(): void;
};

/** Shows a run while somebody helps it along; ends with it, and with what they want to do after it. */
export function runAlong<Result>(
	{store, until, handOver, stop}: RunParts,
	login: Login | undefined,
	work: (helping: Helping | undefined) => Promise<Result>,
): Promise<{result: Result; choice: AfterRun | undefined}> {
	const leaving = new AbortController();
	const hurrying = new AbortController();
	const failed = new Map<string, (again: boolean) => void>();
	let isLeft = false;
	let choice: AfterRun | undefined;
	let look = (): void => {};

	const decide = (step: string, again: boolean): void => {
		const decided = failed.get(step);
		failed.delete(step);
		decided?.(again);
	};
	/** Leaves what failed, now and from now on, so that the run ends. */
	const leave = (): void => {
		isLeft = true;
		for (const step of [...failed.keys()]) decide(step, false);
	};
	const helping: Helping = {
		again: (step) => (isLeft ? Promise.resolve(false) : new Promise((resolve) => failed.set(step, resolve))),
		signal: leaving.signal,
		hurry: hurrying.signal,
		onLook(how) {
			look = how;
		},
	};

	async function logIn({command, run}: Login): Promise<void> {
		const isIn = await handOver(run);
		if (isIn) return look();
		store.set(({wizard}) => ({wizard: {...wizard, news: {says: `\`${command}\` didn't log in.`, role: 'blocked'}}}));
	}

	function after(chosen: AfterRun): void {
		choice = chosen;
		if (typeof chosen === 'object') leaving.abort();
		leave();
	}

	const noNews = (): void => store.set(({wizard}) => ({wizard: {...wizard, news: undefined}}));
	noNews();
	return until<{result: Result; choice: AfterRun | undefined}>({...runScreen, helped: {login: login?.command}}, (settle, refuse) => {
		work(helping).then((result) => settle({result, choice}), refuse);
		return {
			helps(help) {
				if (help === 'look') look();
				else if (help === 'hurry') {
					hurrying.abort();
					store.set(({screens: [bottom, ...above]}) => ({
						screens: [bottom, ...above.map((one) => (one.is === 'run' && one.helped ? {...one, helped: {...one.helped, hurried: true}} : one))],
					}));
				} else if (help === 'login') void (login && logIn(login));
				else if (typeof help === 'object' && 'retry' in help) decide(help.retry, true);
				else after(help);
			},
			stop(outside) {
				leave();
				if (!outside) stop();
			},
		};
	}).finally(noNews);
}
