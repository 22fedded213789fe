import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {World} from '../../source/simulated/world.ts';
import {canonicalCidr, cleaned, covers, sshDescription} from '../../source/steps/wanted-rules.ts';
import {changesSince, differences, drive, found, notes, problem, region, sentence, world} from './drive.ts';

const groupIn = (at: World, name: string) => [...at.outside.region(region).groups.values()].find((group) => group.name === name);
const opened = (at: World, name: string) =>
	(groupIn(at, name)?.inbound ?? []).map(({cidr, fromPort, groupId, toPort}) => `${fromPort}-${toPort} ${cidr ?? groupId}`);
const steps = ['network', 'security-groups', 'security-group-rules'] as const;
const allReady = {network: 'ready', 'security-groups': 'ready', 'security-group-rules': 'ready'};

test('a block covers what is inside it, and is written as AWS keeps it', () => {
	assert.equal(canonicalCidr('100.68.0.18/18'), '100.68.0.0/18');
	assert.equal(canonicalCidr('203.0.113.7'), '203.0.113.7/32');
	assert.ok(covers('0.0.0.0/0', '203.0.113.7/32'));
	assert.ok(covers('203.0.113.0/24', '203.0.113.7'));
	assert.ok(!covers('203.0.113.0/24', '203.0.114.7'));
	assert.ok(!covers('203.0.113.7/32', '203.0.113.0/24'));
});

test('a rule’s description says who and when, in the letters that EC2 takes', () => {
	assert.equal(sshDescription("jürgen's@büro", Date.parse('2026-11-24T09:00:00Z')), 'ssh from jurgens@buro 2026-11-24');
	assert.equal(cleaned('x'.repeat(300)).length, 255);
});

test('the manager lets in this machine, and the workers the manager only', async () => {
	const at = world();
	const {plan} = await drive(at).setUp(...steps);
	const manager = groupIn(at, 'gitlab-runners-manager');
	assert.deepEqual(opened(at, 'gitlab-runners-manager'), ['22-22 203.0.113.7/32']);
	assert.equal(manager?.inbound[0]?.description, 'ssh from alice@laptop 2026-11-24');
	assert.deepEqual(opened(at, 'gitlab-runners-workers').sort(), [`22-22 ${manager?.id}`, `2376-2376 ${manager?.id}`]);
	assert.equal(sentence(plan, 'security-group-rules'), '22 from 203.0.113.7/32, 22 and 2376 from the manager');
});

test('a port closed by hand is the only thing that differs, and the only thing mended', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.closePort(groupIn(at, 'gitlab-runners-workers')?.id ?? '', 2376);
	const {plan, setUp} = drive(at);
	assert.deepEqual(differences(await plan(...steps), 'security-group-rules'), [
		{what: 'port 2376 of the workers', from: 'closed to the manager', to: 'open to it', how: 'live'},
	]);
	const before = at.calls.length;
	assert.deepEqual(found((await setUp(...steps)).plan), allReady);
	assert.deepEqual(changesSince(at, before), ['AuthorizeSecurityGroupIngress']);
});

test('a month later, from another address, a rule for it is added, the one for the address that was left goes, and a teammate’s stays', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	const bob = at.another({address: '192.0.2.9', who: 'bob@desk'});
	await drive({...at, ...bob}).setUp(...steps);
	assert.deepEqual(opened(at, 'gitlab-runners-manager'), ['22-22 203.0.113.7/32', '22-22 192.0.2.9/32']);
	at.outside.setOwnAddress('198.51.100.23');
	const before = at.calls.length;
	const {plan} = drive(at);
	assert.deepEqual(differences(await plan(...steps), 'security-group-rules'), [
		{what: 'sshFrom', from: 'port 22 closed to it', to: '198.51.100.23/32', how: 'live'},
		{what: 'sshFrom', from: 'port 22 open to 203.0.113.7/32', to: 'closed to it', how: 'live'},
	]);
	await drive(at).setUp(...steps);
	assert.deepEqual(changesSince(at, before), ['AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress']);
	assert.deepEqual(opened(at, 'gitlab-runners-manager'), ['22-22 192.0.2.9/32', '22-22 198.51.100.23/32']);
});

test('while no service tells the own address, no rule goes', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.setOwnAddress(undefined);
	await drive(at).setUp(...steps);
	assert.deepEqual(opened(at, 'gitlab-runners-manager'), ['22-22 203.0.113.7/32']);
});

test('any rule that admits this machine will do, a wider one of somebody’s too', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.setOwnAddress('198.51.100.23');
	at.outside.openPort(groupIn(at, 'gitlab-runners-manager')?.id ?? '', 22, {cidr: '198.51.100.0/24'}, 'office');
	const before = at.calls.length;
	const {plan} = await drive(at).setUp(...steps);
	assert.deepEqual([found(plan), changesSince(at, before)], [allReady, []]);
});

