import {dockerMachineOffered} from './docker-machine/offered.ts';
import type {Limits} from './limits.ts';

/** What answers know of each executor, the one that a new fleet gets first. */
export const offered = [dockerMachineOffered] as const;

/** What the executor that is answered can't do. */
export const limitsOf = ({executor}: {executor?: string | undefined}): Limits => (offered.find(({name}) => name === executor) ?? offered[0]).limits;
