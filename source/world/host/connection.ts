import {StringDecoder} from 'node:string_decoder';
import {Problem} from '../../problem.ts';
import {exec, type OpenConnection} from './exec.ts';
import type {Connection, Outcome} from './port.ts';
import {asRoot} from './quote.ts';
import {runScript, tail} from './run-script.ts';

/** Exit code by which our own command says that there is no such file. */
const missing = 44;
const readText = `[ -e "$1" ] || exit ${missing}; exec cat -- "$1"`;
/** Gathers all that a command prints. */
async function gathered(line: OpenConnection, command: string, stdin?: string): Promise<Outcome> {
	const [out, err] = [new StringDecoder('utf8'), new StringDecoder('utf8')];
	let [stdout, stderr] = ['', ''];
	const code = await exec(line, command, {
		...(stdin === undefined ? {} : {stdin}),
		onStdout: (chunk) => {
			stdout += out.write(chunk);
		},
		onStderr: (chunk) => {
			stderr += err.write(chunk);
		},
	});
	return {code, stdout: stdout + out.end(), stderr: stderr + err.end()};
}

const failed = (line: OpenConnection, what: string, {code, stderr}: Outcome): Problem =>
	new Problem({code: 'file-failed', message: `${what} on ${line.destination}: ${tail(stderr) || `exit code ${code}`}.`, fault: 'outside'});

/** The port's verbs over an open connection whose user is `user`. */
export function connectionOver(line: OpenConnection, user: string, close: () => Promise<void>): Connection {
	return {
		script: (script, input, said) => runScript(line, user, script, input, said),
		run: (command, stdin) => gathered(line, command, stdin),
		async read(path) {
			const outcome = await gathered(line, asRoot(user, 'sh', '-c', readText, 'sh', path));
			if (outcome.code === missing) return undefined;
			if (outcome.code !== 0) throw failed(line, `${path} can't be read`, outcome);
			return outcome.stdout;
		},
		close,
	};
}
