import {type Fleet, markKeys, names} from '../../fleet.ts';
import {Stopped} from '../../problem.ts';
import type {World} from '../../simulated/world.ts';
import type {Clock} from '../../world/laptop/clock.ts';

/** What happens in the demo's afternoon once: seconds after its beginning, and what. Then it begins anew. */
type Scene = {at: number; does(fleet: DemoFleet): void};

/** The demo's fleet, on which the scenes act. */
type DemoFleet = {world: World; fleet: Fleet; workers(): {id: string; name: string; spot: boolean}[]};

/** The tag by which EC2 says of which Auto Scaling group an instance is. */
const groupTag = 'aws:autoscaling:groupName';

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
		at: 200,
		// A worker that nobody knows: launched just now, so that it costs from now on, and seen as one once it isn't young any more.
		does(demo) {
			const {fleet, workers, world} = demo;
			const like = workers()[0];
			if (isLeft(demo) || leaveInGroup(demo) || !like) return;
			const now = world.time.now();
			const name = like.name.replace(/-\d{10}-[0-9a-f]{8}$/, `-${Math.floor(now / 1000)}-0badc0de`);
			world.outside.addInstance(fleet.region, {tags: {Name: name}, keyName: name, type: 'c5.large', launchedAt: now});
		},
	},
	{
		at: 330,
		does({world, workers}) {
			const taken = workers().find(({spot}) => spot);
			if (taken) world.outside.interruptSpot(taken.id);
		},
	},
	{
		at: 560,
		// AWS needs its machines for others: it takes two back and has none to give for a while.
		does(demo) {
			const {workers, world} = demo;
			setCapacity(demo, 'none-on-spot');
			for (const {id} of workers()
				.filter(({spot}) => spot)
				.slice(0, 2))
				world.outside.interruptSpot(id);
			world.outside.queueJobs(6, {name: 'deploy', seconds: 180});
		},
	},
	{
		at: 900,
		does: (demo) => setCapacity(demo, 'some'),
	},
	jobs(1000, 2, 'nightly', 200),
];

/** Plays the afternoon over and over until the signal is aborted: simulated time, real shapes. */
export async function play(world: World, fleet: Fleet, clock: Clock, signal: AbortSignal): Promise<void> {
	const demo: DemoFleet = {world, fleet, workers: () => workersOf(world, fleet)};
	while (!signal.aborted) {
		const begun = clock.now();
		for (const {at, does} of scenes) {
			if (!(await waited(clock, begun + at * 1000, signal))) return;
			does(demo);
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

/** The group of the worker that nobody knows: one that bears the fleet's mark, and that no runner of config.toml has. */
const forgottenGroup = (fleet: Fleet): string => `${names.scalingGroup(fleet)}-old`;

/** Whether the orphan of an earlier round is still there. */
const isLeft = ({fleet, world}: DemoFleet): boolean =>
	[...world.outside.region(fleet.region).instances.values()].some(
		({ending, keyName, tags}) => !ending && (keyName?.endsWith('0badc0de') === true || tags[groupTag] === forgottenGroup(fleet)),
	);

/** Where the workers are an Auto Scaling group's, the orphan is of a group that no runner has any more; whether they are. */
function leaveInGroup({fleet, world}: DemoFleet): boolean {
	const {scalingGroups, templates} = world.outside.region(fleet.region);
	const like = scalingGroups.get(names.scalingGroup(fleet));
	if (!like) return false;
	const forgotten = forgottenGroup(fleet);
	const marks = {[markKeys.fleet]: fleet.name, [markKeys.part]: 'group'};
	if (!scalingGroups.has(forgotten))
		world.outside.call('CreateAutoScalingGroup', fleet.region, {
			AutoScalingGroupName: forgotten,
			MinSize: 0,
			MaxSize: 1,
			VPCZoneIdentifier: like.subnetIds.join(','),
			MixedInstancesPolicy: {
				LaunchTemplate: {
					LaunchTemplateSpecification: {LaunchTemplateName: templates.get(like.templateId)?.name, Version: like.version},
					Overrides: like.types.map((InstanceType) => ({InstanceType})),
				},
			},
			Tags: Object.entries(marks).map(([Key, Value]) => ({Key, Value, PropagateAtLaunch: false})),
		});
	world.outside.call('SetDesiredCapacity', fleet.region, {AutoScalingGroupName: forgotten, DesiredCapacity: 1});
	return true;
}

/** Of the fleet's types AWS has none to give on spot, or some again. */
function setCapacity({fleet, world}: DemoFleet, has: 'none-on-spot' | 'some'): void {
	const {scalingGroups, zones} = world.outside.region(fleet.region);
	const types = scalingGroups.get(names.scalingGroup(fleet))?.types ?? ['c5.large'];
	for (const type of types) for (const zone of zones) world.outside.capacity(type, zone, has);
}

/** Workers that run, the oldest first, without those that nobody knows. */
function workersOf(world: World, fleet: Fleet): ReturnType<DemoFleet['workers']> {
	const isWorker = ({keyName = '', tags}: {keyName?: string; tags: Record<string, string>}): boolean =>
		keyName.startsWith('runner-') ? !keyName.endsWith('0badc0de') : tags[groupTag] === names.scalingGroup(fleet);
	return [...world.outside.region(fleet.region).instances.values()]
		.filter((instance) => !instance.ending && isWorker(instance))
		.map(({id, keyName = '', spotRequestId}) => ({id, name: keyName, spot: spotRequestId !== undefined}));
}
