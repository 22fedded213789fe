import assert from 'node:assert/strict';
import {after, before, suite, test} from 'node:test';
import {panelScript} from '../../../source/executors/scripts.ts';
import {mirrorOf, mirrorWords} from '../../../source/panel/mirror.ts';
import {hashOf, mirrorFiles, mirrorLogin, registryDownload, registryVersion} from '../../../source/steps/mirror-program.ts';
import {type InstallMirror, installMirrorScript} from '../../../source/world/host/scripts/install-mirror.ts';
import {lookAtMirrorScript, removeMirrorScript, writeMirrorLoginScript} from '../../../source/world/host/scripts/mirror.ts';
import {mirror} from '../../../source/world/host/scripts/mirror-paths.ts';
import {initHere} from '../../peers/systemd.ts';
import {type FreshManager, freshManager} from './fresh-manager.ts';
import {onManager} from './on-manager.ts';

const address = '127.0.0.4';
const systemd = (await initHere()) === 'systemd';

suite('a mirror on a real systemd, in a file system of its own', {skip: systemd ? false : 'no systemd can run here'}, () => {
	let manager: FreshManager;
	const exec = (command: string) => manager.exec(command);
	const facts = async () => (await manager.facts()).mirror;

	const given = (over: Partial<InstallMirror> = {}, registryMirrorDisk = 20): InstallMirror => ({
		bootSeconds: 20,
		download: registryDownload({downloads: manager.world.downloads}, {machine: 'x86_64'}),
		files: mirrorFiles({registryMirrorDisk}, address),
		diskMib: 24,
		leastMib: 8,
		leaveMib: 64,
		address: `${address}:${mirror.port}`,
		...over,
	});
	const install = async (over?: Partial<InstallMirror>, disk?: number) => (await onManager(manager.world, installMirrorScript, given(over, disk))).result;

	/** What a worker does for images: the manifest of each by its tag, then its layers; gives the layers' sizes. */
	const pull = (...images: string[]) =>
		exec(
			`python3 -c '
import json, sys, urllib.request
for image in sys.argv[1:]:
    root = "http://${address}:${mirror.port}/v2/library/" + image
    manifest = json.load(urllib.request.urlopen(root + "/manifests/latest"))
    print(*(len(urllib.request.urlopen(root + "/blobs/" + layer["digest"]).read()) for layer in manifest["layers"]))' ${images.join(' ')}`,
		);
	const counted = async (name: string) =>
		Number((await exec(`curl -s http://127.0.0.1:${mirror.metricsPort}/metrics`)).match(new RegExp(`^registry_proxy_${name} (\\d+)$`, 'm'))?.[1]);
	const keep = () => exec(`systemctl start ${mirror.keeper}.service; journalctl -u ${mirror.keeper}.service -o cat -n 4 --no-pager`);
	const told = async () => JSON.parse(await exec(`cat ${mirror.told}`));

	before(async () => {
		manager = await freshManager();
	});
	after(() => manager?.stop());

	test('it is brought, answers workers, and what a second worker asks for comes from its own store', async () => {
		assert.equal(await facts(), undefined);
		assert.deepEqual(await install(), {is: 'done', diskGib: 0.023});
		const seen = await facts();
		assert.deepEqual([seen?.version, seen?.service.active, seen?.diskGib], [registryVersion, 'active', 0.023]);
		assert.equal(await exec(`stat -c %b ${mirror.disk}`), String((24 * 2 ** 20) / 512), 'all of its room is set aside');
		assert.equal(await pull('alpine'), '300000');
		const pulls = manager.world.dockerHub.pulls();
		assert.equal(await pull('alpine'), '300000');
		assert.deepEqual([manager.world.dockerHub.pulls() - pulls, await counted('hits_total\\{type="blob"\\}')], [0, 1]);
		assert.match(await exec(`stat -c %U:%a ${mirror.store} && ps -o user= -C registry-mirror`), /^registry-mirror:700\nregistr/);
		assert.deepEqual((await onManager(manager.world, lookAtMirrorScript, {url: `http://${address}:${mirror.port}`})).result, {status: 200});
	});

	test('the same again leaves it as it runs; another size makes its room anew', async () => {
		const pid = () => exec(`systemctl show ${mirror.service} --property MainPID`);
		const before = await pid();
		const digest = (await facts())?.files;
		assert.equal((await install()).is, 'done');
		assert.deepEqual([await pid(), (await facts())?.files], [before, digest]);
		assert.deepEqual(await install({diskMib: 32}, 21), {is: 'done', diskGib: 0.031});
		assert.notEqual(await pid(), before);
		assert.notEqual((await facts())?.files, digest);
		assert.equal(await pull('alpine'), '300000');
	});

	test('the keeper tells how many pulls are left, and what was used longest ago goes once little room is left', async () => {
		manager.world.dockerHub.left(76);
		// From here on the keeper works when the test says so, and not each minute.
		await exec(`systemctl stop ${mirror.keeper}.timer ${mirror.keeper}.service; rm -f ${mirror.told}`);
		await keep();
		assert.deepEqual((await told()).pulls, {limit: 100, remaining: 76});
		const {result} = await onManager(manager.world, panelScript, {host: true});
		assert.match(
			mirrorWords(mirrorOf(result.host?.mirror) ?? assert.fail()),
			/^0 of 2 parts of images were there already, 0 MB less from Docker Hub; [\d.]+ MB of [\d.]+ MB taken; 76 pulls left at Docker Hub of 100$/,
		);
		const names = Array.from({length: 80}, (_, index) => `image-${index}`);
		await pull(...names, 'alpine');
		await exec(`sync; findmnt -no USED,SIZE ${mirror.store}`);
		const layers = async () => Number(await exec(`find ${mirror.store} -name data | wc -l`));
		const before = await layers();
		assert.match(await keep(), /layers went, those that were used longest ago: (?:5|6)\d % of the room is taken/);
		const gone = before - (await layers());
		assert.ok(gone > 10 && gone < before, `${gone} of ${before}`);
		assert.equal((await told()).gone, gone);
		const misses = await counted('misses_total\\{type="blob"\\}');
		await pull('alpine');
		assert.equal(await counted('misses_total\\{type="blob"\\}'), misses);
		assert.equal(await pull('image-0'), '300000');
		assert.equal(await counted('misses_total\\{type="blob"\\}'), misses + 1);
	});

	test('Docker Hub’s login comes to the registry as it was given, whatever is in it, and no other user of the manager reads it', async () => {
		const token = `it's "5$" \\\\\`x\`#:`.replaceAll(' ', '_');
		const login = mirrorLogin('acme-ci', token);
		assert.deepEqual((await onManager(manager.world, writeMirrorLoginScript, {text: login})).result, {is: 'written'});
		assert.deepEqual((await facts())?.login, {user: 'acme-ci', hash: hashOf(login)});
		assert.equal(await exec(`stat -c '%U %a' ${mirror.login}`), 'root 600');
		await exec(`for turn in $(seq 100); do curl -sf http://${address}:${mirror.port}/v2/ >/dev/null && break; sleep 0.05; done`);
		await pull('private');
		await exec(`rm ${mirror.told}`);
		await keep();
		assert.deepEqual(new Set(manager.world.dockerHub.logins()), new Set([`acme-ci:${token}`]));
		assert.ok(manager.world.dockerHub.logins().length > 1, 'the registry and the keeper');
		assert.equal(await exec(`systemctl show ${mirror.service} --property Environment`), 'Environment=OTEL_TRACES_EXPORTER=none');
		assert.deepEqual((await onManager(manager.world, writeMirrorLoginScript, {})).result, {is: 'written'});
		assert.equal((await facts())?.login, undefined);
	});

	test('what fills its room can’t fill the manager’s disk', async () => {
		const free = async () => Number(await exec("stat -f -c '%a' /")) / 256;
		const before = await free();
		await exec(`head -c 40000000 /dev/zero | runuser -u ${mirror.user} -- tee ${mirror.store}/data/much >/dev/null`);
		assert.match(await exec(`df --output=pcent ${mirror.store} | tail -n 1`), /100%/);
		assert.ok(before - (await free()) < 8, 'the manager has as many MiB as before');
	});

	test('a disk without room, a wrong checksum and a port that is taken are told as such, and no half of it is left', async () => {
		assert.deepEqual(await onManager(manager.world, removeMirrorScript, {}).then(({result}) => result), {is: 'gone'});
		const full = await install({leaveMib: 1 << 20});
		assert.ok(full.is === 'failed' && full.code === 'disk-full', JSON.stringify(full));
		await exec(`rm ${mirror.program}`);
		manager.world.downloads.wrongChecksums(true);
		const wrong = await install();
		manager.world.downloads.wrongChecksums(false);
		assert.ok(wrong.is === 'failed' && wrong.code === 'checksum-wrong', JSON.stringify(wrong));
		assert.equal(await exec(`ls ${mirror.disk} ${mirror.program} /usr/local/bin/.registry* 2>/dev/null`), '');
		await exec(`systemd-run --unit squatter python3 -m http.server ${mirror.port} --bind ${address}`);
		await exec(`for turn in $(seq 100); do curl -s http://${address}:${mirror.port}/ >/dev/null && break; sleep 0.05; done`);
		const taken = await install();
		await exec('systemctl stop squatter');
		assert.ok(taken.is === 'failed' && taken.code === 'mirror-silent' && /address already in use/.test(taken.detail), JSON.stringify(taken));
		assert.equal((await install()).is, 'done');
	});

	test('where there is no mkfs.ext4 its room is an xfs, and where SELinux is, that learns of its program', async () => {
		assert.deepEqual((await onManager(manager.world, removeMirrorScript, {})).result, {is: 'gone'});
		// Programs of other distributions, told apart by what they are asked: the one makes what this kernel has.
		await exec(
			`mv /usr/sbin/mkfs.ext4 /run/mkfs.ext4
			printf '#!/bin/sh\necho "$@" >/run/mkfs\nfor file; do :; done\nexec mke2fs -q -F -t ext4 "$file"\n' >/usr/sbin/mkfs.xfs
			printf '#!/bin/sh\necho "$@" >/run/restored\n' >/usr/sbin/restorecon
			chmod +x /usr/sbin/mkfs.xfs /usr/sbin/restorecon`,
		);
		assert.equal((await install()).is, 'done');
		assert.equal(await exec('cat /run/mkfs /run/restored'), `-q -f -K ${mirror.disk}.new\n${mirror.program}`);
		assert.equal(await pull('alpine'), '300000');
		await exec('mv /run/mkfs.ext4 /usr/sbin/mkfs.ext4; rm /usr/sbin/mkfs.xfs /usr/sbin/restorecon /run/mkfs /run/restored');
	});

	test('a removal leaves nothing of it: no unit, no user, no file, no mount', async () => {
		const names = (list: string) => list.split('\n').filter((line) => /registry.?mirror/.test(line));
		const everything = () =>
			exec(
				`find / -xdev \\( -name '*registry*mirror*' \\) -not -path '/proc/*' -not -path '/run/*.py' 2>/dev/null; ls -d ${mirror.folder} 2>/dev/null; systemctl list-units --all --plain --no-legend; getent passwd; findmnt -rno TARGET`,
			);
		assert.ok(names(await everything()).length > 5);
		assert.deepEqual((await onManager(manager.world, removeMirrorScript, {})).result, {is: 'gone'});
		assert.deepEqual(names(await everything()), []);
		assert.equal(await facts(), undefined);
		assert.deepEqual((await onManager(manager.world, removeMirrorScript, {})).result, {is: 'gone'});
	});
});
