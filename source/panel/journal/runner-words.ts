/** An error of the runner's in one line: without where in its source it comes from, and without the last stop. */
export const runnerWords = (error: string): string =>
	error
		.replace(/\s*\(\w+\.go:\d+:\S+\)/g, '')
		.replace(/\s+/g, ' ')
		.replace(/[\s.]+$/, '');
