import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {spawn} from '@lydell/node-pty';
import headless from '@xterm/headless';
import {buildSync} from 'esbuild';

type TerminalOptions = {
	columns?: number;
	rows?: number;
	env?: Record<string, string>;
	/** Runs it under a shell, which afterwards says the exit code and how the terminal is set. */
	shell?: boolean;
	/** Has what it says on standard error go elsewhere. */
	errorsElsewhere?: boolean;
};

/** A piece of a row on the screen, from this column on. */
export type ScreenPiece = {at: number; text: string; colour: number | undefined; bold: boolean};

/** How long one wait for words may take, in milliseconds. Generous, since it matters only in a failure. */
const patience = 120_000;

/** What begins and ends a frame: what comes in between is drawn at once. */
const frame = {begins: '\x1b[?2026h', ends: '\x1b[?2026l'} as const;

/** What was drawn, frame by frame. */
export const framesIn = (raw: string): string[] => raw.split(frame.ends);

/** The processes that a process has started; macOS has no /proc. */
function childrenOf(pid: number): number[] {
	const listed = `/proc/${pid}/task/${pid}/children`;
	const children = existsSync(listed) ? readFileSync(listed, 'utf8') : execFileSync('pgrep', ['-P', String(pid)], {encoding: 'utf8'});
	return children.trim().split(/\s+/).map(Number);
}

const bundles = new Map<string, string>();

/** What packages in CommonJS's form expect. `import.meta.url` in a test becomes where the test was written, so it's written otherwise here. */
const commonJs = `import {createRequire as _createRequire} from 'node:module';
const require = _createRequire(import.meta['url']);
const {dirname: __dirname, filename: __filename} = import.meta;`;

/** A program of the tests with its packages in a few files, which starts in a fifth of the time. It is beside the program that is shipped, and made once a process. */
function bundled(source: string): string {
	const known = bundles.get(source);
	if (known !== undefined) return known;
	const name = basename(source, '.ts');
	const outdir = fileURLToPath(new URL(`../../node_modules/.cache/tests/${name}-${process.pid}`, import.meta.url));
	buildSync({
		entryPoints: [source],
		bundle: true,
		splitting: true,
		external: ['react-devtools-core', 'cpu-features', '*.node'],
		mainFields: ['module', 'main'],
		define: {'process.env.NODE_ENV': '"production"'},
		banner: {js: commonJs},
		format: 'esm',
		platform: 'node',
		jsx: 'automatic',
		outdir,
		outExtension: {'.js': '.mjs'},
		logLevel: 'error',
	});
	process.once('exit', () => rmSync(outdir, {recursive: true, force: true}));
	const made = join(outdir, `${name}.mjs`);
	bundles.set(source, made);
	return made;
}

/** Says the exit code and the terminal's settings once the program has ended, and lives through the signals that end it. */
const underShell = 'trap : TERM HUP INT; "$@"; echo "code=$?"; stty -a';

