import type {Clock} from '../clock.ts';
import type {Face} from '../face.ts';
import {isInteractive, mayColour, onlyAscii, pickFace, type Terms} from '../faces.ts';
import type {Stops} from './stops.ts';
import type {Surroundings} from './surroundings.ts';

/** Which face is wanted, besides the terms of the terminal. */
export type Facing = {
	yes: boolean;
	colour: boolean;
	title: string;
	stops: Stops;
	clock: Clock;
	/** The terminal and standard output are for another program, so all that is ours is lines on standard error. */
	aside?: boolean;
};

/** Commands whose name isn't quite what a person sets out to do. */
const titles: Readonly<Record<string, string>> = {setup: 'set up', home: 'gitlab-runner-aws'};

/** Picks the face, once, and loads only that one's code. */
export async function faceFor(
	{stdin, stdout, stderr, env}: Surroundings,
	terms: Terms,
	{yes, colour, title, stops, clock, aside = false}: Facing,
): Promise<Face> {
	// Screens would go on reading the keys that are the other program's.
	const picked = pickFace(aside ? {...terms, plain: true} : terms);
	const out = aside ? stderr : stdout;
	const look = {colour: mayColour({...terms, stdoutIsTty: out.isTTY === true}, !colour), ascii: onlyAscii(env)};
	if (picked === 'json') return (await import('../json/face.ts')).jsonFace({out, yes, clock});
	if (picked === 'screens' && !yes) {
		const {inkFace} = await import('../ui/face.tsx');
		return inkFace({stdin, stdout, stderr, ...look, clock, yes, title: titles[title] ?? title, onStop: () => stops.raise('SIGINT'), ended: stops.soft});
	}
	const {plainFace} = await import('../plain/face.ts');
	return plainFace({out, err: stderr, in: stdin, columns: () => out.columns ?? 80, ...look, yes, interactive: isInteractive(terms), clock, ended: stops.soft});
}
