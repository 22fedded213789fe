import type {OpenContext} from '../engine/context.ts';
import type {Looking} from '../engine/step.ts';
import type {HomeFleet} from '../faces/face.ts';
import {glanceWords} from '../faces/words/status-words.ts';
import type {Fleet, Given, Source} from '../fleet.ts';
import {costs} from '../panel/live/costs.ts';
import {join} from '../panel/live/join.ts';
import {hasSettled, verdictOf} from '../panel/live/verdict.ts';
import {whyWaiting} from '../panel/live/why-waiting.ts';
import {countRows, type WorkerRow} from '../panel/rows.ts';
import {good} from '../panel/seen.ts';
import type {Snapshot} from '../panel/snapshot.ts';
import {lookAtPrices} from '../panel/sources/prices.ts';
import {type PanelPorts, typesIn, type Watched, type Watching, watchSources} from '../panel/sources.ts';
import {Problem, Stopped} from '../problem.ts';
import {recordLook} from '../steps/looks/record.ts';
import {connectTo, type Reaching} from '../steps/reaching.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import type {Connection} from '../world/host/port.ts';
import {layersOf, lookingAt} from './open.ts';
import type {Session} from './session.ts';

/** What is watched, and the ports that it's looked at through. */
export type Watch = {
	watched: Watched;
	ports: PanelPorts;
	region: string;
	/** The fleet, or what stands for it with a manager that bears no mark. */
	fleet: Fleet;
	given: Given;
};

/** What this command line says of how to reach a manager: flags over preset over environment. */
export async function givenOf(session: Session): Promise<Given> {
	const {flag, preset, environment} = await layersOf(session);
	return {...environment, ...preset, ...flag};
}

/** One connection with a context of its own: once it is lost, the next one begins from nothing. */
async function connection(open: () => OpenContext<Reaching>, connect: (context: Reaching) => Promise<Connection>): Promise<Connection> {
	const context = open();
	try {
		const held = await connect(context);
		return {...held, close: () => context.close()};
	} catch (error) {
		await context.close();
		throw error;
	}
}

/** GitLab for the panel, where somebody gave a token for it. */
async function gitlabFor({world, secrets}: Session, given: Given, recorded: Given): Promise<PanelPorts['gitlab']> {
	const token = secrets.gitlabToken;
	if (token === undefined) return undefined;
	const said = (key: 'gitlabCa' | 'gitlabUrl'): Source => (given[key] === undefined ? 'record' : 'flag');
	const {gitlabUrl: url = 'https://gitlab.com', gitlabCa} = {...recorded, ...given};
	return {url, panel: world.gitlabAt(url, await authorityFor(world.disk, gitlabCa, said('gitlabCa')), said('gitlabUrl')), token};
}

const portsFor = (session: Session, region: string, gitlab: PanelPorts['gitlab'], connect: PanelPorts['connect']): PanelPorts => ({
	cloud: session.world.cloudAt(region, session.stops.soft),
	cloudAt: (other) => session.world.cloudAt(other, session.stops.soft),
	clock: session.world.clock,
	connect,
	...(gitlab ? {gitlab} : {}),
});

/** Looks at a fleet of ours. Who has no key here comes in by EC2 Instance Connect; no answer is asked for. */
export async function watchFleet(session: Session, fleet: Fleet): Promise<Watch> {
	const given = await givenOf(session);
	const open = (): OpenContext<Reaching> => Object.assign(lookingAt(session, fleet), {answers: given});
	const gitlab = await gitlabFor(session, given, await recorded(session, fleet));
	const ports = portsFor(session, fleet.region, gitlab, (manager) => connection(open, (context) => connectTo(context, manager)));
	return {watched: {fleet}, ports, region: fleet.region, fleet, given};
}

/** The record's answers; a record that can't be read now is told by its own source, not here. */
async function recorded(session: Session, fleet: Fleet): Promise<Given> {
	const looking: OpenContext<Looking> = lookingAt(session, fleet);
	try {
		return (await looking.look(recordLook))?.answers ?? {};
	} catch {
		return {};
	} finally {
		await looking.close();
	}
}

/**
 * Looks at any manager of workers, whoever made it, and changes nothing there: no tag, no key that stays. It's reached with `--private-key`,
 * or by EC2 Instance Connect, which lets a fresh key in for a minute each time.
 */
