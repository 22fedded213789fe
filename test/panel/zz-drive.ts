import {readFileSync} from 'node:fs';
import {openTerminal} from '../pty/terminal.ts';

const [file = '', home = '', size = '120x40', keys = '', ...args] = process.argv.slice(2);
const [columns = 120, rows = 40] = size.split('x').map(Number);
const {env} = JSON.parse(readFileSync(file, 'utf8'));
const t = openTerminal('../../source/cli.tsx', args, {columns, rows, env: {...env, HOME: home, TERM: 'xterm-256color', LANG: 'C.UTF-8'}});
try {
	for (const key of keys.split(',')) {
		if (key.startsWith('until:')) await t.until(new RegExp(key.slice(6)));
		else if (key.startsWith('wait:')) await new Promise((r) => setTimeout(r, Number(key.slice(5))));
		else if (key === 'show') console.log(`${t.text()}\n${'='.repeat(columns)}`);
		else t.press(key.replaceAll('ENTER', '\r').replaceAll('DOWN', '\x1b[B').replaceAll('ESC', '\x1b'));
		if (!key.startsWith('until:')) await new Promise((r) => setTimeout(r, 150));
	}
} catch (e) {
	console.log(String(e));
} finally {
	t.close();
}
