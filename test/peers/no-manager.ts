import type {MotoSlowness} from './moto.ts';
import {type PeerWorld, startWorld} from './world.ts';

/** AWS, GitLab and the download sites, without a manager's machine: this needs moto alone, and no root. */
export const startWithoutManager = (slowness: MotoSlowness = {}): Promise<PeerWorld> => startWorld({...slowness, manager: false});
