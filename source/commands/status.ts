import type {Screens} from '../face.ts';
import type {Fleet} from '../fleet.ts';
import type {PanelAbout} from '../panel/driver.ts';
import {Problem, Stopped, toProblem} from '../problem.ts';
import {chosenManager} from './choosing-manager.ts';
import {forFleet, namedFleet} from './named-fleet.ts';
import {lookingAt} from './opening.ts';
import {tellPlace} from './place.ts';
import type {Command, Session} from './session.ts';
import {again, once, report} from './status-lines.ts';
import {type Watch, watchFleet, watchManager} from './status-ports.ts';

/** Shows a fleet, or any docker+machine manager: live on screens, else once or again and again. Exits 0 healthy, 4 not, 1 when it couldn't be looked at. */
export const status: Command = async (session) => {
	const [word] = session.parsed.words;
	if (word === 'undo') return (await import('./status-undo.ts')).undo(session);
	if (word !== undefined) throw new Problem({code: 'usage', exit: 2, message: `\`status\` takes \`undo\` or nothing, not ${word}.`});
	const watch = await watchOf(session);
	const {screens} = session.face;
	if (session.options.report) return report(session, watch);
	if (screens && session.interactive) return live(session, watch, screens);
	return session.options.watch ? again(session, watch) : once(session, watch);
};

async function watchOf(session: Session): Promise<Watch> {
	if (session.options.manager === undefined) return watchFleet(session, await namedFleet(session));
	const {id, region} = await chosenManager(session, session.options.manager, '--manager');
	session.face.emit({event: 'note', says: `Manager ${id} is only looked at: nothing is changed there, and no tag or key of ours stays.`});
	return watchManager(session, id, region);
}

/** The live panel, and where a person goes from it. */
export async function live(session: Session, watch: Watch, screens: Screens): Promise<number> {
	const {panelDriver} = await import('./status-panel.ts');
	const {fleet, watched} = watch;
	if ('fleet' in watched) void place(session, fleet).catch(() => undefined);
	let before: PanelAbout['before'];
	for (;;) {
		const left = await screens.panel(panelDriver(session, watch, before));
		if (left === 'repair') return (await import('./setup.ts')).setup(forFleet(session, fleet));
		if (left === 'quit') return 0;
		// Leftovers are looked at, agreed to and removed; then the panel is there again.
		before = await leftovers(forFleet(session, fleet));
	}
}

/** Looks at leftovers, and gives what came of it in a sentence. */
async function leftovers(session: Session): Promise<PanelAbout['before']> {
	const {orphans} = await import('./orphans.ts');
	const said: string[] = [];
	const {face} = session;
	const hearing: Session = {
		...session,
		face: {
			...face,
			emit(happening) {
				if (happening.event === 'ended') said.push(happening.says);
				face.emit(happening);
			},
			fail: (problem) => void said.push(problem.message),
		},
	};
	try {
		const code = await orphans(hearing);
		return {says: said.at(-1) ?? 'Nothing was removed.', well: code === 0};
	} catch (error) {
		if (error instanceof Stopped) throw error;
		return {says: toProblem(error).message, well: false};
	}
}

/** Tells whose account it is, for the line of place. */
async function place(session: Session, fleet: Fleet): Promise<void> {
	const context = lookingAt(session, fleet);
	try {
		await tellPlace(session, context);
	} finally {
		await context.close();
	}
}
