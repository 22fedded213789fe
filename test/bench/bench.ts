import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {memoryLines} from './memory.ts';
import {setupLines} from './setup.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const rounds = 15;

/** What is measured, each against the start of Node itself: side by side in every round, so that a busy machine slows both. */
const measured: readonly {name: string; args: string[]}[] = [
	{name: 'node -e 0', args: ['-e', '0']},
	{name: '--version', args: [cli, '--version']},
	{name: '--help', args: [cli, '--help']},
	{name: 'help setup', args: [cli, 'help', 'setup']},
	{name: 'policy --json', args: [cli, 'policy', '--json']},
	{name: 'demo --json', args: [cli, 'demo', '--json']},
];

const median = (values: readonly number[]): number => values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

/** Milliseconds of CPU that a process takes, as a shell counts its children's: how long it takes besides is other processes' doing. */
function once(args: readonly string[]): number {
	const counted = ['-c', '"$@" >/dev/null && times', 'bash', process.execPath, ...args];
	const {status, stderr, stdout} = spawnSync('bash', counted, {env: {PATH: process.env.PATH}, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
	if (status !== 0) throw new Error(`${args.join(' ')} exits ${status}: ${stderr}`);
	const [, children = ''] = stdout.trim().split('\n');
	return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
}

const times = new Map(measured.map(({name}) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) for (const {name, args} of measured) times.get(name)?.push(once(args));
const base = median(times.get('node -e 0') ?? []);
console.log(`CPU, median of ${rounds} rounds, side by side`);
for (const [name, taken] of times)
	console.log(`${name.padEnd(16)} ${median(taken).toFixed(1).padStart(7)} ms   ${(median(taken) / base).toFixed(2).padStart(6)} x node -e 0`);

for (const executor of ['docker+machine', 'docker-autoscaler'] as const) console.log((await setupLines(executor)).join('\n'));

console.log((await memoryLines()).join('\n'));

/** The live panel with 5,000 workers, in a process of its own: CPU an update, and whether memory stays flat. */
for (const executor of ['docker+machine', 'docker-autoscaler']) {
	const panel = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('panel.tsx', import.meta.url)), executor], {
		env: {PATH: process.env.PATH, NODE_ENV: 'production'},
		encoding: 'utf8',
	});
	if (panel.status !== 0) throw new Error(`The panel's bench exits ${panel.status}: ${panel.stderr}`);
	console.log(panel.stdout.trim());
}
