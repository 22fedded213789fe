import assert from 'node:assert/strict';
import {test} from 'node:test';
import {extraOptions, machineOptions, proofOf} from '../../../source/executors/docker-machine/machine-options.ts';
import {someAnswers, someFleet, someImage, someNetwork} from './some-answers.ts';

const options = (answers = someAnswers(), network = someNetwork, fleet = someFleet) =>
	machineOptions({answers, fleet, network, image: someImage, workersGroupName: 'gitlab-runners-workers'});

test('a spot worker in a public subnet gets exactly the options it needs, capped at the on-demand price', () => {
	assert.deepEqual(options(), [
		'amazonec2-region=us-east-2',
		'amazonec2-vpc-id=vpc-0a1b2c3d',
		'amazonec2-subnet-id=subnet-0a1b2c3d',
		'amazonec2-zone=b',
		'amazonec2-use-private-address=true',
		'amazonec2-ami=ami-0123456789abcdef0',
		'amazonec2-instance-type=c5.large',
		'amazonec2-security-group=gitlab-runners-workers',
		'amazonec2-security-group-readonly=true',
		'amazonec2-device-name=/dev/sda1',
		'amazonec2-root-size=20',
		'amazonec2-volume-type=gp3',
		'amazonec2-volume-encrypted=true',
		'amazonec2-ssh-user=ubuntu',
		'amazonec2-metadata-token=required',
		'amazonec2-tags=gitlab-runner-aws:fleet,gitlab-runners,gitlab-runner-aws:part,worker',
		'amazonec2-userdata=/etc/gitlab-runner/gitlab-runner-aws-user-data',
		'amazonec2-request-spot-instance=true',
		'amazonec2-spot-price=',
		'engine-install-url=https://releases.rancher.com/install-docker/28.2.1.sh',
	]);
});

test('an on-demand worker in a private subnet has no public address and no spot options', () => {
	const seen = options(someAnswers({spot: false}), {...someNetwork, public: false});
	assert.ok(seen.includes('amazonec2-private-address-only=true'));
	assert.ok(!seen.some((option) => /spot|use-private-address/.test(option)));
});

test('a price in USD caps spot, and the tags of the organization follow the mark', () => {
	const seen = options(someAnswers({spotPrice: 0.2, tags: {CostCenter: '42', team: 'build tools'}}));
	assert.ok(seen.includes('amazonec2-spot-price=0.2'));
	assert.ok(seen.includes('amazonec2-tags=gitlab-runner-aws:fleet,gitlab-runners,gitlab-runner-aws:part,worker,CostCenter,42,team,build tools'));
});

test("the person's own options come last, and replace ours of the same flag", () => {
	const seen = options(someAnswers({machineOptions: ['amazonec2-volume-type=io2', 'engine-opt=mtu=1400', 'engine-opt=debug']}));
	assert.deepEqual(seen.slice(-3), ['amazonec2-volume-type=io2', 'engine-opt=mtu=1400', 'engine-opt=debug']);
	assert.ok(!seen.includes('amazonec2-volume-type=gp3'));
});

test("a zone is a letter, but with the person's own endpoint the whole zone, as docker-machine then sends it", () => {
	assert.ok(options().includes('amazonec2-zone=b'));
	assert.ok(options(someAnswers({machineOptions: ['amazonec2-endpoint=https://ec2.us-east-2.amazonaws.com']})).includes('amazonec2-zone=us-east-2b'));
});

test('no option leads to a region that docker-machine does not know', () => {
	const seen = options(someAnswers(), {...someNetwork, zone: 'il-central-1a'}, {name: 'gitlab-runners', region: 'il-central-1'});
	assert.ok(!seen.some((option) => option.startsWith('amazonec2-endpoint')));
});

test("options that stand beside ours are the person's; those of flags that only we set are not", () => {
	const standing = ['amazonec2-ami=ami-1', 'amazonec2-spot-price=', 'engine-registry-mirror=http://10.0.0.9:6000', 'amazonec2-monitoring=true'];
	assert.deepEqual(extraOptions(standing, ['amazonec2-ami=ami-2']), ['engine-registry-mirror=http://10.0.0.9:6000', 'amazonec2-monitoring=true']);
});

test('a proof holds for the same options, versions and image only', () => {
	const proof = proofOf(options(), {dockerMachine: '0.16.2-gitlab.48'}, 'ami-1', 'x');
	assert.equal(proof, proofOf(options(), {dockerMachine: '0.16.2-gitlab.48'}, 'ami-1', 'x'));
	const others = [
		proofOf(options(someAnswers({workerType: 'c5.xlarge'})), {dockerMachine: '0.16.2-gitlab.48'}, 'ami-1', 'x'),
		proofOf(options(), {dockerMachine: '0.16.2-gitlab.49'}, 'ami-1', 'x'),
		proofOf(options(), {dockerMachine: '0.16.2-gitlab.48'}, 'ami-2', 'x'),
	];
	assert.equal(new Set([proof, ...others]).size, 4);
	assert.equal(proof, proofOf(options(someAnswers({limit: 40, idleCount: 3})), {dockerMachine: '0.16.2-gitlab.48'}, 'ami-1', 'x'));
});
