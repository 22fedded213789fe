import {Stopped} from '../../problem.ts';
import type {World} from '../../simulated/world.ts';
import type {Clock} from '../../world/laptop/clock.ts';

/** What happens in the demo's afternoon once: seconds after its beginning, and what. Then it begins anew. */
type Scene = {at: number; does(fleet: DemoFleet): void};

/** The demo's fleet, on which the scenes act. */
type DemoFleet = {world: World; region: string; workers(): {id: string; name: string; spot: boolean}[]};

/** How long one round of scenes takes, in seconds. */
const round = 1500;

const jobs = (at: number, count: number, name: string, seconds: number): Scene => ({
	at,
	does: ({world}) => void world.outside.queueJobs(count, {name, seconds}),
});

/** Jobs come, machines grow, the limit is reached; AWS takes a machine back, leaves an orphan, and has no capacity for a while. */
const scenes: readonly Scene[] = [
	jobs(5, 2, 'build', 240),
	jobs(60, 1, 'lint', 120),
	jobs(150, 9, 'test', 320),
	{
		at: 330,
		does({world, workers}) {
			const taken = workers().find(({spot}) => spot);
			if (taken) world.outside.interruptSpot(taken.id);
		},
	},
	{
		at: 420,
		// A machine that nobody knows any more: made half an hour ago, by a run that ended badly.
		does({world, region, workers}) {
			const like = workers()[0];
			if (!like || isLeft(world, region)) return;
			const name = like.name.replace(/-\d{10}-[0-9a-f]{8}$/, `-${Math.floor(world.time.now() / 1000) - 1800}-0badc0de`);
			world.outside.addInstance(region, {tags: {Name: name}, keyName: name, type: 'c5.large', launchedAt: world.time.now() - 1_800_000});
		},
	},
	{
		at: 560,
		// AWS needs its machines for others: it takes two back and has none to give for a while.
		does({world, region, workers}) {
			for (const zone of ['a', 'b', 'c']) world.outside.capacity('c5.large', `${region}${zone}`, 'none-on-spot');
			for (const {id} of workers()
				.filter(({spot}) => spot)
				.slice(0, 2))
				world.outside.interruptSpot(id);
			world.outside.queueJobs(6, {name: 'deploy', seconds: 180});
		},
	},
	{
		at: 900,
		does({world, region}) {
			for (const zone of ['a', 'b', 'c']) world.outside.capacity('c5.large', `${region}${zone}`, 'some');
		},
	},
	jobs(1000, 2, 'nightly', 200),
];

/** Plays the afternoon over and over until the signal is aborted: simulated time, real shapes. */
export async function play(world: World, region: string, clock: Clock, signal: AbortSignal): Promise<void> {
	const fleet: DemoFleet = {
		world,
		region,
		workers: () => workersOf(world, region),
	};
	while (!signal.aborted) {
		const begun = clock.now();
		for (const {at, does} of scenes) {
			if (!(await waited(clock, begun + at * 1000, signal))) return;
			does(fleet);
		}
		if (!(await waited(clock, begun + round * 1000, signal))) return;
	}
}

async function waited(clock: Clock, until: number, signal: AbortSignal): Promise<boolean> {
	try {
		await clock.sleep(Math.max(1, until - clock.now()), signal);
	} catch (error) {
		if (!(error instanceof Stopped)) throw error;
	}
	return !signal.aborted;
}

/** Whether the orphan of an earlier round is still there. */
const isLeft = (world: World, region: string): boolean =>
	[...world.outside.region(region).instances.values()].some(({keyName, ending}) => !ending && keyName?.endsWith('0badc0de') === true);

/** Workers that run, the oldest first. */
function workersOf(world: World, region: string): ReturnType<DemoFleet['workers']> {
	return [...world.outside.region(region).instances.values()]
		.filter(({keyName, ending}) => !ending && keyName?.startsWith('runner-') === true && !keyName.endsWith('0badc0de'))
		.map(({id, keyName = '', spotRequestId}) => ({id, name: keyName, spot: spotRequestId !== undefined}));
}
