import type {Case, CauseRow} from '../../../panel/causes/cause.ts';
import {type Holds, holdingCode, refusalRow} from '../../../panel/causes/refusals.ts';
import {forTime, many} from '../../../panel/formats.ts';
import {launchCauses} from './launch-causes.ts';
import {lifeCauses} from './life-causes.ts';

/** What stands in the way of every try is said again with each of them, so that what wasn't said for longer than this is over, in milliseconds. */
const silence = 180_000;

const isUnsaid = ({now}: Case, last: number): boolean => now - last > silence;

/** A line of this code that is said as long as it is so: it isn't over by a worker that was there already. */
const repeated = (it: Case, code: string): Holds | undefined => holdingCode(it, new Set([code]), isUnsaid);

/** A row for such lines, called as their code is. */
const repeatedRow = (row: Omit<Parameters<typeof refusalRow>[0], 'refusals' | 'isOver'>): CauseRow =>
	refusalRow({...row, refusals: [row.id], isOver: isUnsaid});

/** Groups that are to be there and aren't, by Auto Scaling itself. */
const absent = ({snapshot}: Case): readonly string[] => snapshot.group.value?.absent ?? [];

/** What keeps the runner from taking jobs at all: each poll ends before GitLab is asked. */
const startCauses: readonly CauseRow[] = [
	{
		// The service looks in the folder of the user that it runs as.
		id: 'plugin-missing',
		rank: 'unasked',
		source: 'host',
		key: 'repair',
		refusals: ['plugin-missing'],
		tells: (it) => {
			const held = repeated(it, 'plugin-missing');
			const installed = it.host?.fleetingPlugin;
			const says = (time: string): string =>
				`The fleeting plugin that makes workers isn't there for the user that GitLab Runner runs as${installed === undefined ? '' : `, though version ${installed} is installed`}${time}, so it takes no jobs.`;
			if (held) return {says: says(forTime(held.since, it.now)), since: held.since, source: 'journal'};
			return it.host && it.runner?.group !== undefined && installed === undefined && it.host.config ? says('') : undefined;
		},
	},
	repeatedRow({
		id: 'plugin-broken',
		rank: 'unasked',
		key: 'log',
		says: ({refusal: {text}}, time) => `The fleeting plugin that makes workers can't be started${time}: ${lastPart(text)}.`,
	}),
	repeatedRow({
		id: 'region-missing',
		rank: 'unasked',
		key: 'repair',
		says: (_, time) => `The plugin knows no AWS region${time}: \`config_file\` in config.toml names the file that says it.`,
	}),
	{
		id: 'scaling-group-missing',
		rank: 'unasked',
		source: 'group',
		key: 'repair',
		refusals: ['scaling-group-missing'],
		tells: (it) => {
			const held = repeated(it, 'scaling-group-missing');
			const [name = it.runner?.group] = absent(it);
			if (absent(it).length === 0 && !held) return undefined;
			// What Auto Scaling itself tells is newer than a line of the log.
			if (absent(it).length === 0 && it.groups.length > 0) return undefined;
			const says = `There is no Auto Scaling group ${name ?? 'of that name'} in ${it.snapshot.region}${forTime(held?.since, it.now)}, so no worker can be made.`;
			return {says, since: held?.since, ...(absent(it).length > 0 ? {} : {source: 'journal'})};
		},
	},
	{
		id: 'scaling-group-going',
		rank: 'unmade',
		source: 'group',
		key: 'repair',
		tells: ({groups}) => {
			const going = groups.find(({isGoing}) => isGoing);
			return going && `The Auto Scaling group ${going.name} is being deleted, with its instances.`;
		},
	},
	repeatedRow({
		id: 'key-unreadable',
		rank: 'unasked',
		key: 'repair',
		says: (_, time) => `The key by which the runner gets on to workers can't be read on the manager${time}.`,
	}),
	repeatedRow({
		id: 'state-storage',
		rank: 'unasked',
		key: 'ssh',
		says: ({refusal: {text}}, time) => `The runner can't keep what it knows of its instances on the manager${time}: ${lastPart(text)}.`,
	}),
	repeatedRow({
		// The process has ended, and nothing starts it again.
		id: 'plugin-dead',
		rank: 'unasked',
		key: 'restart',
		says: (_, time) => `The fleeting plugin's process has died${time}, and GitLab Runner doesn't start it again by itself: a restart does.`,
	}),
];

/** The last part of an error that has been wrapped again and again. */
const lastPart = (text: string): string => {
	const last = text.replace(/\s+/g, ' ').split(': ').slice(-2).join(': ').replace(/\.$/, '');
	return last.length > 200 ? `${last.slice(0, 199)}…` : last;
};

/** Workers come up, and no job can run on them. */
const unusableCauses: readonly CauseRow[] = [
	refusalRow({
		id: 'docker-group',
		rank: 'unusable',
		key: 'config',
		refusals: ['docker-group'],
		says: (_, time) => `The user by which the runner gets on to workers may not use Docker there${time}: it isn't in the group docker.`,
	}),
	refusalRow({
		id: 'ready-command',
		rank: 'unusable',
		key: 'config',
		refusals: ['ready-command'],
		says: ({count, refusal: {text}}, time) => {
			const status = /(?:exit(?:ed with)? status|status) (\d+)/.exec(text)?.[1];
			const ended = status === undefined ? '' : ` with ${status}`;
			return `New workers aren't ready${time}: \`instance_ready_command\` ended${ended} on ${many(count, 'instance')}, which went again.`;
		},
	}),
	refusalRow({
		id: 'instance-ssh',
		rank: 'unusable',
		key: 'config',
		refusals: ['instance-ssh'],
		says: ({count, refusal: {text}}, time) =>
			/unable to authenticate|handshake failed/.test(text)
				? `Workers don't take the manager's key for SSH${time} (${many(count, 'instance')}): the key pair of the launch template or the user isn't right.`
				: `Workers don't answer the manager's SSH${time} (${many(count, 'instance')}): the security group, the route or the image isn't right.`,
	}),
	refusalRow({
		id: 'instance-docker',
		rank: 'unusable',
		key: 'config',
		refusals: ['instance-docker'],
		says: (_, time) => `Docker doesn't run on workers${time}: their image or user data doesn't start it.`,
	}),
	refusalRow({
		id: 'connect-info',
		rank: 'unusable',
		key: 'config',
		refusals: ['connect-info'],
		says: (_, time) =>
			`AWS doesn't let the manager's key on to workers${time} (EC2 Instance Connect): \`use_static_credentials\` with a key of its own needs no such call.`,
	}),
];

/** What keeps jobs of docker-autoscaler from workers, by the runner's log and figures, its Auto Scaling group, and EC2, in the order in which to ask. */
export const causes: readonly CauseRow[] = [...startCauses, ...launchCauses, ...unusableCauses, ...lifeCauses];
