import {parse} from '../../source/argv.ts';
import {orphans} from '../../source/commands/orphans.ts';
import type {Session} from '../../source/commands/session.ts';
import {makeStops} from '../../source/commands/stops.ts';
import type {Happening} from '../../source/engine/events.ts';
import type {Proposal} from '../../source/face.ts';
import {presetsIn} from '../../source/presets.ts';
import type {Problem} from '../../source/problem.ts';
import type {Ports} from '../../source/simulated.ts';

/** How a run of `orphans` went. */
export type Ran = {
	code: number;
	events: Happening[];
	problems: Problem[];
	/** What was to be agreed to; undefined where nobody was asked. */
	proposal: Proposal | undefined;
};

type Found = Extract<Happening, {event: 'orphan.found'}>;

/** Who sits there: somebody who says yes or no, or nobody. */
export type Sitting = 'agrees' | 'declines' | 'nobody';

/** Runs `orphans` on a laptop of the simulated world. `asked` happens while the person reads what is to go. */
export async function orphansAt(ports: Ports, args: readonly string[], sitting: Sitting = 'nobody', asked = () => {}): Promise<Ran> {
	const {address, clock, cloudAt, disk, gitlabAt, host, random, who} = ports;
	const parsed = parse(['orphans', ...args]);
	const events: Happening[] = [];
	const problems: Problem[] = [];
	let proposal: Proposal | undefined;
	const refuse = () => Promise.reject(new Error('Nobody is asked here.'));
	const session: Session = {
		parsed,
		options: parsed.options,
		around: {
			argv: [...args],
			env: {},
			version: '0.0.0',
			stdin: process.stdin,
			stdout: process.stdout,
			stderr: process.stderr,
			home: '/home/alice',
			platform: 'linux',
			who,
			shipped: new URL('../../presets/', import.meta.url),
			onSignal: () => {},
		},
		face: {
			ask: refuse,
			async agree(proposed) {
				proposal = proposed;
				asked();
				return parsed.options.yes || sitting === 'agrees';
			},
			emit: (happening) => void events.push(happening),
			watch: (_title, work) => work(new AbortController().signal),
			fail: (problem) => void problems.push(problem),
			close: async () => {},
		},
		interactive: sitting !== 'nobody' && !parsed.options.yes,
		world: {
			cloudAt,
			host,
			gitlabAt,
			address,
			disk,
			clock,
			random,
			defaultRegion: async () => 'us-east-2',
			profiles: async () => [],
			use: () => {},
			close: () => {},
		},
		stops: makeStops(),
		secrets: {},
		presets: presetsIn({own: '/nowhere', shipped: '/nowhere'}),
		settings: {read: async () => ({}), remember: async () => {}},
		who,
		hide: () => {},
		instead: refuse,
		demo: false,
	};
	try {
		return {code: await orphans(session), events, problems, proposal};
	} finally {
		await session.face.close();
	}
}

/** What was listed: kind, name or id, and how it was judged. */
export const listed = ({events}: Ran): string[] =>
	events.filter((one): one is Found => one.event === 'orphan.found').map(({kind, id, name, is}) => `${is}: ${kind} ${kind === 'key pair' ? name : id}`);

/** What was told as removed. */
export const removed = ({events}: Ran): string[] =>
	events.flatMap((one) => (one.event === 'orphan.removed' ? [`${one.kind} ${one.kind === 'key pair' ? one.name : one.id}`] : []));

/** The end, as told. */
export const said = ({events}: Ran): string => events.flatMap((one) => (one.event === 'ended' ? [one.says] : [])).join('\n');
