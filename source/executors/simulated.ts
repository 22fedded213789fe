import type {Plays} from '../simulated/host/plays.ts';
import {dockerAutoscalerPlays} from './docker-autoscaler/simulated/plays.ts';
import {dockerMachinePlays} from './docker-machine/simulated/plays.ts';

/** How the simulated manager behaves with each executor. */
export const plays: readonly Plays[] = [dockerMachinePlays, dockerAutoscalerPlays];
