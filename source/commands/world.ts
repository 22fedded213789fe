import type {Address} from '../address/port.ts';
import type {Clock, Random} from '../clock.ts';
import {type Cloud, type CloudAt, changes} from '../cloud/port.ts';
import type {Disk} from '../disk/port.ts';
import type {GitlabAt} from '../gitlab/port.ts';
import type {Host} from '../host/port.ts';
import type {Adapters} from '../step.ts';
import type {Stops} from './stops.ts';

/** Everything outside that commands work with: the real one, or the simulated. */
export type World = {
	cloudAt: CloudAt;
	host: Host;
	gitlabAt: GitlabAt;
	address: Address;
	disk: Disk;
	clock: Clock;
	random: Random;
	/** The region that the environment or the AWS profile names. */
	defaultRegion(): Promise<string | undefined>;
	/** Works with this AWS profile from now on; undefined: the SDK's own chain. */
	use(profile: string | undefined): void;
	/** The command that renews the session of the profile in use; undefined where none does. */
	login(): readonly string[] | undefined;
	/** AWS profiles of this laptop. */
	profiles(): Promise<string[]>;
	close(): void;
};

/** A region's cloud, whose calls end as a stop has it: what only looks ends with the first one, what changes something is let end until the second. */
function cloudIn(world: World, region: string, {soft, hard}: Stops): Cloud {
	const [looking, changing] = [world.cloudAt(region, soft), world.cloudAt(region, hard, soft)];
	return {...looking, call: (name, input) => (changes(name, input) ? changing : looking).call(name, input)};
}

/** The world's ports for one region; every call ends once the person wants it to end now. */
export function adaptersAt(world: World, region: string, stops: Stops, who: string): Adapters {
	const {host, gitlabAt, address, disk, clock, random} = world;
	return {
		cloud: cloudIn(world, region, stops),
		cloudAt: (other) => cloudIn(world, other, stops),
		host: {connect: (target, signal) => host.connect(target, signal ?? stops.hard)},
		gitlabAt,
		address: {mine: (signal) => address.mine(signal ?? stops.hard)},
		disk,
		clock,
		random,
		who,
	};
}