export async function watchManager(session: Session, managerId: string, region: string): Promise<Watch> {
	const given = await givenOf(session);
	// No record is looked for: a manager that bears no mark has none, so what it was made of is taken as known.
	const answers: Given = {image: 'unknown', ...given};
	const fleet = {name: managerId, region};
	const open = (): OpenContext<Reaching> => Object.assign(lookingAt(session, fleet), {answers});
	// The token goes to no GitLab that nobody named.
	const gitlab = given.gitlabUrl === undefined ? undefined : await gitlabFor(session, given, {});
	const ports = portsFor(session, region, gitlab, (manager) => connection(open, (context) => connectTo(context, manager)));
	return {watched: {managerId}, ports, region, fleet, given};
}

/** Seconds until a look counts as complete even though a source has neither told nor failed. */
const patience = 60;

/** What one look has told; `now` is milliseconds since 1970. */
export type StatusRound = {snapshot: Snapshot; rows: readonly WorkerRow[]; now: number};

/** Looks until every source but those left out has told or failed, and gives that. Throws a Problem where none has within a minute, and `Stopped` where none has before the person ends it. */
export async function lookOnce(
	{ports, watched}: Pick<Watch, 'ports' | 'watched'>,
	signal: AbortSignal,
	without: Watching['without'] = [],
	heard: (snapshot: Snapshot) => void = () => undefined,
): Promise<StatusRound> {
	const {clock} = ports;
	const ended = new AbortController();
	const until = AbortSignal.any([ended.signal, signal]);
	let last: Snapshot | undefined;
	const late = clock.sleep(patience * 1000, until).then(
		() => ended.abort(),
		() => undefined,
	);
	await watchSources(ports, watched, {
		signal: until,
		without,
		emit(snapshot) {
			last = snapshot;
			heard(snapshot);
			if (hasSettled(snapshot)) ended.abort();
		},
	});
	await late;
	const now = clock.now();
	if (!last && signal.aborted) throw new Stopped();
	if (!last) throw new Problem({code: 'no-answer', message: `No source has answered within ${patience} s.`, fault: 'outside'});
	return {snapshot: last, rows: join(last, now), now};
}

/** What is paid for now, by the panel's own look; what may not be seen is asked for once. */
async function pricesNow({cloud, cloudAt, clock}: PanelPorts, snapshot: Snapshot): Promise<Snapshot['prices']> {
	const types = typesIn(snapshot);
	if (types.all.length === 0) return {};
	const now = clock.now();
	const {prices} = await lookAtPrices(cloud, cloudAt, types, undefined, {from: now, now});
	return good(prices, now);
}

/** What is seen of a fleet at home, and the same with what it costs where that takes longer. */
type Glance = {seen: Pick<HomeFleet, 'is' | 'says'>; later?: Promise<Pick<HomeFleet, 'is' | 'says'>>};

/**
 * One look at a fleet whose manager runs, by what `status` looks at, but for what was paid and who changed what: how many machines are busy, whether jobs wait
 * and why. Where it can't be asked, what is known stays. Prices are asked beside it, as soon as it's known of what, and never waited for.
 */
export async function glance(session: Session, {name, region, says}: HomeFleet, signal: AbortSignal): Promise<Glance> {
	const watch = await watchFleet(session, {name, region});
	let prices: Snapshot['prices'] = {};
	let asking: Promise<void> | undefined;
	const ask = async (snapshot: Snapshot): Promise<void> => {
		prices = await pricesNow(watch.ports, snapshot);
	};
	const {snapshot, now} = await lookOnce(watch, AbortSignal.any([session.stops.soft, signal]), ['leftovers', 'prices', 'record'], (snapshot) => {
		if (snapshot.ec2.value) asking ??= ask(snapshot);
	});
	const seen = () => glanceOf({...snapshot, prices}, now, says);
	return prices.value || !asking ? {seen: seen()} : {seen: seen(), later: asking.then(seen)};
}

function glanceOf(snapshot: Snapshot, now: number, says: string): Glance['seen'] {
	const rows = join(snapshot, now);
	const verdict = verdictOf(snapshot, now, rows);
	if (verdict.is === 'unknown') return {is: 'note', says: `${says}. ${verdict.says}`};
	const why = whyWaiting(snapshot, now, rows);
	const trouble = verdict.causes[0];
	// What is wrong is said first, whether or not jobs wait because of it.
	const told = trouble ? {...why, causes: [trouble]} : why;
	return {is: trouble ? 'note' : 'ready', says: glanceWords(snapshot, countRows(rows), told, costs(snapshot, rows, now))};
}
