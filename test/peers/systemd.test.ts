import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import * as z from 'zod';
import {dropIn} from '../../source/steps/programs.ts';
import type {Done} from './machine.ts';
import {until} from './poll.ts';
import {type Init, initHere} from './systemd.ts';
import {type PeerWorld, startWorld} from './world.ts';

/** A program that ends as the runner does: at SIGQUIT once its job has, at SIGUSR1 with exit code 3, at SIGHUP not at all. */
const trial = `#!/usr/bin/python3
import os, signal, sys, time
stops = []
signal.signal(signal.SIGQUIT, lambda *_: stops.append(True))
signal.signal(signal.SIGHUP, lambda *_: print('loaded anew', flush=True))
signal.signal(signal.SIGUSR1, lambda *_: os._exit(3))
print('\\x1b[0;33mbegun\\x1b[0;m', flush=True)
print('long ' + 'x' * 5000, flush=True)
while not stops or os.path.exists('/run/job'):
    time.sleep(0.01)
print('ended', flush=True)
`;

/** GitLab Runner's own unit, with another program and another wait, both spans in seconds. */
const unitOf = (program: string, wait: string, interval: string): string => `[Unit]
Description=A trial

[Service]
StartLimitInterval=${interval}
StartLimitBurst=10
ExecStart=${program}

Restart=always

RestartSec=${wait}

[Install]
WantedBy=multi-user.target
`;

const properties = ['ActiveState', 'SubState', 'Result', 'ExecMainCode', 'ExecMainStatus', 'NRestarts'];
const entry = z.looseObject({
	__CURSOR: z.string(),
	__REALTIME_TIMESTAMP: z.string().regex(/^\d{16}$/),
	MESSAGE: z.union([z.string(), z.array(z.int()), z.null()]),
});

/** Where a real systemd can run, the stand-in is held to what it does; else at least to what it did. */
const sides: readonly Init[] = (await initHere()) === 'systemd' ? ['systemd', 'stand-in'] : ['stand-in'];

