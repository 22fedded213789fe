import {limits} from './limits.ts';
import {capacityPerInstance, fleetingPluginVersion, onDemandBase, onDemandShare, workerSubnets, workerTypes} from './questions.ts';

/** What answers know of docker-autoscaler. */
export const dockerAutoscalerOffered = {
	name: 'docker-autoscaler',
	hint: 'several types and zones, in every region',
	help: 'docker-autoscaler has an Auto Scaling group of several types and zones, in every region.',
	limits,
	workerImage: 'ecs-al2023',
	// That image alone is 30.
	workerDisk: 40,
	jobsPerWorker: ({capacityPerInstance: jobs = 1}: {capacityPerInstance?: number | undefined}): number => jobs,
	questions: {scaling: [capacityPerInstance], workers: [workerTypes, workerSubnets, onDemandBase, onDemandShare], software: [fleetingPluginVersion]},
} as const;
