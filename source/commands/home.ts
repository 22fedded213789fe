import pLimit from 'p-limit';
import {fromEnvironment} from '../answers/interview.ts';
import type {HomeChoice, HomeFleet, HomePreset, HomeSeen} from '../faces/face.ts';
import {type Fleet, markKeys} from '../fleet.ts';
import {Problem, Stopped, toProblem} from '../problem.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {presetsUsed} from '../world/laptop/settings.ts';
import {keptDraft} from './draft.ts';
import {enabledRegions, fleetsIn, forFleet} from './open.ts';
import type {Command, Session} from './session.ts';

/** Regions looked at side by side. */
const together = 6;
/** Managers asked side by side. */
const asked = 3;

/** Home: the fleets of all enabled regions as they are found, presets, and what can be done. Without a terminal: the help, exit 2. */
export const home: Command = (session) => homeOr(session, true);

/** Home; where no fleet stands anywhere it goes on to the one thing to do by itself, unless somebody has just come back from there. */
async function homeOr(session: Session, jumps: boolean): Promise<number> {
	if (!session.interactive) {
		const {help} = await import('./line/help.ts');
		session.around.stderr.write(help());
		return 2;
	}
	const choice = await session.face.show.home((tell, signal) => lookAround(session, tell, signal, jumps));
	if (choice.do === 'again') return homeOr(session, jumps);
	if (choice.do === 'quit') return 0;
	if (choice.do === 'demo') {
		// The demo has a world and a clock of its own, and so a face of its own.
		await session.face.close();
		return session.instead(['demo', ...session.around.argv]);
	}
	const {setup} = await import('./setup.ts');
	if (choice.do === 'setup') {
		const options = {...session.options, preset: choice.preset ?? session.options.preset};
		return orHome(session, (from) => setup({...from, options, ...(choice.draft ? {resume: true as const} : {})}));
	}
	if (choice.do === 'destroy') return (await import('./destroy.ts')).destroy(forFleet(session, choice.fleet));
	if (choice.do === 'open') {
		const [{live}, {watchFleet}] = await Promise.all([import('./status.ts'), import('./watch.ts')]);
		const opened = forFleet(session, choice.fleet);
		return live(opened, await watchFleet(opened, choice.fleet));
	}
	return orHome(session, (from) => setup(forFleet(from, choice.fleet)));
}

/** Somebody goes back home from what they began there. */
class WentHome extends Error {}

/** Does what was chosen at home, and shows home again to whoever goes back there. */
async function orHome(session: Session, work: (session: Session) => Promise<number>): Promise<number> {
	const leave = (): never => {
		throw new WentHome();
	};
	try {
		return await work({...session, home: leave});
	} catch (error) {
		if (error instanceof WentHome) return homeOr(session, false);
		throw error;
	}
}

/** Looks in all enabled regions and tells what it sees as it comes; where none has a fleet, there is one thing to do. A region that doesn't answer is told, and harms no other. */
export async function lookAround(session: Session, tell: (seen: HomeSeen) => void, signal: AbortSignal, jumps = true): Promise<HomeChoice | undefined> {
	const {world, stops} = session;
	const draft = (await keptDraft(session))?.says;
	let seen: HomeSeen = {regions: 0, looked: 0, refused: [], fleets: [], presets: await presetsSeen(session), draft};
	const show = (more: Partial<HomeSeen>): void => {
		if (signal.aborted) return;
		seen = {...seen, ...more};
		tell(seen);
	};
	show({});
	world.use(fromEnvironment(session.around.env).profile);
	const first = (await world.defaultRegion()) ?? 'us-east-1';
	const cloud = world.cloudAt(first, AbortSignal.any([stops.soft, signal]));
	void cloud.call('GetCallerIdentity', {}).then(
		({Account, Arn}) => show({who: [Account, Arn?.split('/').at(-1)].filter(Boolean).join(', ')}),
		() => undefined,
	);
	const regions = await regionsFrom(cloud, first, show);
	show({regions: regions.length});
	const limit = pLimit(together);
	const turns = pLimit(asked);
	const glances: Promise<void>[] = [];
	const know = (fleet: HomeFleet): void => show({fleets: seen.fleets.map((one) => (one.name === fleet.name && one.region === fleet.region ? fleet : one))});
	const lookIn = async (region: string): Promise<void> => {
		if (signal.aborted) return;
		try {
			const names = await fleetsIn(world.cloudAt(region, AbortSignal.any([stops.soft, signal])));
			const found = await Promise.all(names.map((name) => fleetSeen(session, {name, region}, signal)));
			show({looked: seen.looked + 1, fleets: [...seen.fleets, ...found].sort(byRegion)});
			for (const fleet of found) if (fleet.is === 'looking') glances.push(turns(() => seenInside(session, fleet, signal, know)));
		} catch (error) {
			if (error instanceof Stopped || signal.aborted) return;
			show({refused: [...seen.refused, {region, says: told(error)}]});
		}
	};
	await Promise.all(regions.map((region) => limit(() => lookIn(region))));
	await Promise.all(glances);
	// Only where every region has said that there is none.
	return jumps && regions.length > 0 && seen.refused.length === 0 && seen.fleets.length === 0 ? {do: 'setup'} : undefined;
}

