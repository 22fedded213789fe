import {type Ports, simulatedWorld, type World, type WorldOptions} from '../../source/simulated/world.ts';
import {actsSince} from './seen.ts';
import {stateIn} from './state.ts';

/** What is run, once more after each death of the laptop, and what has to be so in the end. */
export type Deadly<Outcome> = {
	/** Makes what the run begins with; gives the laptop that runs it, where that isn't the world's first one. */
	begin?(world: World): Promise<Ports | undefined>;
	run(ports: Ports, world: World): Promise<Outcome>;
	/** What is run after a death, where that isn't the same. */
	again?(ports: Ports, world: World): Promise<Outcome>;
	/** Judges what the last run left. `at` says where the laptop died. */
	holds(outcome: Outcome, ports: Ports, world: World, at: string): Promise<void>;
	options?: WorldOptions;
};

/** A world, and the laptop that goes on in it. */
type Begun = {world: World; ports: Ports};

const runNext = <Outcome>({again, run}: Deadly<Outcome>, deaths: number) => (deaths === 0 ? run : (again ?? run));

/** A world in which the laptop died in each run after so many of its acts, and is on again. */
async function afterDeaths<Outcome>(deadly: Deadly<Outcome>, deaths: readonly number[]): Promise<Begun> {
	const world = simulatedWorld(deadly.options);
	let ports = (await deadly.begin?.(world)) ?? world;
	for (const [before, act] of deaths.entries()) {
		world.faults.dieAt(world.acts.length + act);
		await runNext(deadly, before)(ports, world).catch(() => undefined);
		ports = world.reboot(ports);
	}
	return {world, ports};
}

/** Runs it for the last time, and judges. */
async function ending<Outcome>(deadly: Deadly<Outcome>, deaths: readonly number[], {ports, world}: Begun): Promise<void> {
	const outcome = await runNext(deadly, deaths.length)(ports, world);
	world.outside.afterActs(undefined);
	await deadly.holds(outcome, ports, world, deaths.length === 0 ? 'alive' : `killed at act ${deaths.join(', and in the next run at ')}`);
}

/** Every act of a whole run, one world for each: the laptop dies right after it. Gives how many acts that are. */
export async function atEachAct<Outcome>(deadly: Deadly<Outcome>): Promise<number> {
	const {ports, world} = await afterDeaths(deadly, []);
	const before = world.acts.length;
	await deadly.run(ports, world);
	const acts = actsSince(world, before).length;
	for (let act = 1; act <= acts; act++) await ending(deadly, [act], await afterDeaths(deadly, [act]));
	return acts;
}

/**
 * Every act of a whole run, and every act of each run that follows such a death: the laptop dies right after the one, and then right after the other. What
 * such deaths leave is looked at while a run goes on (test/engine/state.ts); of several that leave the same, which the next run can't tell apart,
 * one is made and gone on from. Gives how many acts and pairs of acts there were.
 */
export async function atEachPair<Outcome>(deadly: Deadly<Outcome>): Promise<{acts: number; pairs: number}> {
	const left = new Set<string>();
	const counts = [0, 0];
	const next: number[][] = [[]];
	for (let deaths = next.shift(); deaths; deaths = next.shift()) {
		const so = deaths;
		const begun = await afterDeaths(deadly, so);
		const before = begun.world.acts.length;
		if (so.length < counts.length)
			begun.world.outside.afterActs((nth) => {
				counts[so.length] = (counts[so.length] ?? 0) + 1;
				const state = stateIn(begun.world, begun.ports);
				if (left.has(state)) return;
				left.add(state);
				next.push([...so, nth - before]);
			});
		await ending(deadly, so, begun);
	}
	const [acts = 0, pairs = 0] = counts;
	return {acts, pairs};
}
