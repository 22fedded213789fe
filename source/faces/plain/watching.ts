/** Waits for work that a person may leave by pressing Enter; without an input it just waits. The work's signal is aborted when they leave. */
export async function watched<Result>(work: (signal: AbortSignal) => Promise<Result>, input: NodeJS.ReadableStream | undefined): Promise<Result | undefined> {
	const controller = new AbortController();
	if (!input) return work(controller.signal);
	let leave = () => {};
	const left = new Promise<undefined>((resolve) => {
		leave = () => {
			controller.abort();
			resolve(undefined);
		};
		input.once('data', leave);
		// A prompt before has paused it, and listening alone doesn't go on then.
		input.resume();
	});
	try {
		return await Promise.race([work(controller.signal).catch((error: unknown) => (controller.signal.aborted ? undefined : Promise.reject(error))), left]);
	} finally {
		input.off('data', leave);
		input.pause();
	}
}
