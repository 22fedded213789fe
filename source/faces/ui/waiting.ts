import type {HomeChoice} from '../face.ts';
import type {WizardMove} from '../wizard/seen.ts';
import type {PanelMove} from './panel/seen.ts';
import type {Help, Press, Screen, View} from './screen.ts';

/** Who waits for the screen on top: what to do with what the person does there. */
export type ScreenListener = {
	answer?(value: unknown): void;
	agree?(agreed: boolean): void;
	leave?(): void;
	wizard?(move: WizardMove): void;
	panel?(move: PanelMove): void;
	chosen?(choice: HomeChoice): void;
	helps?(help: Help): void;
	/** True when a press has to wait. */
	holds?(press: Press, view: View): boolean;
	changed?(screen: Screen): void;
	/** `outside`: by a signal, which the rest of the program has heard of. */
	stop(outside: boolean): void;
};
