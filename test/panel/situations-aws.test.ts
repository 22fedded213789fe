import assert from 'node:assert/strict';
import type {World} from '../../source/simulated/world.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {prove, type SituationFleet} from './situation.ts';

const zones = ['a', 'b', 'c'].map((letter) => someFleet.region + letter);
const type = 'c5.large';

/** The spot machines of a zone are gone, or all of its machines. */
const noCapacity = ({outside}: World, has: 'none' | 'none-on-spot'): void => {
	for (const zone of zones) outside.capacity(type, zone, has);
};

/** docker-machine's key pairs of machines that are long gone, until the region is full. */
function fillWithKeyPairs({region, world}: SituationFleet): void {
	for (let number = region.keyPairs.size; number < world.outside.account.mostKeyPairs; number += 1) {
		const name = `runner-abcdef-ci-${1_795_000_000 + number}-${number.toString(16).padStart(8, '0')}`;
		region.keyPairs.set(name, {id: `key-${number}`, name, type: 'rsa', fingerprint: '', publicKey: '', createdAt: 0, tags: {}, seenFrom: 0});
	}
}

/** An image of the account's own, from which workers are made. */
const ownImage = 'golden worker';

/** AWS has no machine to give, or lets the manager have none. */
prove({
	'there is no spot capacity': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			noCapacity(world, 'none-on-spot');
			jobs(2);
		},
		watched: 150,
		asks: 'Why are 2 jobs waiting?',
		says: ['EC2 has no spot capacity for c5.large in us-east-2a, for 2 m. [journal: move]'],
	},
	'there is no capacity on demand': {
		fleet: {idleCount: 1, spot: false},
		happens({world, jobs}) {
			noCapacity(world, 'none');
			jobs(2);
		},
		watched: 150,
		asks: 'Why are 2 jobs waiting?',
		says: ['EC2 has no capacity for c5.large in us-east-2a, for 2 m. [journal: move]'],
	},
	'the type is no longer offered in the zone': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			for (const zone of zones) world.outside.offer(type, zone, false);
			jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ["EC2 doesn't offer c5.large in us-east-2a, for 2 m. [journal: move]"],
	},
	'the spot price is above the cap': {
		fleet: {idleCount: 1, spotPrice: 0.05},
		happens({world, jobs}) {
			for (const zone of zones) world.outside.spotPrice(type, zone, 0.0812);
			jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ['The highest spot price for c5.large in us-east-2a is $0.05, and AWS asks $0.0812, for 2 m. [journal: move]'],
	},
	'the quota of spot vCPUs is used up': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			world.outside.setQuota('L-34B43A08', 1);
			jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ["The account's spot vCPU quota in us-east-2 is used up, so there's no more c5.large in us-east-2a, for 2 m. [journal: commands]"],
	},
	'the quota of on-demand vCPUs is used up': {
		fleet: {idleCount: 1, spot: false},
		happens({world, jobs}) {
			world.outside.setQuota('L-1216C47A', 3);
			jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ["The account's quota of 3 on-demand vCPUs in us-east-2 is used up, so there's no more c5.large in us-east-2a, for 2 m. [journal: commands]"],
	},
	'the subnet is out of addresses': {
		fleet: {idleCount: 1},
		happens({region, jobs}) {
			for (const subnet of region.subnets) subnet.free = 1;
			jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ({region}) => [`Subnet ${region.subnets.find(({zone}) => zone === zones[0])?.id} has no free address for a new worker, for 2 m. [journal: move]`],
	},
	'the region is full of key pairs that machines left behind': {
		fleet: {idleCount: 1},
		happens(subject) {
			fillWithKeyPairs(subject);
			subject.jobs(2);
		},
		watched: 120,
		asks: 'Why are 2 jobs waiting?',
		says: ["us-east-2 is full of key pairs, 4,999 of them docker-machine's, for 2 m, and each worker needs one. [journal: remove-leftovers]"],
	},
	'the organization denies the manager’s launches': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			world.outside.denyToAll('ec2:RunInstances');
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: [
			'AWS refuses ec2:RunInstances to role gitlab-runners-us-east-2-manager, for 2 m: a policy of the account or the organization (SCP) denies it. [journal: commands]',
		],
	},
	'the organization denies the manager’s launches, and nobody here may decode why': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			world.outside.denyToAll('ec2:RunInstances');
			world.outside.deny('sts:DecodeAuthorizationMessage');
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ['AWS refuses ec2:RunInstances to role gitlab-runners-us-east-2-manager, for 2 m (UnauthorizedOperation). [journal: commands]'],
	},
	'somebody cut the manager’s role down': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			const role = world.outside.account.roles.get('gitlab-runners-us-east-2-manager') ?? assert.fail('no role');
			role.inline.clear();
			role.inline.set('less', JSON.stringify({Version: '2012-10-17', Statement: [{Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*'}]}));
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ['AWS refuses ec2:ImportKeyPair to role gitlab-runners-us-east-2-manager, for 2 m: no policy allows it. [journal: commands]'],
	},
	'the account’s role for spot is gone': {
		fleet: {idleCount: 1},
		happens({world, jobs}) {
			world.outside.account.serviceLinkedRoles.delete('AWSServiceRoleForEC2Spot');
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ['The account has no role AWSServiceRoleForEC2Spot, without which it gets no spot machine. [journal: repair]'],
	},
	'the workers’ image is gone': {
		before: ({outside}) => ({idleCount: 1, workerImage: outside.addImage(someFleet.region, {name: ownImage}).id, workerSshUser: 'ubuntu'}),
		happens({region, jobs}) {
			for (const {id, name} of region.images.values()) if (name === ownImage) region.images.delete(id);
			jobs(3);
		},
		watched: 120,
		asks: 'Why are 3 jobs waiting?',
		says: ({edits}) => {
			let image: string | undefined;
			edits((text) => {
				image = /amazonec2-ami=(ami-[0-9a-f]+)/.exec(text)?.[1];
				return text;
			});
			return [`New workers are refused for image ${image}, for 2 m (InvalidAMIID.NotFound). [journal: config]`];
		},
	},
	'the runner is paused, and there is no spot capacity either': {
		fleet: {idleCount: 1},
		happens({world, runner, jobs}) {
			runner.paused = true;
			noCapacity(world, 'none-on-spot');
			jobs(2);
		},
		watched: 150,
		asks: 'Why are 2 jobs waiting?',
		says: [
			"Runner gitlab-runners is paused in GitLab, so it's given no job. [gitlab: unpause]",
			'EC2 has no spot capacity for c5.large in us-east-2a, for 2 m. [journal: move]',
		],
	},
});
