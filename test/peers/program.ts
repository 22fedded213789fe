import {spawn} from 'node:child_process';
import {shipped} from './shipped.ts';

export type Ran = {code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string};

/** Runs the program as a person's shell would, in a complete environment of its own; `input` is its standard input, which is no terminal. */
export function program(
	args: readonly string[],
	env: Record<string, string>,
	{input = '', started}: {input?: string; started?: (pid: number) => void} = {},
): Promise<Ran> {
	return new Promise((resolve, reject) => {
		const child = spawn(process.execPath, [shipped, ...args], {env, stdio: ['pipe', 'pipe', 'pipe'], timeout: 240_000});
		let stdout = '';
		let stderr = '';
		child.stdout.on('data', (chunk) => {
			stdout += String(chunk);
		});
		child.stderr.on('data', (chunk) => {
			stderr += String(chunk);
		});
		child.once('error', reject);
		child.once('close', (code, signal) => resolve({code, signal, stdout, stderr}));
		child.stdin.end(input);
		if (child.pid !== undefined) started?.(child.pid);
	});
}
