import {inOrder} from '../answers/all.ts';
import {interview} from '../answers/interview.ts';
import {type OpenContext, withAnswers} from '../engine/context.ts';
import type {Context} from '../engine/step.ts';
import {executorNaming} from '../executors/list.ts';
import {reportText} from '../faces/words/status-report.ts';
import type {Fleet, Given} from '../fleet.ts';
import {type ActContext, runningManager, within} from '../panel/acts/act-context.ts';
import {prepareChange} from '../panel/acts/change.ts';
import type {PanelAbout, PanelAct, PanelDriver, Prepared} from '../panel/acts/driver.ts';
import {findMoves, move} from '../panel/acts/moves.ts';
import {keepIdle, scale} from '../panel/acts/numbers.ts';
import {preparePause} from '../panel/acts/pause.ts';
import {prepareRemoval} from '../panel/acts/remove-worker.ts';
import {prepareService} from '../panel/acts/service.ts';
import {actTyped, moveChosen, type TypedAct} from '../panel/acts/typed.ts';
import {undo as undoing} from '../panel/acts/undo.ts';
import {join} from '../panel/live/join.ts';
import type {Snapshot} from '../panel/snapshot.ts';
import {watchSources} from '../panel/sources.ts';
import {Problem} from '../problem.ts';
import {type Reaching, reachToChange, sshDestinationOf} from '../steps/reaching.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import {readyShell} from '../world/host/openssh.ts';
import {usualDrainSeconds} from './line/argv.ts';
import {askingFor, lookingAt, namedFleet, refuseUnknown} from './open.ts';
import type {Command, Session} from './session.ts';
import {workerAt} from './ssh.ts';
import {givenOf, lookOnce, type Watch, watchFleet} from './watch.ts';

/** What drives the panel over the world's ports; `paid` is what the panel before it knew to have been paid for. */
export function panelDriver(session: Session, watch: Watch, before?: PanelAbout['before'], paid?: Snapshot['paid']): PanelDriver {
	const {ports, watched, fleet, region} = watch;
	const readOnly = 'managerId' in watched ? 'Only looked at: this manager is not one that was opened as a fleet, so nothing is changed here.' : undefined;
	let latest: Snapshot | undefined;
	return {
		about: {title: fleet.name, region, every: 5, ...(readOnly === undefined ? {} : {readOnly}), ...(session.demo ? {demo: true} : {}), before},
		watch: (tell, signal) =>
			watchSources(ports, watched, {
				signal: AbortSignal.any([signal, session.stops.soft]),
				paid,
				emit: (snapshot) => {
					latest = snapshot;
					tell(snapshot);
				},
			}),
		...panelActs(session, watch, () => latest),
		report: (snapshot) => reportText(snapshot, join(snapshot, ports.clock.now()), ports.clock.now()),
	};
}

/** All answers of a fleet whose record says these. Of what this command line says, only what is this laptop's counts: an act changes nothing else. */
async function answered(session: Session, looking: OpenContext<Reaching>, given: Given, record: Given): Promise<OpenContext<Context>> {
	const {name: fleet, region} = looking.fleet;
	const own = inOrder.flatMap(({id, change}) => (change === undefined && given[id] !== undefined ? [[id, given[id]]] : []));
	const {answers, sources} = await interview({
		layers: {flag: {...Object.fromEntries(own), fleet, region}},
		asking: askingFor(session),
		record: async () => record,
	});
	const gitlabCa = await authorityFor(looking.disk, answers.gitlabCa, sources.gitlabCa);
	return withAnswers(looking, {answers, sources, gitlabCa});
}

/** What acts on a fleet work with. `latest` is what was seen last. */
export async function actContextFor(session: Session, fleet: Fleet, gitlab: ActContext['gitlab'], latest: () => Snapshot | undefined): Promise<ActContext> {
	const given = await givenOf(session);
	return {
		fleet,
		who: session.who,
		drainSeconds: session.options.drainSeconds ?? usualDrainSeconds,
		endsJobs: false,
		gitlab,
		open: (): OpenContext<Reaching> => Object.assign(lookingAt(session, fleet), {answers: given}),
		answered: (looking, record) => answered(session, looking, given, record),
		latest,
	};
}

