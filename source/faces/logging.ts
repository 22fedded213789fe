import type {Face} from './face.ts';

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
