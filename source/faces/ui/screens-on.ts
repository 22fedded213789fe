import {Stopped, toProblem} from '../../problem.ts';
import type {Face, Farewell, HomeChoice, HomeSeen, Interviewer} from '../face.ts';
import {runWizard} from '../wizard/wizard.ts';
import {type PanelParts, runPanel} from './panel/run.ts';
import {type RunParts, runAlong} from './run-along.ts';
import type {Press, ScreenListener, Store, View} from './screen.ts';
import {openWizardTerminal} from './wizard/terminal.ts';

/** What these screens need of the face. */
type ScreensParts = PanelParts &
	RunParts & {
		waiting: ScreenListener[];
		press(press: Press, view: View): void;
	};

/** What only a person at a terminal can be asked and shown. */
export function screensOn({store, waiting, until, stop, press, handOver, later, toClipboard, now}: ScreensParts): Pick<Face, 'walk' | 'run' | 'show'> {
	return {
		walk: (interviewer: Interviewer) =>
			new Promise((resolve, reject) => {
				const {terminal, holds, take, changed, end} = openWizardTerminal(store, press, handOver, later);
				const over = (then: () => void): void => {
					if (!waiting.includes(one)) return;
					waiting.splice(0, waiting.length, ...waiting.filter((other) => other !== one));
					end();
					then();
				};
				const one: ScreenListener = {wizard: take, holds, changed, stop: () => over(() => reject(new Stopped()))};
				waiting.push(one);
				runWizard(interviewer, terminal).then(
					(agreed) => over(() => resolve(agreed)),
					(error: unknown) => over(() => reject(error)),
				);
			}),
		run: (login, work) => runAlong({store, until, handOver, stop}, login, work),
		show: {
			farewell: ({leadsTo, says, next, save}: Farewell) => {
				const name = store.now().state.target?.fleet ?? 'mine';
				return until<void>({is: 'end', leadsTo, says, next, saves: name}, (settle) => ({
					leave: () => settle(undefined),
					wizard: (move) => {
						if (move.do !== 'save') return;
						store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.filter(({is}) => is !== 'save')]}));
						const tell = (news: string, role: 'ready' | 'blocked'): void => store.set(({wizard}) => ({wizard: {...wizard, news: {says: news, role}}}));
						save(move.name).then(
							() => tell(`Preset ${move.name} is saved. Next time: \`gitlab-runner-aws setup --preset ${move.name}\`.`, 'ready'),
							(error: unknown) => tell(toProblem(error).message, 'blocked'),
						);
					},
				}));
			},
			home: (look) => home(store, until, look),
			panel: (driver) => runPanel({store, until, handOver, later, toClipboard, now}, driver),
		},
	};
}

async function home(
	store: Store,
	until: ScreensParts['until'],
	look: (tell: (seen: HomeSeen) => void, signal: AbortSignal) => Promise<HomeChoice | undefined>,
): Promise<HomeChoice> {
	const ended = new AbortController();
	const nothing: HomeSeen = {regions: 0, looked: 0, refused: [], fleets: [], presets: []};
	try {
		return await until<HomeChoice>({is: 'home', seen: nothing}, (settle, refuse) => {
			const tell = (seen: HomeSeen): void =>
				store.set(({screens: [bottom, ...above]}) => ({screens: [bottom, ...above.map((screen) => (screen.is === 'home' ? {...screen, seen} : screen))]}));
			// The screen is there before anything is told to it.
			Promise.resolve()
				.then(() => look(tell, ended.signal))
				.then(
					(choice) => choice && settle(choice),
					(error: unknown) => (ended.signal.aborted ? undefined : refuse(error)),
				);
			return {
				chosen(choice) {
					if (typeof choice === 'object' && 'do' in choice) settle(choice);
				},
			};
		});
	} finally {
		ended.abort();
	}
}
