import type {Done, Machine} from './machine.ts';

/** The machine of the instance that was launched last, as tests look behind it. */
export type Newest = {
	readonly address: string;
	/** Runs a shell command as root, past sshd. */
	exec(command: string): Promise<Done>;
	/** An empty disk and new host keys. */
	reset(): Promise<void>;
	/** Ends sshd and every session. */
	stopSshd(): Promise<void>;
	startSshd(): Promise<void>;
	/** SHA256:... of each host key, ED25519 first. */
	hostKeyFingerprints(): Promise<string[]>;
};

/** What moto tells of its instances: the address of the machine on which one begins or ends. */
export type Told = {launched?: string | undefined; ended?: string | undefined};

type Place = {address: string; machine: Machine | undefined; runs: boolean; fresh: boolean; work: Promise<unknown>};

/**
 * The machines of a world: each instance that a laptop launches has one of its own, with an empty disk and host keys of its own, for as long as it lives.
 * The first one is there from the beginning; others are made when they are wanted.
 */
export async function startMachines(
	addresses: readonly string[],
	start: (address: string) => Promise<Machine>,
): Promise<{newest: Newest; tell(told: Told): void; stop(): Promise<void>}> {
	const places = addresses.map((address): Place => ({address, machine: undefined, runs: false, fresh: true, work: Promise.resolve()}));
	const [first] = places;
	if (!first) {
		throw new Error('A world of machines needs an address');
	}
	let newest = first;

	/** One thing after another happens to a machine. */
	function next<Result>(place: Place, work: () => Promise<Result>): Promise<Result> {
		const done = place.work.then(work, work);
		place.work = done.catch(() => undefined);
		return done;
	}

	async function bootUnlessUp(place: Place): Promise<Machine> {
		if (!place.runs) {
			await place.machine?.boot();
			place.machine ??= await start(place.address);
			place.runs = true;
		}
		if (!place.machine) {
			throw new Error(`No machine is at ${place.address}`);
		}
		return place.machine;
	}

	async function halt(place: Place): Promise<void> {
		if (place.runs) {
			await place.machine?.halt();
		}
		Object.assign(place, {runs: false, fresh: true});
	}

	async function launched(place: Place): Promise<void> {
		if (!place.fresh) {
			await halt(place);
		}
		await bootUnlessUp(place);
		place.fresh = false;
	}

	const on = <Result>(work: (machine: Machine) => Promise<Result>): Promise<Result> => {
		const place = newest;
		return next(place, () => bootUnlessUp(place)).then(work);
	};

	await bootUnlessUp(first);
	return {
		newest: {
			get address() {
				return newest.address;
			},
			exec: (command) => on((machine) => machine.exec(command)),
			reset: () => {
				const place = newest;
				return next(place, async () => {
					await halt(place);
					await bootUnlessUp(place);
				});
			},
			stopSshd: () => on((machine) => machine.stopSshd()),
			startSshd: () => on((machine) => machine.startSshd()),
			hostKeyFingerprints: () => on((machine) => machine.hostKeyFingerprints()),
		},
		tell({ended, launched: begun}) {
			const of = (address: string | undefined): Place | undefined => places.find((place) => place.address === address);
			const [going, coming] = [of(ended), of(begun)];
			if (going) {
				void next(going, () => halt(going));
			}
			if (coming) {
				newest = coming;
				// A machine that doesn't boot shows as SSH that never answers.
				next(coming, () => launched(coming)).catch((error: unknown) => console.error(error));
			}
		},
		async stop() {
			await Promise.all(places.map((place) => place.work));
			await Promise.all(places.map((place) => place.machine?.stop()));
		},
	};
}
