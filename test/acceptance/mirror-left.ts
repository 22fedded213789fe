import type {PeerWorld} from '../peers/world.ts';
import {onManager} from './laptop.ts';

const about =
	'find / -xdev -name "*registry*mirror*" -not -path "/proc/*" -not -path "/run/*" 2>/dev/null; systemctl list-units --all --plain --no-legend; getent passwd';

/** Files, units and users of a mirror on the manager. */
export const mirrorOnManager = async (world: PeerWorld): Promise<string[]> =>
	(await onManager(world, about)).split('\n').filter((line) => /registry.?mirror/.test(line));
