import assert from 'node:assert/strict';
import {readdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Event} from '../../source/engine/events.ts';
import {lineShape} from '../../source/faces/json/schema.ts';
import type {Given} from '../../source/fleet.ts';
import {until} from '../peers/poll.ts';
import {program, type Ran, type Running} from '../peers/program.ts';
import {programHere} from '../peers/program-here.ts';
import type {PeerWorld} from '../peers/world.ts';

type StepFound = Extract<Event, {event: 'step.found'}>;

type LaptopRun = Running & {env?: Record<string, string>};
type RunHere = Pick<LaptopRun, 'env' | 'said'>;

/** Somebody's computer: a HOME of its own, files with a preset and a token, and all that the program ever said on it. */
export type LaptopOnPeers = {
	home: string;
	env: Record<string, string>;
	token: string;
	/** Flags of the preset, and those of the token. */
	preset: readonly string[];
	tokenFile: readonly string[];
	/** Runs the program with the plain face, in the tests' own process. */
	run(args: readonly string[], running?: RunHere): Promise<Ran>;
	/** Runs the built program with the plain face, as a person's shell would. */
	built(args: readonly string[], running?: LaptopRun): Promise<Ran>;
	/** Runs it with `--json`, and reads each line by the schema; a line that isn't in it fails. */
	json(args: readonly string[], running?: RunHere): Promise<Ran & {lines: Event[]}>;
	/** A file in HOME's files, for another preset or a key. */
	file(name: string, text: string): Promise<string>;
	said(): string;
};

/** Answers that every world's fleet is set up with. */
export const answersFor = (world: PeerWorld, more: Given = {}): Given => ({
	region: 'us-east-1',
	executor: 'docker+machine',
	gitlabUrl: world.gitlab.url,
	downloads: {gitlabRunner: world.downloads.gitlabRunner, dockerMachine: world.downloads.dockerMachine, registry: world.downloads.registry},
	limit: 4,
	...more,
});

/** Sets up a laptop in a world. */
export async function laptopIn(world: PeerWorld, answers: Given = answersFor(world)): Promise<LaptopOnPeers> {
	const [home, files] = await Promise.all([world.newHome(), world.newHome()]);
	const token = world.gitlab.token();
	const said: string[] = [];
	const env = {...world.env, HOME: home};
	const file = async (name: string, text: string): Promise<string> => {
		const path = join(files, name);
		await writeFile(path, text, {mode: 0o600});
		return path;
	};
	const facing = (args: readonly string[], face: string): string[] => {
		const end = args.includes('--') ? args.indexOf('--') : args.length;
		return [...args.slice(0, end), face, ...args.slice(end)];
	};
	async function here(args: readonly string[], {env: more = {}, said: heard}: RunHere = {}): Promise<Ran> {
		const ran = await programHere(args, {...env, ...more}, heard);
		said.push(ran.stdout, ran.stderr);
		return ran;
	}
	async function built(args: readonly string[], {env: more = {}, ...running}: LaptopRun = {}): Promise<Ran> {
		const ran = await program(facing(args, '--plain'), {...env, ...more}, running);
		said.push(ran.stdout, ran.stderr);
		const log = await readFile(join(home, '.local/state/gitlab-runner-aws/log'), 'utf8').catch(() => '');
		assert.doesNotMatch(log, /still open at the end/, 'what was opened is closed by whoever opened it');
		return ran;
	}
	return {
		home,
		env,
		token,
		preset: ['--preset', await file('preset.json', JSON.stringify({version: 1, description: 'acceptance', answers}))],
		tokenFile: ['--token-file', await file('token', `${token}\n`)],
		run: (args, running) => here(facing(args, '--plain'), running),
		built,
		async json(args, running) {
			const ran = await here(facing(args, '--json'), running);
			return {...ran, lines: linesIn(ran.stdout)};
		},
		file,
		said: () => said.join('\n'),
	};
}

/** The lines of `--json` output; one that isn't as the schema says fails the test. */
function linesIn(stdout: string): Event[] {
	return stdout
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const read: Event = JSON.parse(line);
			assert.ok(lineShape.safeParse(read).success, `This line isn't in the schema: ${line}`);
			return read;
		});
}

/** What the checks found that isn't so, by step; a check that waits for another one found nothing. */
export const unlike = (lines: readonly Event[]): Record<string, StepFound['is']> =>
	Object.fromEntries(
		lines.filter((line): line is StepFound => line.event === 'step.found' && line.is !== 'ready' && line.is !== 'waiting').map(({is, step}) => [step, is]),
	);

/** Codes of the problems that were told at the end. */
export const problemsIn = (lines: readonly Event[]): string[] => lines.flatMap((line) => (line.event === 'problem' ? [line.code] : []));

/** A run that must end with this code; what it said is in the failure. */
export function ended(ran: Ran, code: number): void {
	assert.equal(ran.code, code, `exit ${ran.code} ${ran.signal ?? ''}\n${ran.stdout}\n${ran.stderr}`);
}

/** Changing calls since the calls were last forgotten, by action. */
export const changingCalls = (world: PeerWorld): string[] =>
	world.aws
		.calls()
		.filter(({changing}) => changing)
		.map(({action}) => action);

/** Runs a shell command as root on the manager, as somebody at its console would. */
export async function onManager(world: PeerWorld, command: string): Promise<string> {
	const {code, stderr, stdout} = await world.manager.exec(command);
	assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
	return stdout;
}

/** So many seconds have gone by for whatever Python is started on the manager from now on (see ahead.pth); what runs there doesn't see them. */
export const aheadOnManager = (world: PeerWorld, seconds: number): Promise<string> => onManager(world, `echo ${seconds} >/run/ahead`);

/** The text of every file below a folder. */
export async function textBelow(folder: string): Promise<{path: string; text: string}[]> {
	const entries = await readdir(folder, {recursive: true, withFileTypes: true});
	const paths = entries.filter((entry) => entry.isFile()).map(({name, parentPath}) => join(parentPath, name));
	return Promise.all(paths.map(async (path) => ({path, text: await readFile(path, 'utf8')})));
}

const watcher = `
import glob, os, time
seen = set()
while os.path.exists('/run/watched'):
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            seen.add(open(path).read().replace(chr(0), ' '))
        except OSError:
            pass
    time.sleep(0.02)
open('/run/command-lines.new', 'w').write(chr(10).join(seen))
os.rename('/run/command-lines.new', '/run/command-lines')
`;

/** Watches the manager's processes; gives what ends that and tells every command line that was seen. */
export async function commandLines(world: PeerWorld): Promise<() => Promise<string>> {
	await onManager(world, `touch /run/watched && cat > /run/watch.py <<'END'\n${watcher}\nEND\nsetsid python3 /run/watch.py </dev/null >/dev/null 2>&1 &`);
	return async () => {
		await onManager(world, 'rm /run/watched');
		return until('the list of command lines', async () =>
			(await world.manager.exec('test -e /run/command-lines')).code === 0 ? onManager(world, 'cat /run/command-lines') : undefined,
		);
	};
}