/** A real terminal with a program in it. */
export function openTerminal(
	program: string,
	args: string[],
	{columns = 80, rows = 24, env = {}, shell = false, errorsElsewhere = false}: TerminalOptions = {},
) {
	const home = mkdtempSync(join(tmpdir(), 'faces-'));
	const screen = new headless.Terminal({cols: columns, rows, allowProposedApi: true});
	const path = fileURLToPath(new URL(program, import.meta.url));
	const shipped = path.endsWith('.js');
	const started = shipped ? path : bundled(path);
	const command = [process.execPath, started, ...args];
	// The program that is shipped keeps what was compiled by itself.
	const compiled: Record<string, string> = shipped ? {} : {NODE_COMPILE_CACHE: join(dirname(started), 'compiled')};
	const script = shell ? underShell : errorsElsewhere ? 'exec "$@" 2>/dev/null' : undefined;
	const [file = '', ...given] = script === undefined ? command : ['/bin/sh', '-c', script, 'sh', ...command];
	const pty = spawn(file, given, {
		cols: columns,
		rows,
		name: env.TERM ?? 'xterm-256color',
		cwd: fileURLToPath(new URL('../../', import.meta.url)),
		env: {PATH: process.env.PATH ?? '', HOME: home, CI: 'false', NODE_ENV: 'production', LANG: 'en_US.UTF-8', TERM: 'xterm-256color', ...compiled, ...env},
	});
	let raw = '';
	let unparsed = 0;
	let drawing = false;
	let code: number | undefined;
	const waiting = new Set<() => void>();
	const changed = (): void => {
		for (const goOn of waiting) goOn();
	};
	/** Until something has changed on the screen, or so many milliseconds are over. */
	const change = (most: number): Promise<void> =>
		new Promise((resolve) => {
			const goOn = (): void => {
				clearTimeout(timer);
				waiting.delete(goOn);
				resolve();
			};
			const timer = setTimeout(goOn, most);
			waiting.add(goOn);
		});
	pty.onData((data) => {
		const fresh = raw.slice(-frame.begins.length) + data;
		const [begins, ends] = [fresh.lastIndexOf(frame.begins), fresh.lastIndexOf(frame.ends)];
		if (begins !== ends) drawing = begins > ends;
		raw += data;
		unparsed++;
		screen.write(data, () => {
			unparsed--;
			changed();
		});
	});
	screen.onData((answer) => pty.write(answer));
	const exited = new Promise<number>((resolve) => {
		pty.onExit(({exitCode}) => {
			code = exitCode;
			changed();
			resolve(exitCode);
		});
	});

	const lines = (): string[] =>
		Array.from({length: screen.rows}, (_, at) => screen.buffer.active.getLine(screen.buffer.active.viewportY + at)?.translateToString(true) ?? '');
	const text = (): string => lines().join('\n');

	/** What stands on the screen, in pieces of one style: the index of a colour of the terminal's own sixteen, or none. */
	function pieces(): ScreenPiece[][] {
		return Array.from({length: screen.rows}, (_, at) => {
			const line = screen.buffer.active.getLine(screen.buffer.active.viewportY + at);
			const found: ScreenPiece[] = [];
			for (let column = 0; column < screen.cols; column++) {
				const cell = line?.getCell(column);
				if (!cell || cell.getWidth() === 0) continue;
				const style = {colour: cell.isFgPalette() ? cell.getFgColor() : undefined, bold: cell.isBold() !== 0};
				const last = found.at(-1);
				const text = cell.getChars() || ' ';
				if (last && last.colour === style.colour && last.bold === style.bold) last.text += text;
				else found.push({at: column, text, ...style});
			}
			return found;
		});
	}

	async function until(right: RegExp | (() => boolean)): Promise<string> {
		const isRight = () => (typeof right === 'function' ? right() : right.test(text()));
		for (const late = performance.now() + patience; performance.now() < late; ) {
			// Half a frame is no screen that a person sees.
			if (unparsed === 0 && !(drawing && code === undefined) && isRight()) return text();
			// What isn't on the screen tells nobody that it has changed.
			await change(typeof right === 'function' ? 10 : 1000);
		}
		throw new Error(`${right} never came. Exit code ${code}. The screen:\n${text()}`);
	}

	return {
		lines,
		text,
		pieces,
		until,
		raw: () => raw,
		kind: () => screen.buffer.active.type,
		press: (keys: string) => pty.write(keys),
		resize(width: number, height: number) {
			screen.resize(width, height);
			pty.resize(width, height);
		},
		/** Sends the program a signal; under a shell, the program and not the shell. */
		signal(name: 'SIGTERM' | 'SIGHUP') {
			if (!shell) return pty.kill(name);
			for (const child of childrenOf(pty.pid)) process.kill(child, name);
		},
		/** Closes the terminal with the program in it, as the button of its window does. */
		hangUp() {
			if (!('destroy' in pty) || typeof pty.destroy !== 'function') throw new Error('This kind of terminal is closed otherwise.');
			pty.destroy();
		},
		/** How many bytes came so far. */
		bytes: () => raw.length,
		/** The exit code, once the program has ended by itself and all it wrote is on the screen. */
		async ended(): Promise<number> {
			await until(() => code !== undefined);
			return exited;
		},
		/** The exit code, once the program has ended, wherever its screen is. */
		exited,
		close() {
			if (code === undefined) pty.kill('SIGKILL');
			screen.dispose();
			rmSync(home, {recursive: true, force: true});
		},
	};
}

/** Holds that a program which ran under a shell ended with this code, and left the terminal as it had found it: line mode, echo, main screen, cursor. */
export function leftAsFound({text, kind, raw}: ReturnType<typeof openTerminal>, code: number): void {
	assert.match(text(), new RegExp(`code=${code}\\n`));
	assert.match(text(), /(^| )icanon/m);
	assert.match(text(), /(^| )echo( |$)/m);
	assert.equal(kind(), 'normal');
	// Equal only where it was never hidden.
	assert.ok(raw().lastIndexOf('\x1b[?25h') >= raw().lastIndexOf('\x1b[?25l'), 'the cursor is shown');
}
