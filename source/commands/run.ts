import {fileURLToPath} from 'node:url';
import {type Parsed, parse} from '../argv.ts';
import type {CommandName} from '../command-table.ts';
import {isInteractive, type Terms} from '../faces.ts';
import {Problem, Stopped, toProblem} from '../problem.ts';
import {presetsIn} from '../presets.ts';
import {redacting, redactor} from '../redacting.ts';
import {secretsIn} from '../secret-interview.ts';
import {configFolder} from '../settings.ts';
import type {Secrets} from '../step.ts';
import {commandFor} from './all.ts';
import {faceFor} from './facing.ts';
import {failAll} from './failing.ts';
import {realWorld} from './real-world.ts';
import {readText} from './reading.ts';
import type {Session} from './session.ts';
import {makeStops} from './stops.ts';
import type {Surroundings} from './surroundings.ts';

/** Runs one command line and gives the exit code: 0 done, 1 a problem, 2 usage, 3 changes found, 129/130/143 stopped, 70 a bug of ours. */
export async function run(around: Surroundings): Promise<number> {
	const terms = termsOf(around);
	const stops = makeStops();
	around.onSignal(stops.raise);
	try {
		const parsed = parse(around.argv);
		const text = await answerAtOnce(parsed);
		if (text === undefined) return await carryOut(parsed, around, terms, stops);
		around.stdout.write(text);
		return 0;
	} catch (error) {
		// Nothing has begun yet: the command line itself can't be used, or a file that it names.
		const problem = toProblem(error);
		const face = await faceFor(around, {...terms, plain: true}, {yes: false, colour: false, title: '', stops});
		face.fail(problem);
		await face.close();
		return problem.exit;
	}
}

const termsOf = ({argv, env, stdin, stdout}: Surroundings): Terms => ({
	json: argv.includes('--json'),
	plain: argv.includes('--plain'),
	stdinIsTty: stdin.isTTY === true,
	stdoutIsTty: stdout.isTTY === true,
	env,
});

/** What needs no world: help and completions. */
async function answerAtOnce({command, words: [word], options}: Parsed): Promise<string | undefined> {
	if (command === 'completions' && !options.help) {
		const {completions, isShell} = await import('../completions.ts');
		if (word === undefined || !isShell(word)) throw new Problem({code: 'usage', exit: 2, message: `There are completions for bash, zsh and fish, not for ${word}.`});
		return completions(word);
	}
	const about = command === 'help' ? word : command;
	if (!options.help && command !== 'help') return undefined;
	const {commandHelp, help} = await import('../help.ts');
	return about === undefined || about === 'home' ? help() : commandHelp(nameOf(about));
}

function nameOf(word: string): CommandName {
	const names = Object.keys(commandFor).filter((name): name is keyof typeof commandFor => name in commandFor);
	const known = [...names, 'help', 'completions'] as const;
	const name = known.find((one) => one === word);
	if (name) return name;
	throw new Problem({code: 'usage', exit: 2, message: `There is no command "${word}".`, advice: '`gitlab-runner-aws help` lists them.'});
}

async function carryOut(parsed: Parsed, around: Surroundings, terms: Terms, stops: Session['stops']): Promise<number> {
	const {options} = parsed;
	const load = parsed.command in commandFor ? commandFor[parsed.command as keyof typeof commandFor] : undefined;
	if (!load) {
		throw new Problem({code: 'usage', exit: 2, message: 'A command is missing.', advice: '`gitlab-runner-aws help` lists them; `gitlab-runner-aws setup` sets a fleet up.'});
	}
	const hidden = new Set<string>();
	const secrets = await givenSecrets(parsed, around);
	const all = (): string[] => [...hidden, ...valuesOf(secrets)];
	const bare = await faceFor(around, terms, {yes: options.yes, colour: options.color, title: parsed.command, stops});
	const face = redacting(bare, all);
	const world = realWorld(around, {mfaCode: (serial) => askMfaCode(face, serial)});
	const clean = redactor(all);
	const session: Session = {
		parsed,
		options,
		around,
		face,
		interactive: isInteractive(terms) && !terms.json && !options.yes,
		world: {...world, disk: {...world.disk, log: (line) => world.disk.log(clean(line))}},
		stops,
		secrets,
		presets: presetsIn({own: `${configFolder({environment: around.env, platform: around.platform, home: around.home})}/presets`, shipped: fileURLToPath(around.shipped)}),
		who: around.who,
		hide: (secret) => hidden.add(secret),
		demo: false,
	};
	try {
		const command = await load();
		return await command(session);
	} catch (error) {
		if (error instanceof Stopped) return stops.exit() ?? 130;
		return failAll(session, [toProblem(error)]);
	} finally {
		await face.close();
		world.close();
	}
}

const valuesOf = ({runnerToken, gitlabToken, accessKey, passphrase}: Secrets): string[] =>
	[runnerToken, gitlabToken, accessKey?.secret, passphrase].filter((value) => value !== undefined);

async function givenSecrets({options}: Parsed, {stdin, env}: Surroundings): Promise<Secrets> {
	const text = (path: string | undefined) => (path === undefined ? undefined : readText(path, stdin));
	const [token, gitlabToken, accessKey] = await Promise.all([text(options.tokenFile), text(options.gitlabTokenFile), text(options.accessKeyFile)]);
	return secretsIn({files: {token, gitlabToken, accessKey}, environment: env});
}

async function askMfaCode(face: Session['face'], serial: string): Promise<string> {
	const {askSecret} = await import('../secret-interview.ts');
	return askSecret({id: 'mfaCode', title: `The code of ${serial}`, help: 'AWS asks for a code of your MFA device.'}, face.ask);
}
