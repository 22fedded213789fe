import {forTime} from '../formats.ts';
import type {WorkerRefusal} from '../journal/refusal.ts';
import type {Case, CauseRow} from './cause.ts';
import {bareCode, holdingRefusal, refusalRow} from './refusals.ts';

/** `c5.large in us-east-2a`, from the refusal, else from config.toml. */
function whereOf({made}: Case, refusal: WorkerRefusal): string {
	const type = refusal.type ?? made?.type;
	const zone = refusal.zone ?? made?.zone;
	return [type ?? 'workers', zone === undefined ? '' : `in ${zone}`].filter(Boolean).join(' ');
}

/** Whether config.toml asks for spot machines. */
const wantsSpot = ({made}: Case): boolean => made?.spot === true;

/** Who is meant by an ARN: `role gitlab-runners-us-east-2-manager`. */
const whoOf = (arn: string): string => {
	const role = /:assumed-role\/([^/]+)/.exec(arn)?.[1];
	if (role !== undefined) return `role ${role}`;
	return arn === '' ? 'the manager' : (arn.split('/').at(-1) ?? arn);
};

const capacityCodes = ['InsufficientInstanceCapacity', 'UnfulfillableCapacity', 'Unsupported', 'InsufficientHostCapacity'];

/** Why AWS makes no machines, in its words in the runner's log. */
export const awsCauses: readonly CauseRow[] = [
	// IAM or the organization's policies (SCP) refuse a call of the manager's: an account-wide change shows here first.
	refusalRow({
		id: 'not-allowed',
		rank: 'unmade',
		key: 'commands',
		refusals: ['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException'],
		says: ({refusal: {code, encoded, text}}, time, {snapshot}) => {
			const denial = encoded === undefined ? undefined : snapshot.denials[encoded];
			const [, who, action] = /User: (\S+) is not authorized to perform: ([a-z0-9-]+:\w+)/.exec(text) ?? [];
			if (!denial && action !== undefined) return `AWS refuses ${action} to ${whoOf(who ?? '')}${time} (${bareCode(code)}).`;
			if (!denial) return `AWS doesn't allow the manager to make workers${time} (UnauthorizedOperation).`;
			const why = denial.explicit ? 'a policy of the account or the organization (SCP) denies it' : 'no policy allows it';
			return `AWS refuses ${denial.action} to ${whoOf(denial.principal)}${time}: ${why}.`;
		},
	}),
	// The manager's credentials, or the whole account.
	refusalRow({
		id: 'credentials-refused',
		rank: 'unmade',
		key: 'repair',
		refusals: [
			'AuthFailure',
			'InvalidClientTokenId',
			'ExpiredToken',
			'RequestExpired',
			'SignatureDoesNotMatch',
			'OptInRequired',
			'PendingVerification',
			'Blocked',
		],
		says: ({refusal}, time) => `AWS doesn't accept the manager's credentials${time} (${refusal.code}).`,
	}),
	// The account-wide role for spot is missing, and the manager may not make it.
	refusalRow({
		id: 'spot-role',
		rank: 'unmade',
		key: 'repair',
		refusals: ['AuthFailure.ServiceLinkedRoleCreationNotPermitted'],
		says: () => 'The account has no role AWSServiceRoleForEC2Spot, without which it gets no spot machine.',
	}),
	{
		// Anything that no other row explains: an image that is gone, a subnet, a setting.
		id: 'refused',
		rank: 'unmade',
		source: 'journal',
		key: 'config',
		tells: (it) => {
			const held = holdingRefusal(it, ({code}) => !it.explained.has(bareCode(code)));
			if (!held) return undefined;
			const image = /ami-[0-9a-f]+/.exec(held.refusal.text)?.[0] ?? it.made?.image;
			const what = held.refusal.code.startsWith('InvalidAMIID') && image !== undefined ? `image ${image}` : whereOf(it, held.refusal);
			return {says: `New workers are refused for ${what}${forTime(held.since, it.now)} (${held.refusal.code}).`, since: held.since};
		},
	},
	refusalRow({
		id: 'subnet-full',
		rank: 'unmade',
		key: 'move',
		refusals: ['InsufficientFreeAddressesInSubnet'],
		says: ({refusal}, time, {made}) => {
			const subnet = /subnet-[0-9a-f]+/.exec(refusal.text)?.[0] ?? made?.subnet;
			return `${subnet === undefined ? "The workers' subnet" : `Subnet ${subnet}`} has no free address for a new worker${time}.`;
		},
	}),
	// The account may run no more vCPUs of this kind.
	refusalRow({
		id: 'quota',
		rank: 'unmade',
		key: 'commands',
		refusals: ['VcpuLimitExceeded', 'InstanceLimitExceeded', 'MaxSpotInstanceCountExceeded'],
		says: ({refusal}, time, it) => {
			const {code, allowed} = refusal;
			const kind = code === 'MaxSpotInstanceCountExceeded' || (code !== 'VcpuLimitExceeded' && wantsSpot(it)) ? 'spot' : 'on-demand';
			const used = allowed === undefined ? `${kind} vCPU quota` : `quota of ${allowed} ${kind} vCPUs`;
			return `The account's ${used} in ${it.snapshot.region} is used up, so there's no more ${whereOf(it, refusal)}${time}.`;
		},
	}),
	// The cap on the spot price is below what AWS asks.
	refusalRow({
		id: 'spot-price',
		rank: 'unmade',
		key: 'move',
		refusals: ['SpotMaxPriceTooLow'],
		says: ({refusal}, time, it) => {
			const cap = /price of (\d+(?:\.\d+)?) is lower/.exec(refusal.text)?.[1] ?? it.made?.spotPrice;
			const compare = refusal.neededPrice === undefined ? 'too low' : `$${cap ?? 'the cap'}, and AWS asks $${refusal.neededPrice}`;
			return `The highest spot price for ${whereOf(it, refusal)} is ${compare}${time}.`;
		},
	}),
	refusalRow({
		id: 'not-offered',
		rank: 'unmade',
		key: 'move',
		refusals: capacityCodes,
		says: ({refusal}, time, it) => (refusal.code === 'Unsupported' ? `EC2 doesn't offer ${whereOf(it, refusal)}${time}.` : undefined),
	}),
	refusalRow({
		id: 'no-capacity',
		rank: 'unmade',
		key: 'move',
		refusals: capacityCodes,
		says: ({refusal}, time, it) =>
			refusal.code === 'Unsupported' ? undefined : `EC2 has no ${wantsSpot(it) ? 'spot ' : ''}capacity for ${whereOf(it, refusal)}${time}.`,
	}),
	refusalRow({
		id: 'throttled',
		rank: 'hampered',
		key: 'wait',
		refusals: ['RequestLimitExceeded', 'Throttling', 'ThrottlingException', 'TooManyRequestsException'],
		says: ({refusal}, time) => `AWS slows down the account's calls, so workers are made late${time} (${refusal.code}).`,
	}),
];
