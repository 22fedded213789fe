import {machineRights} from '../../../source/executors/docker-machine/manager-rights.ts';
import {type Answers, mark} from '../../../source/fleet.ts';
import {judge, type PolicyQuestion} from '../../../source/simulated/cloud/policy/judge.ts';
import {type JudgedCall, type JudgedLaunch, type JudgedScope, type KnownThing, questionsOf} from '../../../source/simulated/cloud/policy/questions.ts';
import {managerPolicy, type PolicyScope} from '../../../source/steps/manager-policy.ts';
import type {PolicyDocument} from '../../../source/world/cloud/policy.ts';
import {someAnswers, someFleet, someNetwork} from '../../executors/docker-machine/some-answers.ts';

export const account = '123456789012';
const region = someFleet.region;
export const arn = (kind: string) => `arn:aws:ec2:${region}:${account}:${kind}`;
export const workerProfile = {profileArn: `arn:aws:iam::${account}:instance-profile/ci/workers`, roleArn: `arn:aws:iam::${account}:role/ci/worker-role`};
export const diskKey = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;

/** One set of answers, with what the policy for it depends on, and how docker-machine then launches. */
export type PolicyCase = {name: string; answers: Answers; policy: PolicyDocument; launch: JudgedLaunch; tags: Record<string, string>};

const scope: PolicyScope = {fleet: someFleet, partition: 'aws', account, network: someNetwork, keys: {}};

export const machine = 'runner-abcdefghi-gitlab-runners-1795622400-0a1b2c3d';

function caseOf(name: string, over: Partial<Answers> = {}, where: Partial<PolicyScope> = {}): PolicyCase {
	const answers = someAnswers(over);
	const tags = {Name: machine, ...mark(someFleet, 'worker'), ...answers.tags};
	const spot = answers.spot;
	return {
		name,
		answers,
		tags,
		policy: managerPolicy({...scope, ...where}, answers, machineRights),
		launch: {
			type: answers.workerType,
			spot,
			imageId: 'ami-0123456789abcdef0',
			subnetId: someNetwork.subnetId,
			groupIds: ['sg-workers'],
			keyName: machine,
			profile: where.worker && {arn: where.worker.profileArn, roleArn: where.worker.roleArn},
			tags: spot ? {} : {instance: tags, volume: tags, 'network-interface': tags},
		},
	};
}

const manyTags = Object.fromEntries(Array.from({length: 12}, (_, index) => [`team-${index}`, 'ci']));

/** The answers that the policy differs by. */
export const cases: readonly PolicyCase[] = [
	caseOf('spot'),
	caseOf('on demand', {spot: false}),
	caseOf('spot, with more tags than fit into one call', {tags: manyTags}),
	caseOf('on demand, with tags and an adopted bucket', {spot: false, tags: {CostCenter: '42'}, cache: 'acme-cache'}),
	caseOf('spot, with a profile for workers', {workerProfile: 'workers'}, {worker: workerProfile}),
	caseOf(
		'on demand, with a profile for workers and an image by its id',
		{spot: false, workerProfile: 'workers', workerImage: 'ami-0123456789abcdef0'},
		{worker: workerProfile},
	),
	caseOf('no cache, token kept in SSM', {cache: 'none', tokenStore: 'ssm'}),
	caseOf('a private subnet and the account’s own key for disks', {}, {network: {...someNetwork, public: false}, keys: {disk: diskKey}}),
];

const worker = (spot: boolean, tags: Record<string, string>, profileArn?: string): KnownThing => ({type: 'c5.large', spot, profileArn, tags});
const others = {name: 'others', region};

/** What stands in the account: of the fleet, of another fleet, of strangers. */
const things: Record<string, KnownThing> = {
	'instance/i-spot-fresh': worker(true, {}),
	'instance/i-fresh-with-profile': worker(true, {}, workerProfile.profileArn),
	'instance/i-spot-worker': worker(true, {Name: machine, ...mark(someFleet, 'worker')}),
	'instance/i-worker': worker(false, {Name: machine, ...mark(someFleet, 'worker')}),
	'instance/i-manager': {type: 't3.small', spot: false, tags: {Name: 'gitlab-runners-manager', ...mark(someFleet, 'manager')}},
	'instance/i-other-manager': {type: 't3.small', spot: false, tags: {Name: 'others-manager', ...mark(others, 'manager')}},
	'instance/i-other-worker': worker(true, {Name: 'runner-x-others-1-1', ...mark(others, 'worker')}),
	'instance/i-web': {type: 'c5.large', spot: false, tags: {Name: 'web'}},
	'instance/i-unnamed': {type: 'c5.large', spot: false, tags: {}},
	'instance/i-spot-web': worker(true, {Name: 'web'}),
	'instance/i-spot-other-type': {type: 'm5.large', spot: true, tags: {}},
	'instance/i-spot-asg': worker(true, {'aws:autoscaling:groupName': 'batch'}),
	'instance/i-spot-node': worker(true, {'eks:cluster-name': 'prod'}, `arn:aws:iam::${account}:instance-profile/node`),
	'security-group/sg-workers': {tags: mark(someFleet, 'security-groups')},
	'security-group/sg-other': {tags: mark(others, 'security-groups')},
	'security-group/sg-default': {tags: {}},
	'image/ami-0123456789abcdef0': {tags: {}, isPublic: true},
	'image/ami-private': {tags: {}, isPublic: false},
	'volume/vol-web': {tags: {}},
};

const judgedScope: JudgedScope = {
	partition: 'aws',
	account,
	region,
	known: (kind, id) => things[`${kind}/${id}`],
};

/** The questions of a call that the policy of a case doesn't allow; none where all are allowed. */
export function refused({policy}: Pick<PolicyCase, 'policy'>, call: JudgedCall, inRegion = region): PolicyQuestion[] {
	return questionsOf(call, {...judgedScope, region: inRegion}).filter((question) => judge([policy], question) !== 'allowed');
}
