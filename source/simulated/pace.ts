/** How long things take, exactly: in milliseconds, but for the downloads. A world without one lets them vary by chance. */
export type Pace = {
	/** A call to AWS, whichever. */
	call: number;
	/** From an instance's launch until it runs, until SSH answers, until its first boot has ended, and until the console tells that. */
	runs: number;
	boots: number;
	initialises: number;
	console: number;
	/** All downloads of a machine together. */
	bytesPerSecond: number;
	/** Docker's install script on a worker. */
	dockerInstall: number;
};

/** About what real life takes. */
export const realPace: Pace = {
	call: 100,
	runs: 16_000,
	boots: 25_000,
	initialises: 30_000,
	console: 90_000,
	bytesPerSecond: 20_000_000,
	dockerInstall: 30_000,
};