test('an own address that no service tells is a note and no failure', async () => {
	const at = world();
	at.outside.setOwnAddress(undefined);
	const {failed, plan} = await drive(at).setUp(...steps);
	assert.deepEqual([failed, found(plan)], [[], allReady]);
	assert.match(notes(plan, 'security-group-rules').join(), /No service tells this machine's own address/);
	assert.deepEqual(opened(at, 'gitlab-runners-manager'), []);
});

test('with a block in the answers the own address isn’t asked for', async () => {
	const at = world();
	const deaf = {...at, address: {mine: () => Promise.reject(new Error('asked'))}};
	const {failed} = await drive(deaf, {sshFrom: '10.1.2.3/8'}).setUp(...steps);
	assert.deepEqual([failed, opened(at, 'gitlab-runners-manager')], [[], ['22-22 10.0.0.0/8']]);
});

test('a narrower block closes what the wider one of ours had opened, and nothing of others', async () => {
	const at = world();
	const {plan: open} = await drive(at, {sshFrom: '0.0.0.0/0'}).setUp(...steps);
	assert.match(notes(open, 'security-group-rules').join(), /Port 22 of the manager is open to everybody/);
	at.outside.openPort(groupIn(at, 'gitlab-runners-manager')?.id ?? '', 22, {cidr: '198.51.100.0/24'}, 'office');
	await drive(at, {sshFrom: '203.0.113.0/24'}).setUp(...steps);
	assert.deepEqual(opened(at, 'gitlab-runners-manager').sort(), ['22-22 198.51.100.0/24', '22-22 203.0.113.0/24']);
	await drive(at).setUp(...steps);
	assert.deepEqual(opened(at, 'gitlab-runners-manager').sort(), ['22-22 198.51.100.0/24', '22-22 203.0.113.7/32']);
});

test('a group of our name that isn’t the fleet’s blocks, and is not touched', async () => {
	const at = world();
	const group = at.outside.addGroup(region, 'gitlab-runners-workers');
	const {failed, plan} = await drive(at).setUp(...steps);
	assert.match(failed[0] ?? '', /A security group gitlab-runners-workers is already there \(sg-\w+\), and it isn't this fleet's, so it stays as it is\./);
	assert.equal(problem(plan, 'security-groups').code, 'InvalidGroup.Duplicate');
	assert.deepEqual([changesSince(at, 0), group.inbound], [[], []]);
});

test('an adopted group that keeps us out blocks, with the answer that lets us in', async () => {
	const at = world();
	const group = at.outside.addGroup(region, 'bastions');
	at.outside.openPort(group.id, 22, {cidr: '198.51.100.4/32'});
	const {fix, message} = problem(await drive(at, {securityGroup: 'bastions'}).plan(...steps), 'security-group-rules');
	assert.match(message, /keeps this machine out: port 22 is open to 198\.51\.100\.4\/32, and you are 203\.0\.113\.7\/32\./);
	assert.deepEqual(fix, {sshFrom: '203.0.113.7/32'});
	const {plan} = await drive(at, {securityGroup: group.id, ...fix}).setUp(...steps);
	assert.deepEqual(found(plan), allReady);
	assert.deepEqual(groupIn(at, 'bastions')?.inbound.length, 2);
	assert.equal(groupIn(at, 'gitlab-runners-manager'), undefined);
	assert.deepEqual(opened(at, 'gitlab-runners-workers').sort(), [`22-22 ${group.id}`, `2376-2376 ${group.id}`]);
});

test('destroy takes our rule out of an adopted group, and leaves the group', async () => {
	const at = world();
	const group = at.outside.addGroup(region, 'bastions');
	at.outside.openPort(group.id, 22, {cidr: '198.51.100.4/32'});
	await drive(at, {securityGroup: 'bastions', sshFrom: '203.0.113.7/32'}).setUp(...steps);
	const {failed, left} = await drive(at).destroy();
	assert.deepEqual([failed, left, opened(at, 'bastions')], [[], [], ['22-22 198.51.100.4/32']]);
});

test('an adopted group that isn’t there blocks', async () => {
	assert.equal(problem(await drive(world(), {securityGroup: 'sg-0123456789abcdef0'}).plan(...steps), 'security-groups').code, 'InvalidGroup.NotFound');
});

test('groups go only once nothing uses them, and the waiting is said', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	const id = groupIn(at, 'gitlab-runners-workers')?.id ?? '';
	const {id: instance} = at.outside.addInstance(region, {groupIds: [id]});
	const removing = drive(at).destroy();
	at.time.at(at.time.now() + 40_000, () => at.outside.terminateInstance(instance));
	const {events, failed} = await removing;
	assert.deepEqual([failed, groupIn(at, 'gitlab-runners-workers')], [[], undefined]);
	assert.ok(events.some((event) => event.event === 'step.says' && /waiting until nothing uses gitlab-runners-workers/.test(event.says)));
});

test('decoys of like name survive destroy', async () => {
	const at = world();
	await drive(at).setUp(...steps);
	at.outside.addGroup(region, 'my-gitlab-runners-workers');
	at.outside.addGroup(region, 'gitlab-runners-workers-2', {tags: {'gitlab-runner-aws:fleet': 'gitlab-runners-2'}});
	await drive(at).destroy();
	const left = [...at.outside.region(region).groups.values()].map(({name}) => name).sort();
	assert.deepEqual(left, ['default', 'gitlab-runners-workers-2', 'my-gitlab-runners-workers']);
});
