import {readFileSync} from 'node:fs';
import {openTerminal} from './terminal.ts';

const w = JSON.parse(readFileSync('/tmp/wz/world.json', 'utf8'));
const size = (process.env.SIZE ?? '120x40').split('x').map(Number);
const t = openTerminal('../../source/cli.tsx', process.argv[2]?.split(' ') ?? ['setup'], {
	columns: size[0],
	rows: size[1],
	env: {...w.env, ...JSON.parse(process.env.MORE ?? '{}')},
});
const keys: Record<string, string> = {
	enter: '\r',
	left: '\x1b[D',
	right: '\x1b[C',
	up: '\x1b[A',
	down: '\x1b[B',
	esc: '\x1b',
	tab: '\t',
	'ctrl-c': '\x03',
	'ctrl-e': '\x05',
	'ctrl-f': '\x06',
	'ctrl-g': '\x07',
	'ctrl-k': '\x0b',
	bs: '\x7f',
};
try {
	for (const step of process.argv.slice(3)) {
		if (step.startsWith('/')) await t.until(new RegExp(step.slice(1)));
		else if (step === 'show') console.log(t.text() + '\n' + '='.repeat(100));
		else if (step === 'end') console.log('exit', await t.ended(), '\n' + t.text());
		else if (step === 'SIGTERM' || step === 'SIGHUP') t.signal(step);
	else if (step === 'token') t.press('\x1b[200~' + w.token + '\x1b[201~');
		else t.press(keys[step] ?? step);
	}
} catch (e) {
	console.log(String(e));
}
t.close();
process.exit(0);
