import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {addAbortSignal, type Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {presetsIn} from '../answers/presets.ts';
import {secretsIn} from '../answers/secret-interview.ts';
import type {Secrets} from '../answers/secrets.ts';
import {type Face, isInteractive, mayColour, onlyAscii, pickFace, type Terms} from '../faces/face.ts';
import {logging, redacting, redactor} from '../faces/redacting.ts';
import {unagreed} from '../faces/words/unanswered.ts';
import {Problem, Stopped, toProblem} from '../problem.ts';
import {namedGitlabs} from '../world/gitlab/named.ts';
import {commandLine} from '../world/host/quote.ts';
import {type Clock, realClock} from '../world/laptop/clock.ts';
import {forgiving} from '../world/laptop/disk/forgiving.ts';
import {diskReason} from '../world/laptop/refused-by-disk.ts';
import {configFolder, settingsIn} from '../world/laptop/settings.ts';
import {printableLines} from '../world/printable.ts';
import {type Parsed, parse} from './line/argv.ts';
import {type CommandName, commands, isRemembered} from './line/command-table.ts';
import {type Command, columnsIn, demoOver, failAll, overseeing, type Session} from './session.ts';
import {type CommandWorld, makeStops, realWorld, type Stops, type Surroundings} from './world.ts';

/** Runs one command line and gives the exit code: 0 done, 1 a problem, 2 usage, 3 changes found, 129/130/143 stopped, 70 a bug of ours. */
export async function run(around: Surroundings): Promise<number> {
	const terms = termsOf(around);
	const stops = makeStops();
	around.onSignal(stops.raise);
	around.onUnread(stops.unread);
	try {
		const parsed = parse(around.argv);
		const text = parsed.options.version ? `${around.version}\n` : await answerAtOnce(parsed, around);
		if (text === undefined) return await carryOut(parsed, around, terms, stops);
		around.stdout.write(text);
		return 0;
	} catch (error) {
		// Nothing has begun yet: the command line itself can't be used, or a file that it names; or a secret was still being typed.
		const face = await faceFor(around, {...terms, plain: true}, {yes: false, colour: false, title: '', stops, clock: realClock});
		try {
			if (error instanceof Stopped) return stopped(face, stops);
			const problem = toProblem(error);
			face.fail(problem);
			return problem.exit;
		} finally {
			await face.close();
		}
	}
}

const termsOf = ({argv, env, stdin, stdout}: Surroundings): Terms => ({
	json: argv.includes('--json'),
	// A page of text is no screen.
	plain: argv.includes('--plain') || argv.includes('--report'),
	stdinIsTty: stdin.isTTY === true,
	stdoutIsTty: stdout.isTTY === true,
	env,
});

/** What needs no world: help and completions. */
async function answerAtOnce({command, words: [word, what], options}: Parsed, around: Surroundings): Promise<string | undefined> {
	if (command === 'completions' && !options.help && isRemembered(what)) {
		const {rememberedNames} = await import('./remembered.ts');
		return (await rememberedNames(what, around)).map((name) => `${name}\n`).join('');
	}
	if (command === 'completions' && !options.help) {
		const {completions, isShell} = await import('./line/completions.ts');
		if (word === undefined || !isShell(word))
			throw new Problem({code: 'usage', exit: 2, message: `There are completions for bash, zsh and fish, not for ${word}.`});
		return completions(word);
	}
	const about = command === 'help' ? word : command;
	if (!options.help && command !== 'help') return undefined;
	const {commandHelp, help} = await import('./line/help.ts');
	return about === undefined || about === 'home' ? help() : commandHelp(nameOf(about));
}

function nameOf(word: string): CommandName {
	const known = commands.find(({name}) => name === word);
	if (known) return known.name;
	throw new Problem({code: 'usage', exit: 2, message: `There is no command "${word}".`, advice: '`gitlab-runner-aws help` lists them.'});
}

async function carryOut(parsed: Parsed, around: Surroundings, terms: Terms, stops: Session['stops']): Promise<number> {
	const {options} = parsed;
	const watched = isInteractive(terms) && !terms.json && !options.yes;
	const demo = parsed.command === 'demo' ? await import('./demo.ts') : undefined;
	const simulated = demo?.demoWorld(watched);
	const load = simulated && demo ? async () => demo.demoOn(simulated) : loaderOf(parsed.command);
	const hidden = new Set<string>();
	const secrets = await givenSecrets(parsed, around, stops.soft);
	const all = (): string[] => [...hidden, ...valuesOf(secrets)];
	const yes = options.yes || (simulated !== undefined && !watched);
	const clock = simulated?.clock ?? realClock;
	const bare = redacting(await faceFor(around, terms, {yes, colour: options.color, title: parsed.command, stops, clock, aside: parsed.command === 'ssh'}), all);
	const face = logging(bare, (line) => session.world.disk.log(line));
	around.atEnd(face.close);
	const over = overseeing(face, stops, around, simulated !== undefined);
	const world: CommandWorld = simulated ?? realWorld(around, {mfaCode: (serial) => askMfaCode(face, serial)});
	const clean = redactor(all);
	const {disk, without} = forgiving({...world.disk, log: (line) => world.disk.log(printableLines(clean(line)))}, (said) =>
		face.emit({event: 'note', about: 'laptop', ...said}),
	);
	const gitlabs = namedGitlabs(world.gitlabAt, disk);
	const own = configFolder({environment: around.env, platform: around.platform, home: around.home});
	const settings = settingsIn(own);
	const session: Session = {
		parsed,
		options,
		around,
		face,
		interactive: watched,
		world: {...world, gitlabAt: gitlabs.at, disk},
		stops,
		secrets,
		presets: presetsIn({own: join(own, 'presets'), shipped: fileURLToPath(around.shipped)}),
		settings: {...settings, remember: (changed) => without(() => settings.remember(changed), undefined)},
		who: around.who,
		hide: (secret) => hidden.add(secret),
		nameGitlab: gitlabs.name,
		instead: (argv) => run({...around, argv}),
		demo: simulated !== undefined,
	};
	try {
		refuseUnagreed(session, terms);
		const command = await load();
		return await command(session);
	} catch (error) {
		if (error instanceof Stopped) return stopped(face, stops, session.demo);
		return failAll(session, [toProblem(error)]);
	} finally {
		over();
		try {
			await face.close();
		} finally {
			world.close();
		}
	}
}

function loaderOf(name: Parsed['command']): () => Promise<Command> {
	const known = Object.entries(commandFor).find(([one]) => one === name);
	if (known) return known[1];
	throw new Problem({
		code: 'usage',
		exit: 2,
		message: 'A command is missing.',
		advice: '`gitlab-runner-aws help` lists them; `gitlab-runner-aws setup` sets a fleet up.',
	});
}

/** What runs over steps tells itself how far it came; here a stop met a look, and there is nothing to undo. */
function stopped(face: Face, stops: Session['stops'], demo = false): number {
	const exit = stops.exit();
	const advice = demo ? demoOver : 'Run the same command again to go on.';
	if (exit !== undefined && stops.isRead()) face.fail(new Problem({code: 'stopped', message: 'Stopped while looking: no change is under way.', advice}));
	return exit ?? 130;
}

/** What commands change once somebody agreed to what they show. */
const agreedTo: Readonly<Record<string, string>> = {
	setup: 'the AWS account',
	destroy: 'the AWS account',
	bake: 'the AWS account',
	smoke: 'GitLab, as long as it runs',
};

/** Where nobody can be asked to agree, that is told before any call is made. */
function refuseUnagreed({parsed: {command, words}, options, interactive}: Session, {json}: Terms): void {
	const changes = command === 'status' && words.length > 0 ? agreedTo.setup : agreedTo[command];
	if (interactive || options.yes || changes === undefined || options.list) return;
	throw unagreed({says: `\`${command}\` changes ${changes}.`, details: []}, json ? 'json' : 'no-terminal');
}

const valuesOf = ({runnerToken, gitlabToken, accessKey, passphrase, dockerHubToken}: Secrets): string[] =>
	[runnerToken, gitlabToken, accessKey?.secret, passphrase, dockerHubToken].filter((value) => value !== undefined);

async function givenSecrets({options}: Parsed, {stdin, env}: Surroundings, signal: AbortSignal): Promise<Secrets> {
	const text = (path: string | undefined) => (path === undefined ? undefined : readText(path, stdin, signal));
	const [token, gitlabToken, accessKey, dockerHubToken] = await Promise.all([
		text(options.tokenFile),
		text(options.gitlabTokenFile),
		text(options.accessKeyFile),
		text(options.dockerHubTokenFile),
	]);
	return secretsIn({files: {token, gitlabToken, accessKey, dockerHubToken}, environment: env});
}

async function askMfaCode(face: Session['face'], serial: string): Promise<string> {
	const [{askSecret}, {mfaCodeQuestion}] = await Promise.all([import('../answers/secret-interview.ts'), import('../answers/secrets.ts')]);
	return askSecret(mfaCodeQuestion(serial), face.ask);
}

/** Every command's code, loaded when it is asked for; `demo` runs on another world, so whoever makes the world loads it. */
const commandFor: Record<'home' | Exclude<CommandName, 'help' | 'completions' | 'demo'>, () => Promise<Command>> = {
	home: async () => (await import('./home.ts')).home,
	setup: async () => (await import('./setup.ts')).setup,
	plan: async () => (await import('./plan.ts')).plan,
	status: async () => (await import('./status.ts')).status,
	orphans: async () => (await import('./orphans.ts')).orphans,
	destroy: async () => (await import('./destroy.ts')).destroy,
	ssh: async () => (await import('./ssh.ts')).ssh,
	smoke: async () => (await import('./smoke.ts')).smoke,
	bake: async () => (await import('./bake.ts')).bake,
	presets: async () => (await import('./presets.ts')).presets,
	policy: async () => (await import('./policy.ts')).policy,
};

/** Which face is wanted, besides the terms of the terminal. */
type Facing = {
	yes: boolean;
	colour: boolean;
	title: string;
	stops: Stops;
	clock: Clock;
	/** The terminal and standard output are for another program, so all that is ours is lines on standard error. */
	aside?: boolean;
};

/** Commands whose name isn't quite what a person sets out to do. */
const titles: Readonly<Record<string, string>> = {setup: 'set up', home: 'gitlab-runner-aws'};

/** Picks the face, once, and loads only that one's code. */
async function faceFor(
	{stdin, stdout, stderr, env, suspend}: Surroundings,
	terms: Terms,
	{yes, colour, title, stops, clock, aside = false}: Facing,
): Promise<Face> {
	// Screens would go on reading the keys that are the other program's.
	const picked = pickFace(aside ? {...terms, plain: true} : terms);
	const out = aside ? stderr : stdout;
	const look = {colour: mayColour({...terms, stdoutIsTty: out.isTTY === true}, !colour), ascii: onlyAscii(env)};
	if (picked === 'json') return (await import('../faces/json/face.ts')).jsonFace({out, yes, clock});
	if (picked === 'screens' && !yes) {
		const {inkFace} = await import('../faces/ui/face.tsx');
		const stopping = {onStop: () => stops.raise('SIGINT'), ended: stops.soft, suspend};
		return inkFace({stdin, stdout, stderr, ...look, clock, yes, title: titles[title] ?? title, ...stopping});
	}
	const {plainFace} = await import('../faces/plain/face.ts');
	return plainFace({
		out,
		err: stderr,
		in: stdin,
		columns: () => out.columns ?? columnsIn(env) ?? 80,
		...look,
		yes,
		interactive: isInteractive(terms),
		clock,
		ended: stops.soft,
	});
}

/**
 * The text of a file that the person named, or of standard input for `-`. Throws a Problem (exit 2) when it can't be read, and `Stopped` once the signal is
 * aborted while somebody still types.
 */
async function readText(path: string, stdin: Readable, signal: AbortSignal): Promise<string> {
	if (path !== '-') {
		try {
			return await Promise.race([readFile(path, 'utf8'), untilAborted(signal)]);
		} catch (cause) {
			if (cause instanceof Stopped) throw cause;
			throw new Problem({
				code: 'file-unreadable',
				exit: 2,
				message: `${path} can't be read: ${diskReason(cause)}.`,
				advice: `Look at it with \`${commandLine('ls', '-l', path)}\`.`,
				cause,
			});
		}
	}
	let text = '';
	try {
		for await (const chunk of addAbortSignal(signal, stdin.setEncoding('utf8'))) text += String(chunk);
	} catch (error) {
		throw signal.aborted ? new Stopped() : error;
	}
	return text;
}

/** Rejects once the signal is aborted: a named pipe may have nobody who ever writes to it. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
	new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Stopped()), {once: true}));
