import type {Work} from '../../../simulated/host/machine.ts';
import type {Plays} from '../../../simulated/host/plays.ts';
import {removePlugin, watchGroup} from './play-old-group.ts';
import {testWorker} from './play-test-worker.ts';
import {workerKey} from './play-worker-key.ts';
import {prepare} from './prepare.ts';
import {scalersOf} from './provider.ts';
import {panel, software} from './told.ts';

/** How the simulated manager behaves with docker-autoscaler. */
export const dockerAutoscalerPlays: Plays = {
	executor: 'docker-autoscaler',
	scripts: {'worker-key': workerKey, 'test-worker': testWorker, 'watch-group': watchGroup, 'remove-plugin': removePlugin},
	software,
	facts: () => ({}),
	panel,
	isSecretOption: () => false,
	prepare,
	// Workers are the group's: those of a runner that ends stay.
	*takeAway(): Work<number> {
		yield 100;
		return 0;
	},
	provider: scalersOf,
};
