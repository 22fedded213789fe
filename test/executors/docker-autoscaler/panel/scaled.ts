import type {Answers} from '../../../../source/fleet.ts';

/** What makes the usual answers of tests those of a docker-autoscaler fleet. */
export const scaled: Partial<Answers> = {executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 30};
