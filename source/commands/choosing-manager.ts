import type {Cloud} from '../cloud/port.ts';
import {markKeys} from '../fleet.ts';
import {isMachineName} from '../host/machine-name.ts';
import {Problem} from '../problem.ts';
import type {WhichQuestion} from '../questions/question.ts';
import {age} from '../snapshot/formats.ts';
import {machineNameOf} from '../snapshot/join.ts';
import {type Instance, instanceOf} from '../steps/looks/account.ts';
import {layersOf} from './opening.ts';
import {regionOf} from './region.ts';
import type {Session} from './session.ts';

/** Words in names of machines that make others. */
const likely = /runner|bastion|manager|gitlab|ci\b/i;

/** Running instances that no runner made, those that bear our mark or a telling name first. */
async function candidates(cloud: Cloud): Promise<Instance[]> {
	const {Reservations = []} = await cloud.call('DescribeInstances', {Filters: [{Name: 'instance-state-name', Values: ['running', 'stopped']}]});
	const all = Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf));
	const rank = ({tags}: Instance): number => (tags[markKeys.part] === 'manager' ? 0 : likely.test(tags.Name ?? '') ? 1 : 2);
	return all
		.filter((one) => !isMachineName(machineNameOf(one) ?? '') && one.tags[markKeys.part] !== 'worker')
		.sort((one, other) => rank(one) - rank(other) || other.launchedAt - one.launchedAt);
}

/** An id that is an instance of this region. Throws a Problem where there is none, or no longer. */
async function standing({world, stops}: Session, id: string, {region, flag}: {region: string; flag: WhichQuestion['flag']}): Promise<string> {
	const {Reservations = []} = await world.cloudAt(region, stops.soft).call('DescribeInstances', {Filters: [{Name: 'instance-id', Values: [id]}]});
	const seen = Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf))[0];
	if (seen && seen.state !== 'terminated') return id;
	throw new Problem({
		code: 'manager-not-found',
		message: seen ? `The instance ${id} in ${region} is terminated.` : `There is no instance ${id} in ${region}.`,
		advice: `\`--region\` names another region, and \`${flag} choose\` lists the instances that are there.`,
	});
}

const wordsOf = ({id, tags, type, state, launchedAt}: Instance, now: number): string =>
	`${id}  ${tags.Name ?? 'without a name'}  ${type}  ${state}  ${age((now - launchedAt) / 1000)}${tags[markKeys.fleet] === undefined ? '' : `  fleet ${tags[markKeys.fleet]}`}`;

/** The manager that was named by its id after a flag, or chosen among those that are there. Throws a Problem (exit 2) where nobody can choose. */
export async function chosenManager(session: Session, named: string, flag: WhichQuestion['flag']): Promise<{id: string; region: string}> {
	const region = await regionOf(session, await layersOf(session));
	if (named !== 'choose') {
		if (/^i-[0-9a-f]{8,17}$/.test(named)) return {id: await standing(session, named, {region, flag}), region};
		throw new Problem({code: 'usage', exit: 2, message: `\`${flag}\` takes an instance id such as i-0ab12cd34ef56ab78, or \`choose\`, not ${named}.`});
	}
	const {world, stops, face, interactive} = session;
	const found = await candidates(world.cloudAt(region, stops.soft));
	const now = world.clock.now();
	if (found.length === 0) throw new Problem({code: 'no-manager', message: `No instance in ${region} could be a manager.`});
	if (!interactive)
		throw new Problem({
			code: 'which-manager',
			exit: 2,
			message: [`Nobody can be asked which manager is meant. These are in ${region}:`, ...found.slice(0, 20).map((one) => wordsOf(one, now))].join('\n'),
			advice: `Name one, such as \`${flag} ${found[0]?.id}\`.`,
		});
	const id = await face.ask({
		question: {
			id: 'which',
			flag,
			title: 'Which manager should be looked at?',
			help: 'Instances that no runner made, the likely ones first. Nothing is changed there.',
			kind: 'choice',
		},
		choices: found.map((one) => ({value: one.id, label: one.id, hint: wordsOf(one, now).slice(one.id.length + 2)})),
		wrong: (value) => (typeof value === 'string' && /^i-[0-9a-f]{8,17}$/.test(value) ? undefined : 'It takes an instance id.'),
	});
	return {id: String(id), region};
}
