import type {Done, PeerMachine} from './machine.ts';

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
export type InstanceTold = {launched?: string | undefined; ended?: string | undefined};

type MachineSlot = {address: string; machine: PeerMachine | undefined; runs: boolean; fresh: boolean; work: Promise<unknown>};

/**
 * The machines of a world: each instance that a laptop launches has one of its own, with an empty disk and host keys of its own, for as long as it lives.
 * The first one is there from the beginning; others are made when they are wanted.
 */
export async function startMachines(
	addresses: readonly string[],
	start: (address: string) => Promise<PeerMachine>,
): Promise<{newest: Newest; tell(told: InstanceTold): void; stop(): Promise<void>}> {
	const slots = addresses.map((address): MachineSlot => ({address, machine: undefined, runs: false, fresh: true, work: Promise.resolve()}));
	const [first] = slots;
	if (!first) {
		throw new Error('A world of machines needs an address');
	}
	let newest = first;

	/** One thing after another happens to a machine. */
	function next<Result>(slot: MachineSlot, work: () => Promise<Result>): Promise<Result> {
		const done = slot.work.then(work, work);
		slot.work = done.catch(() => undefined);
		return done;
	}

	async function bootUnlessUp(slot: MachineSlot): Promise<PeerMachine> {
		if (!slot.runs) {
			await slot.machine?.boot();
			slot.machine ??= await start(slot.address);
			slot.runs = true;
		}
		if (!slot.machine) {
			throw new Error(`No machine is at ${slot.address}`);
		}
		return slot.machine;
	}

	async function halt(slot: MachineSlot): Promise<void> {
		if (slot.runs) {
			await slot.machine?.halt();
		}
		Object.assign(slot, {runs: false, fresh: true});
	}

	async function launched(slot: MachineSlot): Promise<void> {
		if (!slot.fresh) {
			await halt(slot);
		}
		await bootUnlessUp(slot);
		slot.fresh = false;
	}

	const on = <Result>(work: (machine: PeerMachine) => Promise<Result>): Promise<Result> => {
		const slot = newest;
		return next(slot, () => bootUnlessUp(slot)).then(work);
	};

	await bootUnlessUp(first);
	return {
		newest: {
			get address() {
				return newest.address;
			},
			exec: (command) => on((machine) => machine.exec(command)),
			reset: () => {
				const slot = newest;
				return next(slot, async () => {
					await halt(slot);
					await bootUnlessUp(slot);
				});
			},
			stopSshd: () => on((machine) => machine.stopSshd()),
			startSshd: () => on((machine) => machine.startSshd()),
			hostKeyFingerprints: () => on((machine) => machine.hostKeyFingerprints()),
		},
		tell({ended, launched: begun}) {
			const of = (address: string | undefined): MachineSlot | undefined => slots.find((slot) => slot.address === address);
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
			await Promise.all(slots.map((slot) => slot.work));
			await Promise.all(slots.map((slot) => slot.machine?.stop()));
		},
	};
}
