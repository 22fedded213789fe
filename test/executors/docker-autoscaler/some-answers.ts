import {scalingConfig} from '../../../source/executors/docker-autoscaler/config.ts';
import type {Answers} from '../../../source/fleet.ts';
import type {ConfigWanted} from '../../../source/steps/config/fields.ts';
import {someAnswers, someFleet} from '../docker-machine/some-answers.ts';

/** A complete set of answers of a fleet with an Auto Scaling group, with those of a test over it. */
export const scaledAnswers = (over: Partial<Answers> = {}): Answers => someAnswers({executor: 'docker-autoscaler', workerImage: 'ecs-al2023', ...over});

/** What config.toml is to be for those answers. */
export function scaledConfig(over: Partial<Answers> = {}): ConfigWanted {
	const answers = scaledAnswers(over);
	return {
		answers,
		fleet: someFleet,
		bucket: answers.cache === 'none' ? undefined : 'gitlab-runners-cache-123456789012-us-east-2',
		config: scalingConfig({architecture: 'x86_64', user: 'ec2-user'}),
		token: {token: 'glrt-aaaaaaaaaaaaaaaaaaaa', id: 7},
	};
}
