import {fail} from 'node:assert/strict';
import {mayColour, onlyAscii} from '../../source/faces/face.ts';
import {inkFace} from '../../source/faces/ui/face.tsx';
import {isProblem, Stopped, toProblem} from '../../source/problem.ts';
import {fleetName, limit, region, runnerToken} from '../faces/asked.ts';
import {goodEnd, refused, untilTestMachine, untilTheEnd} from '../faces/recorded.ts';
import {homeSeen} from '../faces/states.ts';
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

const told = (value: unknown): void => face.emit({event: 'document', name: 'choice', value: JSON.stringify(value)});

/** Home with fleets and presets; what was chosen is told. */
async function home(): Promise<number> {
	const chosen = await face.show.home(async (tell) => {
		tell(homeSeen);
		return new Promise(() => {});
	});
	told(chosen);
	return 0;
}

/** The last screen of a good run. */
async function end(): Promise<number> {
	replay(face, clock, [...untilTestMachine, ...goodEnd]);
	await face.show.farewell({
		says: 'gitlab-runners is set up in us-east-2, and its runner takes jobs.',
		next: ['plan', 'ssh', 'destroy'].map((word) => ({
			command: `gitlab-runner-aws ${word} --fleet gitlab-runners --region us-east-2`,
			does: 'says what it does',
		})),
		save: async (name) => `/presets/${name}.json`,
	});
	return 0;
}

/** A run of which a step has failed while another goes on, until it's tried again; the session expires then, until somebody looks. */
async function helped(): Promise<number> {
	const {choice} = await face.run({command: 'aws sso login --profile acme-dev', run: () => true}, async (helping) => {
		const {again, onLook} = helping ?? fail('Nobody helps it along.');
		replay(face, clock, [...untilTestMachine, ...untilTheEnd.slice(0, 1)]);
		clock.at(72_000);
		if (!(await again('runner'))) return;
		face.emit({event: 'step.started', step: 'runner'});
		await new Promise<void>((resolve) => {
			onLook(resolve);
			face.emit({
				event: 'run.paused',
				problem: {code: 'session-expired', message: 'The session of AWS profile `acme-dev` has expired (ExpiredToken).', fault: 'told'},
			});
		});
		face.emit({event: 'run.resumed', seconds: 12});
		face.emit({event: 'step.done', step: 'runner', says: 'valid, config.toml written', seconds: 2});
		face.emit({event: 'step.failed', step: 'test-machine', problem: refused, seconds: 30});
		await again('test-machine');
	});
	told(choice ?? 'none');
	return 0;
}

const scenarios: Record<string, () => Promise<number>> = {run, 'run-hard': run, ask, watch, yes, home, end, helped};

let code: number;
try {
	code = (await scenarios[scenario ?? '']?.()) ?? 2;
} catch (error) {
	if (!(error instanceof Stopped) && !isProblem(error, 'stopped')) throw error;
	code = 130;
}
await face.close();
process.stdout.write(`stops: ${stops}\n`);
process.exitCode = code;