/** What happened, and what to do about it. */
function told(error: unknown): string {
	const {message, advice} = toProblem(error);
	return advice === undefined ? message : `${message} ${advice}`;
}

const byRegion = (one: HomeFleet, other: HomeFleet): number => one.region.localeCompare(other.region) || one.name.localeCompare(other.name);

/** The regions that are enabled, the one that this laptop is set to first; none where that may not be asked, which is told. */
async function regionsFrom(cloud: ReturnType<Session['world']['cloudAt']>, first: string, show: (seen: Partial<HomeSeen>) => void): Promise<string[]> {
	try {
		return (await enabledRegions(cloud)).sort((one, other) => Number(other === first) - Number(one === first));
	} catch (error) {
		if (error instanceof Stopped) throw error;
		show({refused: [{region: 'all regions', says: told(error)}]});
		return [];
	}
}

/** Tells what a fleet does whose manager runs, and later what it costs; where it can't be asked, its manager's line stays, with why. */
async function seenInside(session: Session, fleet: HomeFleet, signal: AbortSignal, know: (fleet: HomeFleet) => void): Promise<void> {
	if (signal.aborted) return;
	try {
		const {glance} = await import('./watch.ts');
		const {seen, later} = await glance(session, fleet, signal);
		know({...fleet, ...seen});
		// Nobody waits for it.
		void later?.then((priced) => know({...fleet, ...priced}));
	} catch (error) {
		know({...fleet, is: 'note', says: `${fleet.says}. ${toProblem(error).message}`});
	}
}

/** A fleet in a line: whether its manager runs, in which case it's still to be asked. */
async function fleetSeen(session: Session, fleet: Fleet, signal: AbortSignal): Promise<HomeFleet> {
	try {
		return {...fleet, ...(await managerLine(session.world.cloudAt(fleet.region, AbortSignal.any([session.stops.soft, signal])), fleet))};
	} catch (error) {
		if (error instanceof Stopped) throw error;
		return {...fleet, is: 'blocked', says: error instanceof Problem ? error.message : String(error)};
	}
}

async function presetsSeen({presets, settings, world}: Session): Promise<HomePreset[]> {
	const used = await presetsUsed(settings, world.clock.now());
	return (await presets.list()).map((one) => ({name: one.name, says: 'preset' in one ? one.preset.description : one.problem.message, used: used[one.name]}));
}

/** What a fleet's manager is, in a few words: one call. Of one that runs there is more to be looked at. */
async function managerLine(cloud: Cloud, fleet: Fleet): Promise<Pick<HomeFleet, 'is' | 'says'>> {
	const {Reservations = []} = await cloud.call('DescribeInstances', {
		Filters: [
			{Name: `tag:${markKeys.fleet}`, Values: [fleet.name]},
			{Name: `tag:${markKeys.part}`, Values: ['manager']},
			{Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped']},
		],
	});
	const [manager] = Reservations.flatMap(({Instances = []}) => Instances).sort(
		(one, other) => (other.LaunchTime?.getTime() ?? 0) - (one.LaunchTime?.getTime() ?? 0),
	);
	if (!manager) return {is: 'note', says: 'no manager: r makes it again'};
	const state = manager.State?.Name ?? 'unknown';
	const about = `manager ${manager.InstanceId ?? ''} ${manager.InstanceType ?? ''}`;
	return state === 'running' ? {is: 'looking', says: `${about} running`} : {is: 'note', says: `manager ${state}: r starts it again`};
}
