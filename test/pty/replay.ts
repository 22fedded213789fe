import {isStop} from '../../source/engine/plan.ts';
import {mayColour, onlyAscii} from '../../source/faces.ts';
import {toProblem} from '../../source/problem.ts';
import {inkFace} from '../../source/ui/face.tsx';
import {fleetName, limit, region, runnerToken} from '../faces/asked.ts';
import {goodEnd, untilTestMachine, untilTheEnd} from '../faces/recorded.ts';
import {handClock, replay} from '../faces/streams.ts';

const [scenario] = process.argv.slice(2);
const clock = handClock();
let stops = 0;
let onStop = (_kind: 'soft' | 'hard') => {};

const face = inkFace({
	stdin: process.stdin,
	stdout: process.stdout,
	stderr: process.stderr,
	colour: mayColour({json: false, plain: false, stdinIsTty: true, stdoutIsTty: true, env: process.env}, false),
	ascii: onlyAscii(process.env),
	clock,
	yes: scenario === 'yes',
	title: 'set up',
	onStop(kind) {
		stops++;
		onStop(kind);
	},
});

const stopped = (kind: 'soft' | 'hard') =>
	new Promise<void>((resolve) => {
		onStop = (one) => {
			if (one === kind) resolve();
		};
	});

/** A setup in the middle of its run, until ctrl-c. */
async function run(): Promise<number> {
	replay(face, clock, untilTestMachine);
	clock.at(72_000);
	await stopped(scenario === 'run-hard' ? 'hard' : 'soft');
	replay(face, clock, [...untilTheEnd, ...goodEnd]);
	return 130;
}

async function ask(): Promise<number> {
	const answers = [await face.ask(region()), await face.ask(fleetName()), await face.ask(limit()), await face.ask(runnerToken())];
	const agreed = await face.agree({says: 'All of ci goes.', details: ['manager i-1'], word: 'ci'});
	face.emit({event: 'document', name: 'answers', value: JSON.stringify({answers, agreed})});
	return 0;
}

/** Nobody is asked, and the screens still show what goes on. */
async function yes(): Promise<number> {
	const answer = await face.ask(region());
	const agreed = await face.agree({says: 'All of ci goes.', details: []});
	const refused = await face.ask(runnerToken()).catch(toProblem);
	face.emit({event: 'document', name: 'answers', value: JSON.stringify({answer, agreed, refused})});
	return 0;
}

async function watch(): Promise<number> {
	const seen = await face.watch(
		'Waiting for the first job.',
		(signal) => new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(new Error('left')))),
	);
	face.emit({event: 'note', says: seen === undefined ? 'It was left.' : 'It came.'});
	return 0;
}

const scenarios: Record<string, () => Promise<number>> = {run, 'run-hard': run, ask, watch, yes};

let code: number;
try {
	code = (await scenarios[scenario ?? '']?.()) ?? 2;
} catch (error) {
	if (!isStop(error)) throw error;
	code = 130;
}
await face.close();
process.stdout.write(`stops: ${stops}\n`);
process.exitCode = code;
