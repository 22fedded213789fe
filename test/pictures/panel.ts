import {play} from '../../source/commands/demo/script.ts';
import {inkFace} from '../../source/faces/ui/face.tsx';
import type {PanelDriver} from '../../source/panel/acts/driver.ts';
import {Problem, Stopped} from '../../source/problem.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {standing} from '../panel/at-laptop.ts';
import {watchedFor} from '../panel/watched.ts';

/** Simulated seconds of the demo's afternoon until the picture is taken: the limit is reached, AWS has taken a machine back, an orphan is there. */
const afternoon = 440;

/** The live panel in a real terminal on the demo's afternoon, at a moment that stands still, so that the same program shows the same. */
const world = await standing(4, {}, {executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 40});
const ended = new AbortController();
const playing = play(world, someFleet, world.clock, ended.signal);
const snapshot = await watchedFor(world, afternoon);
const moment = world.clock.now();
ended.abort();
await playing;

const nothing = (): Promise<never> => Promise.reject(new Problem({code: 'picture', message: 'This is a picture.'}));
const driver: PanelDriver = {
	about: {title: someFleet.name, region: someFleet.region, every: 5, demo: true},
	async watch(tell, signal) {
		tell(snapshot);
		await new Promise((resolve) => signal.addEventListener('abort', resolve));
	},
	prepare: nothing,
	moves: nothing,
	shell: nothing,
	report: () => '',
};
const {stdin, stdout, stderr} = process;
const face = inkFace({
	...{stdin, stdout, stderr},
	colour: true,
	ascii: false,
	yes: false,
	clock: {now: () => moment},
	title: 'status',
	onStop: () => {},
});
try {
	await face.show.panel(driver);
} catch (error) {
	if (!(error instanceof Stopped)) throw error;
}
await face.close();
process.exit(0);
