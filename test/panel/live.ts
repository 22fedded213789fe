import {play} from '../../source/commands/demo/script.ts';
import {live} from '../../source/commands/status.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import {makeStops} from '../../source/commands/world.ts';
import {onlyAscii} from '../../source/faces/face.ts';
import {inkFace} from '../../source/faces/ui/face.tsx';
import {Stopped} from '../../source/problem.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {sessionAt, standing} from './at-laptop.ts';

/** The live panel in a real terminal, on a simulated fleet whose time goes this many times as fast, with the usual executor or docker+machine. */
const [speed = '100', executor] = process.argv.slice(2);
const made = executor === 'docker+machine' ? {} : ({executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 40} as const);
const world = await standing(4, {}, made);
// It's set up in no time: what must be made within minutes would else have less the slower this computer is.
world.time.pace(Number(speed));
const stops = makeStops();
const {stdin, stdout, stderr, env} = process;
const face = inkFace({
	...{stdin, stdout, stderr},
	colour: env.NO_COLOR === undefined,
	ascii: onlyAscii(env),
	yes: false,
	clock: world.clock,
	title: 'status',
	onStop: () => stops.raise('SIGINT'),
	ended: stops.soft,
});
const session = sessionAt(world, ['status'], face, {gitlabToken: world.tokens.gitlab, stops, demo: true, interactive: true});
const ended = new AbortController();
const playing = play(world, someFleet, world.clock, ended.signal);
let code = 0;
const begun = world.clock.now();
/** Memory in MB, five times a second, for saying at the end whether it grew. */
const memory: number[] = [];
const sampling = setInterval(() => void memory.push(process.memoryUsage.rss() / 1_048_576), 200);
try {
	code = await live(session, await watchFleet(session, someFleet));
} catch (error) {
	if (!(error instanceof Stopped)) throw error;
	code = 130;
} finally {
	ended.abort();
	await playing;
	await face.close();
	clearInterval(sampling);
}
const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
const half = Math.floor(memory.length / 2);
stdout.write(
	`${Math.round((world.clock.now() - begun) / 60_000)} simulated minutes, memory ${median(memory.slice(Math.floor(half / 2), half)).toFixed(0)} then ${median(memory.slice(half)).toFixed(0)} MB\n`,
);
process.exit(code);
