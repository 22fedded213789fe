import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, join} from 'node:path';
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
};

/** A piece of a row on the screen, from this column on. */
export type ScreenPiece = {at: number; text: string; colour: number | undefined; bold: boolean};

/** How long one wait for words may take, in milliseconds. Generous, since it matters only in a failure. */
const patience = 120_000;

/** What begins and ends a frame: what comes in between is drawn at once. */
const frame = {begins: '\x1b[?2026h', ends: '\x1b[?2026l'} as const;

/** The processes that a process has started; macOS has no /proc. */
function childrenOf(pid: number): number[] {
	const listed = `/proc/${pid}/task/${pid}/children`;
	const children = existsSync(listed) ? readFileSync(listed, 'utf8') : execFileSync('pgrep', ['-P', String(pid)], {encoding: 'utf8'});
	return children.trim().split(/\s+/).map(Number);
}

const bundles = new Map<string, string>();

/** A program of the tests in one file, which starts in a third of the time. It is beside the program that is shipped, and made once a process. */
function bundled(source: string): string {
	const known = bundles.get(source);
	if (known !== undefined) return known;
	const outfile = fileURLToPath(new URL(`../../node_modules/.cache/tests/${basename(source, '.ts')}-${process.pid}.mjs`, import.meta.url));
	buildSync({entryPoints: [source], bundle: true, packages: 'external', format: 'esm', platform: 'node', jsx: 'automatic', outfile, logLevel: 'error'});
	process.once('exit', () => rmSync(outfile, {force: true}));
	bundles.set(source, outfile);
	return outfile;
}

/** Says the exit code and the terminal's settings once the program has ended, and lives through the signals that end it. */
const underShell = 'trap : TERM HUP INT; "$@"; echo "code=$?"; stty -a';

/** A real terminal with a program in it. */
export function openTerminal(program: string, args: string[], {columns = 80, rows = 24, env = {}, shell = false}: TerminalOptions = {}) {
	const home = mkdtempSync(join(tmpdir(), 'faces-'));
	const screen = new headless.Terminal({cols: columns, rows, allowProposedApi: true});
	const path = fileURLToPath(new URL(program, import.meta.url));
	const command = [process.execPath, path.endsWith('.js') ? path : bundled(path), ...args];
	const [file = '', ...given] = shell ? ['/bin/sh', '-c', underShell, 'sh', ...command] : command;
	const pty = spawn(file, given, {
		cols: columns,
		rows,
		name: env.TERM ?? 'xterm-256color',
		cwd: fileURLToPath(new URL('../../', import.meta.url)),
		env: {PATH: process.env.PATH ?? '', HOME: home, CI: 'false', NODE_ENV: 'production', LANG: 'en_US.UTF-8', TERM: 'xterm-256color', ...env},
	});
	let raw = '';
	let unparsed = 0;
	let drawing = false;
	let code: number | undefined;
	pty.onData((data) => {
		const fresh = raw.slice(-frame.begins.length) + data;
		const [begins, ends] = [fresh.lastIndexOf(frame.begins), fresh.lastIndexOf(frame.ends)];
		if (begins !== ends) drawing = begins > ends;
		raw += data;
		unparsed++;
		screen.write(data, () => unparsed--);
	});
	screen.onData((answer) => pty.write(answer));
	const exited = new Promise<number>((resolve) => {
		pty.onExit(({exitCode}) => {
			code = exitCode;
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
			await new Promise((resolve) => setTimeout(resolve, 5));
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
		/** How many bytes came so far. */
		bytes: () => raw.length,
		/** The exit code, once the program has ended by itself and all it wrote is on the screen. */
		async ended(): Promise<number> {
			await until(() => code !== undefined);
			return exited;
		},
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
