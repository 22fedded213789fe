import type {ZodType} from 'zod';

/** What a script tells, by name. */
export type Properties = Readonly<Record<string, ZodType>>;

/**
 * What an executor adds to the scripts that every manager is asked by, since nobody knows beforehand which executor a manager has. All of its text is
 * for Python 3.6 on, and comes after the prelude and `readingText`.
 */
export type ManagerPart<Software extends Properties = Properties, Facts extends Properties = Properties, Panel extends Properties = Properties> = {
	/**
	 * Puts into `executors`, by the executor's name, a dict of: `keeps`, the folder where it keeps what it knows; `software`, `facts` and `panel`, which
	 * give a dict of what is told below. Changes nothing.
	 */
	readonly looks: string;
	/**
	 * Comes after it where a script changes the manager, and puts into that dict: `prepare(stop)`, which makes what its runner needs, calls `stop` where no
	 * runner may work meanwhile, and gives why it can't or None; `take_away`, which ends the workers that a drained service leaves behind, as `given` names
	 * them, and gives how many.
	 */
	readonly acts: string;
	/** What it tells of what is installed; no secret. */
	readonly software: Software;
	/** What it tells to checks besides. */
	readonly facts: Facts;
	/** Of what it tells to checks, the texts that stay byte for byte, since they are compared. */
	readonly exact?: readonly string[];
	/** What it tells the panel. */
	readonly panel: Panel;
	/** Which of its options have secrets as values: a regular expression that JavaScript and Python read alike, whose case counts nothing. */
	readonly secretOptions: string;
};

/** All of them in one. */
type Merged<Union extends Properties> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All extends Properties) => void
	? All
	: never;

/** The parts of all executors as one. */
export function together<const Parts extends readonly ManagerPart[]>(
	parts: Parts,
): ManagerPart<Merged<Parts[number]['software']>, Merged<Parts[number]['facts']>, Merged<Parts[number]['panel']>> {
	return {
		looks: `executors = {}\n${parts.map(({looks}) => looks).join('')}`,
		acts: parts.map(({acts}) => acts).join(''),
		software: Object.assign({}, ...parts.map(({software}) => software)),
		facts: Object.assign({}, ...parts.map(({facts}) => facts)),
		exact: parts.flatMap(({exact = []}) => exact),
		panel: Object.assign({}, ...parts.map(({panel}) => panel)),
		secretOptions: parts.map(({secretOptions}) => `(?:${secretOptions})`).join('|'),
	};
}
