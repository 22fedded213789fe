import {orphans} from '../../../source/commands/orphans.ts';
import type {Happening} from '../../../source/engine/events.ts';
import type {Proposal} from '../../../source/engine/step.ts';
import type {Face} from '../../../source/faces/face.ts';
import type {Problem} from '../../../source/problem.ts';
import type {Ports} from '../../../source/simulated/world.ts';
import {hearing, sessionAt} from '../at-laptop.ts';

/** How a run of `orphans` went. */
export type OrphansRun = {
	code: number;
	events: Happening[];
	problems: Problem[];
	/** What was to be agreed to; undefined where nobody was asked. */
	proposal: Proposal | undefined;
};

type OrphanEvent = Extract<Happening, {event: 'orphan.found'}>;

/** Who sits there: somebody who says yes or no, or nobody. */
export type Sitting = 'agrees' | 'declines' | 'nobody';

/** Runs `orphans` on a laptop of the simulated world. `asked` happens while the person reads what is to go. */
export async function orphansAt(ports: Ports, args: readonly string[], sitting: Sitting = 'nobody', asked = () => {}): Promise<OrphansRun> {
	const heard = hearing();
	let proposal: Proposal | undefined;
	const face: Face = {
		...heard,
		async agree(proposed) {
			proposal = proposed;
			asked();
			return yes || sitting === 'agrees';
		},
	};
	const session = sessionAt(ports, ['orphans', ...args], face);
	const {yes} = session.options;
	const code = await orphans({...session, interactive: sitting !== 'nobody' && !yes});
	return {code, events: heard.events, problems: heard.problems, proposal};
}

/** What was listed: kind, name or id, and how it was judged. */
export const listed = ({events}: OrphansRun): string[] =>
	events.filter((one): one is OrphanEvent => one.event === 'orphan.found').map(({kind, id, name, is}) => `${is}: ${kind} ${kind === 'key pair' ? name : id}`);

/** What was told as removed. */
export const removed = ({events}: OrphansRun): string[] =>
	events.flatMap((one) => (one.event === 'orphan.removed' ? [`${one.kind} ${one.kind === 'key pair' ? one.name : one.id}`] : []));

/** The end, as told. */
export const said = ({events}: OrphansRun): string => events.flatMap((one) => (one.event === 'ended' ? [one.says] : [])).join('\n');
