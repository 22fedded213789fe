import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';
import {test} from 'node:test';
import {installDocker} from '../../../source/executors/docker-autoscaler/template-data.ts';
import {bakeParts} from '../../../source/executors/docker-machine/executor.ts';
import {bakeScript, toldOnConsole} from '../../../source/steps/bake/recipe.ts';
import {quote} from '../../../source/world/host/quote.ts';
import {inSystem} from '../../peers/system.ts';

const builder = await readFile(new URL('builder.sh', import.meta.url), 'utf8');
const machine = bakeParts({engineInstall: 'file:///srv/get-docker.sh'});
const group = {install: installDocker};

const told = (words: string): string => `gitlab-runner-aws bake: ${words}`;

type Probed = {code: number; said: string};

/** What is looked for once the script has ended, each by a command. */
const looks = {
	console: 'dd if=/dev/console iflag=nonblock bs=65536 count=1 2>/dev/null',
	calls: 'cat /run/calls',
	keys: 'ls /etc/ssh/ssh_host_* /root/.ssh/* /home/*/.ssh/* /var/log/journal/* 2>/dev/null',
	machineId: 'cat /etc/machine-id',
	daemon: 'cat /etc/docker/daemon.json',
	pulledWith: 'cat /run/daemon.json',
	sources: 'ls /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null',
	before: 'ls /etc/apt/before-bake',
	cloud: 'cat /etc/cloud/cloud.cfg.d/99-gitlab-runner-aws.cfg',
	masked: 'readlink /etc/systemd/system/apt-daily.timer /etc/systemd/system/apt-daily-upgrade.timer /etc/systemd/system/unattended-upgrades.service',
	running: 'ls /run/units',
	groups: 'id -nG ubuntu',
	update: 'apt-get update',
	curl: 'apt-get install -y curl',
	owned: 'ls /run/owned*',
} as const;

/** Bakes in a system of its own, with what is there `before`, and gives what the script's end was and what is left. */
async function baked(script: string, before: string): Promise<{code: number; said: string} & Record<keyof typeof looks, Probed>> {
	const text = Buffer.from(script).toString('base64');
	const probes = Object.entries({script: 'sh /run/bake', ...looks}).map(([name, command]) => `probe ${name} '${command}'\n`);
	const ran = await inSystem(`{ ${builder}\n${before}\n} >&2\necho ${text} | base64 -d >/run/bake\n${probes.join('')}`);
	const found = new Map(
		ran.stdout.split('\n').flatMap((line) => {
			const [name = '', code, said = ''] = line.split('\t');
			return code === undefined ? [] : [[name, {code: Number(code), said: Buffer.from(said, 'base64').toString()}] as const];
		}),
	);
	const of = (name: string): Probed => found.get(name) ?? assert.fail(`${name} in\n${ran.stdout}${ran.stderr}`);
	return {...of('script'), ...Object.fromEntries(Object.keys(looks).map((name) => [name, of(name)]))} as Awaited<ReturnType<typeof baked>>;
}
const {named, usual} = {named: ['node:24'], usual: ['helper:1', 'alpine:latest']};
const refused = (...images: string[]): string => images.map((image) => `printf '%s\\n' ${quote(image)} >>/run/refused\n`).join('');
const lines = ({said}: Probed): string[] => said.split('\n');
const pulls = (calls: Probed): string[] => lines(calls).flatMap((line) => /^docker pull -q (.*)$/.exec(line)?.slice(1) ?? []);
/** What the stand-in for Docker says last of an image that it doesn't have. */
const because = String.raw`Error response from daemon: manifest for \n"it" \c not found: $(HOME)`;

