import type {Script} from '../world/host/script.ts';
import {factsWith} from '../world/host/scripts/facts.ts';
import {installWith} from '../world/host/scripts/install.ts';
import {together} from '../world/host/scripts/manager-part.ts';
import {panelWith} from '../world/host/scripts/panel.ts';
import {serviceWith} from '../world/host/scripts/service.ts';
import {dockerAutoscalerPart} from './docker-autoscaler/scripts/manager-part.ts';
import {dockerMachinePart} from './docker-machine/scripts/manager-part.ts';

/** Each executor's part of the manager's scripts. */
const part = together([dockerMachinePart, dockerAutoscalerPart]);

/** The scripts that every manager is asked by, whatever its executor. */
export const {factsScript, softwareFactsScript} = factsWith(part);
export const panelScript = panelWith(part);
export const installScript = installWith(part);
export const serviceScript = serviceWith(part);

type ResultOf<Of> = Of extends Script<never, infer Result> ? Result : never;
/** Every fact about the manager that checks compare, in one round trip. */
export type HostFacts = ResultOf<typeof factsScript>;
/** What of it is no secret: the programs and files that are installed. */
export type SoftwareFacts = ResultOf<typeof softwareFactsScript>;
/** What one round of the panel told. */
export type PanelOutcome = ResultOf<typeof panelScript>;
/** What a round told of the manager itself, where it was asked for. */
export type HostPart = NonNullable<PanelOutcome['host']>;