function prepare(actContext: ActContext, act: PanelAct, snapshot: Snapshot, now: number): Promise<Prepared> {
	switch (act.do) {
		case 'scale':
			return prepareChange(actContext, scale(act.limit, snapshot));
		case 'idle':
			return prepareChange(actContext, keepIdle(act.count, snapshot));
		case 'drain':
		case 'resume':
		case 'restart':
		case 'start':
		case 'reload':
			return prepareService(actContext, act.do, snapshot, now);
		case 'pause':
			return preparePause(actContext, act.paused, snapshot);
		case 'remove':
			return prepareRemoval(actContext, act.worker, snapshot, now);
		case 'undo':
			return prepareChange(actContext, undoing);
		case 'move':
			return prepareChange(actContext, move(act.to, act.label));
	}
}

/** Throws a Problem where the manager has no way into a worker. */
function judgeInStore(worker: string, snapshot: Snapshot): void {
	const message = snapshot.host.value ? executorNaming(worker).view.noWay(snapshot.host.value, worker) : "The manager can't be asked now.";
	if (message !== undefined) throw new Problem({code: 'worker-not-in-store', message, advice: '`x` looks at leftovers.'});
}

/** A shell on the manager, or on a worker by its executor's way there; this laptop's key is let in first where it isn't yet. */
async function shellOn(actContext: ActContext, worker: string | undefined): ReturnType<PanelDriver['shell']> {
	return within(actContext.open(), async (context) => {
		const manager = await runningManager(context);
		const {connection, fresh} = await reachToChange(context, manager);
		const {stdout} = await connection.run('cat /etc/ssh/ssh_host_*_key.pub');
		const destination = await sshDestinationOf(context, manager);
		const command = worker === undefined ? undefined : await executorNaming(worker).onWorker(destination.user, workerAt(context.cloud, worker), undefined);
		return readyShell({...destination, privateKey: fresh?.privateKey, hostKeys: stdout.split('\n').filter(Boolean), command, terminal: true});
	});
}

/** What can be done from the panel; nothing on a manager that is only looked at, and no shell in the demo. */
export function panelActs(
	session: Session,
	{ports, watched, fleet}: Watch,
	latest: () => Snapshot | undefined,
): Pick<PanelDriver, 'prepare' | 'moves' | 'shell'> {
	const refused = (): Promise<never> =>
		Promise.reject(new Problem({code: 'read-only', message: 'This manager is only looked at.', advice: 'Open its fleet by name to change something.'}));
	if ('managerId' in watched) return {prepare: refused, moves: refused, shell: refused};
	const actContext = actContextFor(session, fleet, ports.gitlab, latest);
	return {
		prepare: async (act, snapshot, endsJobs = false) => prepare({...(await actContext), endsJobs}, act, snapshot, ports.clock.now()),
		moves: async (snapshot) => findMoves(await actContext, snapshot),
		shell: async (worker, snapshot) => {
			if (session.demo) throw new Problem({code: 'demo', message: 'The demo has no machine to open a shell on.'});
			if (worker !== undefined) judgeInStore(worker, snapshot);
			return shellOn(await actContext, worker);
		},
	};
}

/** Readies what was typed. What the panel shows is looked at first, unless the act needs none of it. */
async function prepareTyped(session: Session, fleet: Fleet, typed: TypedAct): Promise<Prepared> {
	const endsJobs = typed.now;
	if ('act' in typed && typed.act.do === 'undo')
		return prepareChange({...(await actContextFor(session, fleet, undefined, () => undefined)), endsJobs}, undoing);
	const watch = await watchFleet(session, fleet);
	const {snapshot} = await lookOnce(watch, session.stops.soft);
	const {moves, prepare: ready} = panelActs(session, watch, () => snapshot);
	const ask = session.interactive ? session.face.ask : undefined;
	return ready('act' in typed ? typed.act : await moveChosen(await moves(snapshot), typed.move, ask), snapshot, endsJobs);
}

/** Changes a fleet that stands as a key of the panel does, from any laptop, once what that changes was agreed to. */
export const act: Command = async (session) => {
	const {face, parsed} = session;
	const typed = actTyped(parsed.words);
	if ('wrong' in typed) throw new Problem({code: 'usage', exit: 2, message: typed.wrong, advice: '`gitlab-runner-aws help status` says what there is.'});
	const fleet = await namedFleet(session);
	await refuseUnknown(session, fleet);
	const prepared = await prepareTyped(session, fleet, typed);
	if (!(await face.agree(prepared.proposal))) return 0;
	const says = await prepared.carryOut((done) => face.emit({event: 'note', about: 'progress', says: done}));
	face.emit({event: 'ended', says, next: [{command: `gitlab-runner-aws status --fleet ${fleet.name} --region ${fleet.region}`, does: 'shows the fleet'}]});
	return 0;
};
