import {PassThrough} from 'node:stream';
import type {Happening} from '../../source/engine/events.ts';
import type {Face} from '../../source/faces/face.ts';
import {type PlainOptions, plainFace} from '../../source/faces/plain/face.ts';

/** A clock that a test sets by hand. Milliseconds. */
export function handClock() {
	let time = Date.parse('2026-11-24T12:00:00Z');
	const started = time;
	return {now: () => time, at: (ms: number) => (time = started + ms)};
}

/** A stream whose text so far can be read. */
export function textOf() {
	const stream = new PassThrough();
	let text = '';
	stream.on('data', (chunk: Buffer) => {
		text += chunk.toString();
	});
	return {stream, text: () => text};
}

/** A plain face whose output, clock and ticks a test holds; that of a copy of the program where one is given. */
export function plainUnderTest(options: Partial<PlainOptions> = {}, make = plainFace) {
	const out = textOf();
	const err = textOf();
	const clock = handClock();
	const input = new PassThrough();
	let tick = () => {};
	const face = make({
		out: out.stream,
		err: err.stream,
		in: input,
		columns: 100,
		colour: false,
		ascii: false,
		yes: false,
		interactive: false,
		clock,
		every: (callback) => {
			tick = callback;
			return () => {
				tick = () => {};
			};
		},
		...options,
	});
	return {face, clock, input, out: out.text, err: err.text, lines: () => out.text().trimEnd().split('\n'), tick: () => tick()};
}

/** Tells a face what happened, each at its time. */
export function replay(face: Face, clock: {at(ms: number): void}, happenings: readonly (readonly [number, Happening])[]): void {
	for (const [ms, happening] of happenings) {
		clock.at(ms);
		face.emit(happening);
	}
}