test('docker-machine’s workers find Docker, apt needs neither sources nor a network, and nothing is left that is one machine’s own', async () => {
	const {calls, code, console, said, ...left} = await baked(bakeScript('ubuntu', {named, usual}, machine), refused('helper:1'));
	assert.equal(code, 0, said);
	assert.deepEqual(lines(console), [
		...['installing curl', 'installing Docker', 'pulling node:24', 'pulling helper:1', 'pulling helper:1', 'pulling helper:1'].map(told),
		told(`helper:1 is left out, since it could not be pulled: ${because}`),
		...['pulling alpine:latest', 'done'].map(told),
	]);
	assert.equal(lines(calls).at(-1), 'systemctl poweroff');
	assert.deepEqual(left.pulledWith, {code: 0, said: '{"storage-driver":"overlay2"}'});
	assert.equal(left.daemon.said, 'cat: /etc/docker/daemon.json: No such file or directory', 'docker-machine names the driver itself');
	assert.deepEqual([left.keys.said, left.machineId.said, left.sources.said], ['', '', '']);
	assert.deepEqual(lines(left.before), ['docker.list', 'sources.list']);
	assert.equal(left.cloud.said, 'apt:\n  preserve_sources_list: true');
	assert.deepEqual(lines(left.masked), ['/dev/null', '/dev/null', '/dev/null']);
	assert.match(left.groups.said, /\bdocker\b/);
	assert.deepEqual([left.update.code, left.curl.code], [0, 0], left.update.said + left.curl.said);
	assert.match(left.curl.said, /^curl is already the newest version/m);
});

test('a group’s workers get Docker of the system’s packages, once an update in the background lets go of apt’s lists, and keep their sources', async () => {
	const {calls, code, console, said, ...left} = await baked(bakeScript('ubuntu', {named, usual}, group), 'hold_lists');
	assert.equal(code, 0, said);
	assert.match(said, /Could not get lock \/var\/lib\/apt\/lists\/lock/);
	assert.equal(toldOnConsole(console.said)?.failed, undefined);
	assert.deepEqual(pulls(calls), [...named, ...usual]);
	assert.equal(lines(calls).at(-1), 'systemctl poweroff');
	assert.deepEqual([left.sources.said, left.before.code, left.cloud.code], ['/etc/apt/sources.list', 2, 1]);
	assert.deepEqual([left.keys.said, left.machineId.said, left.pulledWith.code], ['', '', 1]);
});

test('an image that was named and isn’t there is told with Docker’s own words, and the machine isn’t switched off; a daemon.json of the image’s own stays', async () => {
	const odd = `a'b$(touch /run/owned) "c" \`touch /run/owned2\`;\\n`;
	const before = `docker_is_there\nmkdir -p /etc/docker\necho '{}' >/etc/docker/daemon.json\n${refused('node:24')}`;
	const {calls, code, console, said, ...left} = await baked(bakeScript('ubuntu', {named: [odd, 'node:24'], usual}, machine), before);
	assert.equal(code, 1, said);
	assert.equal(toldOnConsole(console.said)?.failed, `node:24 could not be pulled: ${because}`);
	assert.deepEqual(pulls(calls), [odd, 'node:24', 'node:24', 'node:24']);
	assert.ok(!calls.said.includes('poweroff'), calls.said);
	assert.equal(left.owned.code, 2, 'what is in a name isn’t carried out');
	assert.deepEqual([left.daemon.said, left.pulledWith.said], ['{}', '{}']);
});

test('on a system without apt dnf installs Docker, and its units stop whichever of them are there', async () => {
	const dnf = `rm -r /usr/bin/apt-get /usr/lib/systemd/system/docker.socket
printf '%s\\n' '#!/bin/sh' 'echo "dnf $*" >>/run/calls' '[ "$1" = clean ] || { cp -r /srv/docker.io/usr /srv/containerd/usr /; groupadd --force --system docker; rm /usr/lib/systemd/system/docker.socket; }' >/usr/bin/dnf
chmod 755 /usr/bin/dnf`;
	const {calls, code, console, said, ...left} = await baked(bakeScript('ec2-user', {named, usual: []}, group), dnf);
	assert.equal(code, 0, said);
	assert.deepEqual(lines(console), ['installing Docker', 'pulling node:24', 'done'].map(told));
	assert.deepEqual(
		lines(calls).filter((line) => /^dnf|stop|poweroff/.test(line)),
		['dnf install -y docker', 'dnf clean all', 'systemctl stop docker.socket docker containerd', 'systemctl poweroff'],
	);
	assert.deepEqual([left.running.said, left.keys.said, left.machineId.said], ['', '', '']);
});
