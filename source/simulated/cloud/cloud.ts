import {Stopped} from '../../problem.ts';
import {cloudProblem} from '../../world/cloud/errors.ts';
import {type Cloud, type CloudAt, changes, type Input, type OperationName, type Output, serviceOf} from '../../world/cloud/port.ts';
import type {Random} from '../../world/laptop/clock.ts';
import type {SimulatedClock} from '../clock.ts';
import {copied} from '../copied.ts';
import type {Laptop} from '../laptop.ts';
import type {AccountState} from './account.ts';
import {judgeAllowed, judgeCredentials} from './allowed.ts';
import {buckets} from './buckets.ts';
import type {Dates} from './dates.ts';
import {type CloudFaults, cloudFaults} from './faults.ts';
import {groups} from './groups.ts';
import type {Handlers, Here} from './here.ts';
import {iam} from './iam.ts';
import {identity} from './identity.ts';
import {images} from './images.ts';
import {instances} from './instances.ts';
import {keyPairs} from './key-pairs.ts';
import {always, type Late, type Lateness} from './lateness.ts';
import {groupsCaller} from './linked-roles.ts';
import {market} from './market.ts';
import {network} from './network.ts';
import {ownImages} from './own-images.ts';
import {isRefusal, refusal} from './refusal.ts';
import type {MachineCall} from './rights.ts';
import {noticeLosses} from './scaling/capacity.ts';
import {scalingGroups} from './scaling/groups.ts';
import {launchTemplates} from './scaling/launch-templates.ts';
import {ssm} from './ssm.ts';
import {tags} from './tags.ts';

/** A call that a laptop made: when it began and ended, and how. Times are milliseconds since 1970. */
export type CallMade = {name: OperationName; region: string; input: unknown; at: number; until?: number; changing: boolean; refused?: string; laptop: number};

/** The cloud of the simulated world. */
export type SimulatedCloud = {
	account: AccountState;
	calls: CallMade[];
	/** Calls that machines made by their roles. */
	machineCalls: MachineCall[];
	faults: CloudFaults;
	/** The port as one laptop has it; without the retry policy, which both sides share. */
	at(laptop: Laptop, dates: Dates): CloudAt;
	/** Called after each changing call was carried out. */
	whenChanged: (() => void)[];
	/** Carries out a call of a machine in the account, under its role; throws refusals. `settled`: what it makes is known to its own service at once. */
	carry<Name extends OperationName>(name: Name, region: string, input: Input<Name>, by: string, settled?: boolean): Output<Name>;
};

const handlers: Handlers<OperationName> = {
	...network,
	...groups,
	...keyPairs,
	...images,
	...ownImages,
	...instances,
	...market,
	...buckets,
	...ssm,
	...iam,
	...identity,
	...tags,
	...launchTemplates,
	...scalingGroups,
};

/** Milliseconds that a call takes at least; those that aren't here take 60. Up to as much again comes by chance. */
const leastLatency: Partial<Record<OperationName, number>> = {
	RunInstances: 900,
	CreateImage: 400,
	CreateBucket: 300,
	CreateRole: 250,
	CreateInstanceProfile: 250,
	GetProducts: 300,
	SimulatePrincipalPolicy: 200,
};

/** How late AWS is: by chance up to `lagMs` milliseconds, or exactly by what `late` says. */
type Slowness = {lagMs: number; late: Lateness};

/** What stays late for others too when a colleague has made it. */
const lateForAll: readonly Late[] = ['seeing', 'ec2Profile', 'ec2Role', 'policy', 'scalingRole'];

/** Makes the cloud of the world. */
export function simulatedCloud(account: AccountState, clock: SimulatedClock, random: Random, {lagMs, late}: Slowness): SimulatedCloud {
	const calls: CallMade[] = [];
	const machineCalls: MachineCall[] = [];
	const whenChanged: (() => void)[] = [];
	const {faults, around} = cloudFaults();

	const lateBy = (what: Late): number => late[what] ?? always[what] ?? random() * lagMs;

	function hereIn(regionName: string, by: string, settled: boolean): Here {
		const region = account.regions.get(regionName);
		if (!region) throw refusal('ENOTFOUND', `getaddrinfo ENOTFOUND ec2.${regionName}.amazonaws.com`, 0);
		return {
			account,
			region,
			now: clock.now(),
			by,
			late: (what) => (settled && !lateForAll.includes(what) ? 0 : lateBy(what)),
			at: (when, happen) => void clock.at(when, happen),
		};
	}

	whenChanged.push(() => {
		for (const region of account.regions.keys()) noticeLosses(hereIn(region, groupsCaller(account), false));
	});

	function carry<Name extends OperationName>(name: Name, region: string, input: Input<Name>, by: string, settled = false): Output<Name> {
		clock.settle();
		const here = hereIn(region, by, settled);
		if (name !== 'RunInstances' && 'DryRun' in input && input.DryRun)
			throw refusal('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
		const output = copied(handlers[name](input, here));
		if (changes(name, {})) for (const look of whenChanged) look();
		return output;
	}

	function fromLaptop(laptop: Laptop, dates: Dates, region: string, signal: AbortSignal | undefined): Cloud {
		return {
			region,
			ahead: dates.ahead,
			async call(name, input) {
				const dry = 'DryRun' in input && input.DryRun === true;
				const made: CallMade = {
					name,
					region,
					input: copied(input),
					at: clock.now(),
					changing: changes(name, dry ? {DryRun: true} : {}),
					laptop: laptop.number,
				};
				if (signal?.aborted) throw new Stopped();
				laptop.judgeAlive();
				calls.push(made);
				const least = leastLatency[name] ?? 60;
				let late: number | undefined;
				try {
					await laptop.clock.sleep(account.pace?.call ?? least + random() * least, signal);
					if (made.changing) laptop.act(name);
					const output = around(name, () => {
						const {late: off, refused} = dates.date(serviceOf[name], region);
						late = off;
						if (refused) throw refusal(refused.name, refused.message, refused.status);
						judgeCredentials(account.credentials, name);
						judgeAllowed(account, name, input, laptop.arn);
						return carry(name, region, input, laptop.arn);
					});
					laptop.judgeAlive();
					return output;
				} catch (error) {
					if (!isRefusal(error)) throw error;
					made.refused = error.name;
					laptop.judgeAlive();
					throw cloudProblem(error, {operation: name, region, who: laptop.arn, late});
				} finally {
					made.until = clock.now();
				}
			},
		};
	}

	return {account, calls, machineCalls, faults, whenChanged, carry, at: (laptop, dates) => (region, signal) => fromLaptop(laptop, dates, region, signal)};
}
