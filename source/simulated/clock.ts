import {Stopped} from '../problem.ts';
import {type Clock, realClock} from '../world/laptop/clock.ts';

/** `instant`: waiting takes no real time. A number: simulated seconds for each real one. */
export type Speed = 'instant' | number;

/** The simulated world's time. What the world does by itself happens when time comes to it, and never makes time pass. */
export type SimulatedClock = Clock & {
	/** Lets something of the world's happen at a time (milliseconds since 1970); gives what calls it off. */
	at(when: number, happen: () => void): () => void;
	/** Lets everything happen that has come due: called before anybody looks. */
	settle(): void;
	/** Lets this many milliseconds go by at once, with all that is due on the way. Only with `instant`. */
	advance(ms: number): void;
	/** From now on so many simulated seconds go by in each real one; to be called while nobody waits. */
	pace(speed: number): void;
};

type Timer = {at: number; order: number; fire: () => void};

/** Keeps timers in the order of their time, and of their making where the time is the same. */
function timeline() {
	const timers: Timer[] = [];
	let made = 0;
	const indexOf = (timer: Timer) => {
		let low = 0;
		let high = timers.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			const other = timers[middle];
			if (other && (other.at < timer.at || (other.at === timer.at && other.order < timer.order))) low = middle + 1;
			else high = middle;
		}
		return low;
	};
	return {
		add(at: number, fire: () => void): Timer {
			const timer = {at, order: made++, fire};
			timers.splice(indexOf(timer), 0, timer);
			return timer;
		},
		remove(timer: Timer): void {
			const index = indexOf(timer);
			if (timers[index] === timer) timers.splice(index, 1);
		},
		next: (): Timer | undefined => timers[0],
		take: (): Timer | undefined => timers.shift(),
	};
}

/** Makes the world's clock, starting at `start` (milliseconds since 1970). */
export function simulatedClock(start: number, speed: Speed): SimulatedClock {
	const happenings = timeline();
	const settleTo = (until: number, setTime: (time: number) => void) => {
		for (let next = happenings.next(); next && next.at <= until; next = happenings.next()) {
			happenings.take();
			setTime(next.at);
			next.fire();
		}
		setTime(until);
	};
	const at = (when: number, happen: () => void) => {
		const timer = happenings.add(when, happen);
		return () => happenings.remove(timer);
	};
	let ticking = speed === 'instant' ? instantClock(start, settleTo) : pacedClock(start, speed, settleTo);
	return {
		at,
		now: () => ticking.now(),
		settle: () => ticking.settle(),
		advance: (ms) => ticking.advance(ms),
		sleep: (ms, signal) => ticking.sleep(ms, signal),
		pace(faster) {
			ticking = pacedClock(ticking.now(), faster, settleTo);
		},
	};
}

/** How time goes by. */
type Ticking = Omit<SimulatedClock, 'at' | 'pace'>;

type SettleTo = (until: number, setTime: (time: number) => void) => void;

/** Turns of the event loop in which nothing new is waited for, before time jumps to the next who waits. */
const idleTurns = 2;

function instantClock(start: number, settleTo: SettleTo): Ticking {
	let time = start;
	let settling = false;
	let asleep = 0;
	let pumping = false;
	const sleepers = timeline();
	const setTime = (next: number) => {
		time = Math.max(time, next);
	};
	const reach = (until: number) => {
		if (settling) return;
		settling = true;
		try {
			settleTo(until, setTime);
		} finally {
			settling = false;
		}
	};
	const wakeNext = () => {
		pumping = false;
		const next = sleepers.take();
		if (!next) return;
		reach(Math.max(time, next.at));
		next.fire();
		if (sleepers.next()) pump();
	};
	const waitForIdle = (seen: number, turns: number) => {
		setImmediate(() => {
			if (asleep !== seen) return waitForIdle(asleep, idleTurns);
			if (turns > 1) return waitForIdle(seen, turns - 1);
			wakeNext();
		});
	};
	const pump = () => {
		if (pumping) return;
		pumping = true;
		waitForIdle(asleep, idleTurns);
	};
	return {
		now: () => time,
		settle: () => reach(time),
		advance: (ms) => reach(time + ms),
		sleep: (ms, signal) =>
			new Promise((resolve, reject) => {
				if (signal?.aborted) return reject(new Stopped());
				asleep += 1;
				const stop = () => {
					sleepers.remove(timer);
					reject(new Stopped());
				};
				const timer = sleepers.add(Math.ceil(time + Math.max(0, ms)), () => {
					signal?.removeEventListener('abort', stop);
					resolve();
				});
				signal?.addEventListener('abort', stop, {once: true});
				pump();
			}),
	};
}

function pacedClock(start: number, speed: number, settleTo: SettleTo): Ticking {
	const began = performance.now();
	const real = () => start + (performance.now() - began) * speed;
	let within: number | undefined;
	const settle = () => {
		if (within !== undefined) return;
		try {
			settleTo(real(), (time) => {
				within = time;
			});
		} finally {
			within = undefined;
		}
	};
	return {
		settle,
		now: () => Math.floor(within ?? real()),
		advance: () => {
			throw new Error('Only an instant clock can be moved by hand.');
		},
		async sleep(ms, signal) {
			await realClock.sleep(ms / speed, signal);
			settle();
		},
	};
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32's arithmetic). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}
