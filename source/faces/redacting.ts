import type {Happening} from '../engine/events.ts';
import {Problem} from '../problem.ts';
import type {Face} from './face.ts';

/** What stands in a secret's place. */
const hidden = '[secret]';

/** Things that look like a secret whoever gave them: GitLab's tokens, AWS access keys, private keys. */
const looks = [
	/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
	/\bgl(rt|pat|rtr|dt|ptt|cbt|agent|ft|imt|soat|oas)-[\w.-]{8,}/g,
	/\b(AKIA|ASIA)[A-Z0-9]{12,}/g,
];

/** Shorter than this, a given secret would hide ordinary words. */
const leastLength = 6;

/** Makes a function that hides these secrets, and what looks like one, in a text. */
export function redactor(secrets: () => readonly (string | undefined)[]): (text: string) => string {
	return (text) => {
		let clean = text;
		for (const secret of secrets()) if (secret !== undefined && secret.length >= leastLength) clean = clean.replaceAll(secret, hidden);
		for (const look of looks) clean = clean.replace(look, hidden);
		return clean;
	};
}

function everywhere(value: unknown, clean: (text: string) => string): unknown {
	if (typeof value === 'string') return clean(value);
	if (Array.isArray(value)) return value.map((one) => everywhere(one, clean));
	if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, one]) => [clean(key), everywhere(one, clean)]));
	return value;
}

/** The same problem with its texts cleaned; the cause goes, since it may hold anything. */
const cleanProblem = (problem: Problem, clean: (text: string) => string): Problem =>
	new Problem({
		code: problem.code,
		message: clean(problem.message),
		advice: problem.advice === undefined ? undefined : clean(problem.advice),
		fault: problem.fault,
		again: problem.again,
		exit: problem.exit,
	});

/**
 * The same face, to which no secret gets: given secrets, and whatever looks like one, are replaced in every text of events, problems and proposals.
 * `secrets` may be a function, for secrets that are only given later.
 */
export function redacting(face: Face, secrets: readonly (string | undefined)[] | (() => readonly (string | undefined)[])): Face {
	const clean = redactor(typeof secrets === 'function' ? secrets : () => secrets);
	return {
		...face,
		agree: ({says, details, ...rest}) => face.agree({says: clean(says), details: details.map(clean), ...rest}),
		emit: (happening) => face.emit(everywhere(happening, clean) as Happening),
		watch: (title, work) => face.watch(clean(title), work),
		fail: (problem) => face.fail(cleanProblem(problem, clean)),
	};
}

/** A problem's cause as the log keeps it: with its stack, which no screen shows. */
function causeOf(cause: unknown): string {
	if (cause instanceof Error) return cause.stack ?? cause.message;
	return typeof cause === 'object' ? JSON.stringify(cause) : String(cause);
}

/** The same face, whose events and problems go into the log too, problems with their cause. Downloads tell too often to be kept. */
export const logging = (face: Face, log: (line: string) => void): Face => ({
	...face,
	emit(happening) {
		if (happening.event !== 'step.download') log(JSON.stringify(happening));
		face.emit(happening);
	},
	fail(problem) {
		const {cause, code, message} = problem;
		log(`${code}: ${message}${cause === undefined ? '' : `\n${causeOf(cause)}`}`);
		face.fail(problem);
	},
});
