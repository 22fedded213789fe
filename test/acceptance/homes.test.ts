import assert from 'node:assert/strict';
import {readdir} from 'node:fs/promises';
import {after, test} from 'node:test';
import {ImportKeyPairCommand} from '@aws-sdk/client-ec2';
import {PutParameterCommand} from '@aws-sdk/client-ssm';
import {program, type Ran} from '../peers/program.ts';
import {type Home, homes, inHome} from '../world/homes.ts';
import {makeSshKey} from '../world/ssh-key.ts';
import {wholeFleet} from './account.ts';
import {begin, fleet} from './begin.ts';
import {changingCalls, ended, onManager, textBelow} from './laptop.ts';

const {world, account, laptop, setup, standing} = await begin();
after(() => world.stop());

/** HOMEs that a person may have and that are no use; and one that is good, while all that XDG names isn't. */
const unwritable: readonly Home[] = [
	...homes.filter(({name}) => /^(read-only|full|absent|nobody's)/.test(name)),
	{
		name: "good, and XDG's folders can't be written",
		code: 'ENOENT',
		keeps: true,
		setup: 'export XDG_DATA_HOME=/proc/1 XDG_STATE_HOME=/proc/1 XDG_CONFIG_HOME=/proc/1',
	},
];

const key = makeSshKey('work');
const keyFile = await laptop.file('work-key', key.privateKey);
const own = ['--key-pair', 'work', '--private-key', keyFile];
await account.ec2.send(new ImportKeyPairCommand({KeyName: 'work', PublicKeyMaterial: Buffer.from(key.publicKey)}));
/** A folder for temporary files that nothing else uses. */
const temporary = await world.newHome();

/** Runs the program where HOME is so. */
async function runIn(home: Home, args: readonly string[]): Promise<Ran> {
	const ran = await laptop.built(args, {env: {TMPDIR: temporary}, inside: (command) => inHome(home, laptop.home, command)});
	assert.equal(ran.signal, null, 'it ends by itself');
	assert.doesNotMatch(ran.stdout + ran.stderr, /isn't as this program expects/);
	return ran;
}

/** What is told besides: that something can't be kept, once. */
const noteOn = ({code}: Home): RegExp => new RegExp(`can't be written: .*\\(${code}\\)\\. It goes on without`);
const words = ({stdout, stderr}: Ran): string => `${stdout}\n${stderr}`.replaceAll(/\s+/g, ' ');

for (const home of unwritable) {
	test(`HOME is ${home.name}, and there is no fleet: what needs a key of its own is refused before the first change, the rest ends by itself`, async () => {
		world.aws.forget();
		const [first, saved, gone] = await Promise.all([
			runIn(home, setup),
			runIn(home, ['presets', 'save', 'mine', ...laptop.preset]),
			runIn(home, ['destroy', '--yes', ...fleet]),
		]);
		ended(first, 1);
		assert.match(words(first), new RegExp(`couldn't be kept: .*/keys/.* can't be written: .*\\(${home.code}\\)`));
		assert.match(words(first), /`XDG_DATA_HOME`.*`--key-pair` and `--private-key`/);
		ended(saved, 1);
		assert.match(words(saved), new RegExp(`presets/mine\\.json can't be written: .*\\(${home.code}\\)\\. .*XDG_CONFIG_HOME`));
		ended(gone, 0);
		assert.match(words(gone), noteOn(home));
		assert.match(gone.stdout, /There is no fleet gitlab-runners/);
		assert.deepEqual(changingCalls(world), []);
	});
}

test('a fleet is set up from a read-only HOME with a key pair of the person’s own', async () => {
	const [home] = unwritable;
	assert.ok(home);
	const ran = await runIn(home, [...setup, ...own]);
	ended(ran, 0);
	assert.match(words(ran), noteOn(home));
	const ownPair = wholeFleet.filter((thing) => thing !== 'key pair gitlab-runners-manager');
	assert.deepEqual(await standing(), [...ownPair, 'key pair work'].sort());
});

for (const home of unwritable) {
	test(`HOME is ${home.name}, and a fleet stands: it is looked at, and nothing is changed`, async () => {
		world.aws.forget();
		const looked = await Promise.all([runIn(home, ['plan', ...fleet, ...own]), runIn(home, ['status', ...fleet])]);
		for (const ran of looked) {
			ended(ran, 0);
			assert.match(ran.stderr.replaceAll(/\s+/g, ' '), noteOn(home));
		}
		assert.deepEqual(changingCalls(world), []);
		assert.ok(
			world.aws.calls().some(({action}) => action === 'SendSSHPublicKey'),
			'who names no key is let in by EC2 Instance Connect',
		);
	});
}

test('what a command on the manager says comes out as it is, with its exit code, and nothing of ours before it', async () => {
	await onManager(world, 'head -c 300000 /dev/urandom | base64 >/tmp/file');
	const file = await onManager(world, 'cat /tmp/file');
	const command = ['ssh', ...fleet, ...own, '--', 'cat', '/tmp/file'];
	const [home] = unwritable;
	assert.ok(home);
	for (const ran of [await laptop.built(command), await program(['ssh', '--json', ...command.slice(1)], laptop.env), await runIn(home, command)]) {
		ended(ran, 0);
		assert.ok(ran.stdout === file, `the file comes whole and alone: ${ran.stdout.slice(0, 200)}`);
	}
	const failed = await laptop.built(['ssh', ...fleet, ...own, '--', 'sh -c "echo out; echo err >&2; exit 7"']);
	assert.deepEqual([failed.code, failed.stdout], [7, 'out\n']);
	assert.match(failed.stderr, /err\n/);
});

test('destroy from a read-only HOME takes the fleet away by its mark, though the record can’t be read, and a session ends in the middle of the first try', async () => {
	const [home] = unwritable;
	assert.ok(home);
	await account.ssm.send(new PutParameterCommand({Name: '/gitlab-runner-aws/gitlab-runners', Value: 'mistyped', Overwrite: true}));
	const expired = {status: 400, code: 'RequestExpired', message: 'Request has expired.'};
	world.aws.faults([{action: 'TerminateInstances', error: expired}]);
	const first = await runIn(home, ['destroy', '--yes', ...fleet]);
	world.aws.faults([]);
	ended(first, 1);
	assert.match(
		words(first),
		/session .*has expired \(RequestExpired\)\. \d+ of \d+ steps are done\. What is left still stands, and may cost\..*To go on: `gitlab-runner-aws destroy --fleet gitlab-runners --region us-east-1`\./,
	);
	assert.equal(words(first).match(/has expired/g)?.length, 1, 'it is told once');

	const second = await runIn(home, ['destroy', '--yes', ...fleet]);
	ended(second, 0);
	assert.match(words(second), /record \/gitlab-runner-aws\/gitlab-runners can't be read: it isn't JSON.*goes by the mark/);
	assert.deepEqual(await standing(), ['bucket gitlab-runners-cache-123456789012-us-east-1', 'key pair work']);
});

test('no secret came to lie anywhere: not in HOME, not among temporary files, not in what was said', async () => {
	const texts = [...(await textBelow(laptop.home)), ...(await textBelow(temporary))];
	for (const {path, text} of [...texts, {path: 'what was said', text: laptop.said()}]) {
		assert.ok(!text.includes(laptop.token), path);
		assert.ok(!/PRIVATE KEY-----\n/.test(text), path);
	}
	assert.deepEqual(
		(await readdir(temporary)).filter((name) => name.startsWith('gitlab-runner-aws-')),
		[],
	);
});