for (const side of sides) {
	suite(side, () => {
		let world: PeerWorld;
		const run = (command: string): Promise<Done> => world.manager.exec(command);
		const out = async (command: string): Promise<string> => (await run(command)).stdout.trim();
		const write = (path: string, text: string, mode: string): Promise<Done> =>
			run(`mkdir -p "$(dirname ${path})" && cat >${path} <<'EOF'\n${text}EOF\nchmod ${mode} ${path}`);

		/** A unit of its own that is enabled, as the runner's is. */
		async function unit(name: string, {wait = '120', interval = '5', program = '/usr/local/bin/trial'} = {}) {
			await write(`/etc/systemd/system/${name}.service`, unitOf(program, wait, interval), '644');
			await write(`/etc/systemd/system/${name}.service.d/50-trial.conf`, dropIn, '644');
			await run(`systemctl daemon-reload; systemctl enable ${name}`);
			const property = (key: string): Promise<string> => out(`systemctl show ${name} --property ${key} --value`);
			const journal = async (): Promise<string[]> => (await out(`journalctl -u ${name} -o cat --all --no-pager -q`)).split('\n');
			const begun = async (): Promise<number> => (await journal()).filter((line) => line.includes('begun')).length;
			return {
				property,
				begun,
				/** How systemd tells of it by `show`, then by `is-active` and its exit code. */
				async is(): Promise<string> {
					const lines = (await out(`systemctl show ${name} --property ${properties.join(',')}`)).split('\n');
					const values = new Map(lines.map((line) => [line.split('=')[0], line.split('=')[1]]));
					const {stdout, code} = await run(`systemctl is-active ${name}`);
					return [...properties.map((key) => values.get(key)), stdout.trim(), code].join(' ');
				},
				/** Starts it, and waits until its program has set its signals up. */
				async start(): Promise<void> {
					const before = await begun();
					await run(`systemctl start ${name}`);
					await until(`${name} to begin`, async () => ((await begun()) > before ? true : undefined));
				},
				becomes: (state: string): Promise<true> => until(`${name} to be ${state}`, async () => ((await property('SubState')) === state ? true : undefined)),
				/** What systemd itself says of it in the journal, in its order, once its last line is there. */
				async told(last: string): Promise<string[]> {
					const own = new RegExp(`^${name}\\.service: (?!Consumed )|^(Started|Stopping|Stopped) `);
					const lines = await until(`systemd to say ${last}`, async () => {
						const said = (await journal()).filter((line) => own.test(line));
						return said.at(-1) === last ? said : undefined;
					});
					return lines.map((line) => line.replaceAll(`${name}.service`, 'it'));
				},
			};
		}

		before(async () => {
			world = await startWorld({late: 0, init: side});
			await write('/usr/local/bin/trial', trial, '755');
		});
		after(() => world?.stop());

		test('a stop waits for the job, in deactivating, and is a success', async () => {
			const it = await unit('patient');
			assert.equal(await it.is(), 'inactive dead success 0 0 0 inactive 3');
			await it.start();
			assert.equal(await it.is(), 'active running success 0 0 0 active 0');
			assert.equal(await out('systemctl is-enabled patient'), 'enabled');
			await run('touch /run/job; systemctl stop --no-block patient');
			await it.becomes('stop-sigterm');
			assert.equal(await it.is(), 'deactivating stop-sigterm success 0 0 0 deactivating 3');
			await run('rm /run/job');
			await it.becomes('dead');
			assert.equal(await it.is(), 'inactive dead success 1 0 0 inactive 3');
			assert.deepEqual(await it.told('Stopped patient.service - A trial.'), [
				'Started it - A trial.',
				'Stopping it - A trial...',
				'it: Deactivated successfully.',
				'Stopped it - A trial.',
			]);
		});

		test('a start that comes while it stops waits until it has stopped, and then starts it', async () => {
			const it = await unit('again');
			await it.start();
			await run('touch /run/job; systemctl stop --no-block again');
			await it.becomes('stop-sigterm');
			assert.equal((await run('systemctl start --no-block again')).code, 0);
			assert.equal(await it.is(), 'deactivating stop-sigterm success 0 0 0 deactivating 3');
			await run('rm /run/job');
			await until('its second start', async () => ((await it.begun()) === 2 ? true : undefined));
			assert.equal(await it.is(), 'active running success 0 0 0 active 0');
		});

		test('one that is killed waits for its next start, of which a start or a restart is the end', async () => {
			const it = await unit('killed');
			await it.start();
			await run(`kill -KILL ${await it.property('MainPID')}`);
			await it.becomes('auto-restart');
			assert.equal(await it.is(), 'activating auto-restart signal 2 9 0 activating 3');
			await it.start();
			assert.equal(await it.is(), 'active running success 0 0 1 active 0');
			await run(`kill -KILL ${await it.property('MainPID')}`);
			await it.becomes('auto-restart');
			await run('systemctl restart killed');
			assert.equal(await it.is(), 'active running success 0 0 0 active 0', 'a restart counts anew');
			assert.deepEqual((await it.told('Started killed.service - A trial.')).slice(0, 5), [
				'Started it - A trial.',
				'it: Main process exited, code=killed, status=9/KILL',
				"it: Failed with result 'signal'.",
				'it: Scheduled restart job immediately on client request, restart counter is at 1.',
				'Started it - A trial.',
			]);
		});

		test('one that ends with an error waits too, and is inactive once it is stopped', async () => {
			const it = await unit('failing');
			await it.start();
			await run(`kill -USR1 ${await it.property('MainPID')}`);
			await it.becomes('auto-restart');
			assert.equal(await it.is(), 'activating auto-restart exit-code 1 3 0 activating 3');
			await run('systemctl stop failing');
			assert.equal(await it.is(), 'inactive dead exit-code 1 3 0 inactive 3');
			assert.deepEqual(await it.told('Stopped failing.service - A trial.'), [
				'Started it - A trial.',
				'it: Main process exited, code=exited, status=3/NOTIMPLEMENTED',
				"it: Failed with result 'exit-code'.",
				'Stopped it - A trial.',
			]);
		});

		test('one that somebody ends by SIGTERM has ended well, and is started again all the same', async () => {
			const it = await unit('ended');
			await it.start();
			await run(`kill -TERM ${await it.property('MainPID')}`);
			await it.becomes('auto-restart');
			assert.equal(await it.is(), 'activating auto-restart success 2 15 0 activating 3');
			assert.deepEqual(await it.told('ended.service: Deactivated successfully.'), ['Started it - A trial.', 'it: Deactivated successfully.']);
		});

		test('it is started again by itself when its wait is over, and that is counted', async () => {
			const it = await unit('soon', {wait: '1'});
			await it.start();
			await run(`kill -KILL ${await it.property('MainPID')}`);
			await until('its second start', async () => ((await it.begun()) === 2 ? true : undefined));
			assert.equal(await it.is(), 'active running success 0 0 1 active 0');
			assert.deepEqual((await it.told('Started soon.service - A trial.')).slice(-2), [
				'it: Scheduled restart job, restart counter is at 1.',
				'Started it - A trial.',
			]);
		});

		test('one that ends too often is given up, and isn’t started before it is allowed to be', async () => {
			const it = await unit('often', {wait: '0', interval: '600', program: '/bin/false'});
			await run('systemctl start often');
			await it.becomes('failed');
			assert.equal(await it.is(), 'failed failed exit-code 1 1 10 failed 3');
			const {code, stderr} = await run('systemctl start often');
			assert.equal(code, 1);
			assert.match(stderr, /^Job for often\.service failed/);
			await run('systemctl reset-failed often');
			assert.equal(await it.is(), 'inactive dead success 1 1 0 inactive 3');
		});

		test('SIGHUP reaches the main process alone, and a changed unit wants a daemon-reload', async () => {
			const it = await unit('heeding');
			await it.start();
			await run('systemctl kill --signal=SIGHUP heeding');
			await until('the signal', async () => ((await out('journalctl -u heeding -o cat -q')).includes('loaded anew') ? true : undefined));
			assert.equal(await it.is(), 'active running success 0 0 0 active 0');
			await write('/etc/systemd/system/heeding.service.d/60-more.conf', '[Service]\nEnvironment=MORE=1\n', '644');
			assert.equal(await it.property('NeedDaemonReload'), 'yes');
			await run('systemctl daemon-reload');
			assert.equal(await it.property('NeedDaemonReload'), 'no');
			assert.equal(await it.property('KillSignal'), '3');
			assert.equal(await it.property('TimeoutStopUSec'), 'infinity');
		});

		test('since when it is so is told in microseconds of the machine’s own clock', async () => {
			const it = await unit('dated');
			const now = async (): Promise<number> => Number(await out(`python3 -c 'import time; print(int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6))'`));
			const from = await now();
			await it.start();
			const [since, to] = [Number(await it.property('StateChangeTimestampMonotonic')), await now()];
			assert.ok(from < since && since < to, `${from} ${since} ${to}`);
			await run(`kill -KILL ${await it.property('MainPID')}`);
			await it.becomes('auto-restart');
			assert.ok(Number(await it.property('StateChangeTimestampMonotonic')) >= to, 'it has changed its state since');
		});

		test('the journal has a cursor and a time for each line; colours make a line a list of bytes, and all of a long one comes only when it is asked for', async () => {
			const it = await unit('wordy');
			await it.start();
			await run('systemctl stop wordy');
			await it.told('Stopped wordy.service - A trial.');
			const read = async (more: string) =>
				(await out(`journalctl -u wordy -o json --no-pager -q ${more}`))
					.split('\n')
					.filter(Boolean)
					.map((line) => entry.parse(JSON.parse(line)));
			const text = ({MESSAGE}: z.infer<typeof entry>): string => (Array.isArray(MESSAGE) ? String.fromCharCode(...MESSAGE) : (MESSAGE ?? 'left out'));
			const whole = await read('--all');
			assert.deepEqual(
				whole.map(text).filter((line) => /begun|^long|^ended$/.test(line)),
				['\u001b[0;33mbegun\u001b[0;m', `long ${'x'.repeat(5000)}`, 'ended'],
			);
			assert.ok(Array.isArray(whole.find((line) => text(line).includes('begun'))?.MESSAGE));
			assert.equal((await read('')).filter(({MESSAGE}) => MESSAGE === null).length, 1, 'a line of more than 4096 bytes');
			const few = await read('--all --output-fields=MESSAGE');
			assert.deepEqual(few.map(text), whole.map(text));
			assert.ok(few.every((line) => !('_PID' in line) && !('SYSLOG_IDENTIFIER' in line)));
			const [first, second] = whole;
			assert.deepEqual((await read(`--all --after-cursor '${first?.__CURSOR}'`)).map(text), whole.slice(1).map(text));
			assert.deepEqual(await read(`--since @${Math.ceil(Date.now() / 1000) + 60}`), []);
			assert.equal((await read('--all --since @1')).length, whole.length);
			assert.ok(Number(first?.__REALTIME_TIMESTAMP) <= Number(second?.__REALTIME_TIMESTAMP));
			assert.deepEqual(await run("journalctl -u wordy -o json --no-pager -q --after-cursor 'of nowhere'"), {
				code: 1,
				stdout: '',
				stderr: 'Failed to seek to cursor: Invalid argument\n',
			});
			assert.deepEqual(await run('journalctl -u nobody -o json --all --no-pager -q'), {code: 0, stdout: '', stderr: ''});
		});

		test('a unit that isn’t there is inactive, and can’t be started', async () => {
			assert.deepEqual(await run('systemctl is-active nobody'), {code: 4, stdout: 'inactive\n', stderr: ''});
			assert.deepEqual(await run('systemctl start nobody'), {code: 5, stdout: '', stderr: 'Failed to start nobody.service: Unit nobody.service not found.\n'});
			assert.equal(await out('systemctl show nobody --property ActiveState --value'), 'inactive');
		});

		test('a reboot waits for the job as a stop does, for half an hour at most, and nothing can be started meanwhile; then the machine goes', async () => {
			const it = await unit('rebooted');
			await it.start();
			const isThere = async (): Promise<boolean> => (await run('true')).code === 0;
			await run('touch /run/job; systemctl reboot --no-block');
			await it.becomes('stop-sigterm');
			assert.equal(await it.is(), 'deactivating stop-sigterm success 0 0 0 deactivating 3');
			if (side === 'systemd') {
				assert.notEqual(await out('systemctl show reboot.target --property Job --value'), '');
				assert.equal(await out('systemctl show reboot.target --property JobTimeoutUSec,JobTimeoutAction --value | sort | xargs'), '30min reboot-force');
				assert.notEqual((await run('systemctl start --no-block rebooted')).code, 0);
			}
			assert.ok(await isThere());
			await run('rm /run/job');
			await until('the machine to go', async () => ((await isThere()) ? undefined : true));
		});
	});
}
