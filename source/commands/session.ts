import type {Options, Parsed} from '../command-line/argv.ts';
import type {Face} from '../face.ts';
import type {Presets} from '../presets.ts';
import type {Secrets} from '../questions/secrets.ts';
import type {SettingsStore} from '../settings.ts';
import type {Stops} from './stops.ts';
import type {Surroundings} from './surroundings.ts';
import type {World} from './world.ts';

/** What every command works with: who asked for what, how to meet them, and the world. */
export type Session = {
	parsed: Parsed;
	options: Options;
	around: Surroundings;
	face: Face;
	/** Whether somebody can be asked: a terminal, and neither `--yes` nor `--json`. */
	interactive: boolean;
	world: World;
	stops: Stops;
	/** Secrets given so far; what is learnt later goes in here too, so that it is taken out of all that is shown. */
	secrets: Secrets;
	presets: Presets;
	/** Preferences of this laptop. */
	settings: SettingsStore;
	/** Who works here, for rule descriptions and history: `alice@laptop`. */
	who: string;
	/** Hides a secret from now on in everything that is shown or logged. */
	hide(secret: string): void;
	/** Says that a person gave a token where this GitLab was shown to them. */
	nameGitlab(url: string): void;
	/** Runs another command line in place of this one, with a face of its own. */
	instead(argv: string[]): Promise<number>;
	/** True on the simulated world: it says so on each screen. */
	demo: boolean;
};

/** A command: does its work and gives the exit code. What it throws is told by the face. */
export type Command = (session: Session) => Promise<number>;
