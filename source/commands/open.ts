import {usualFleet} from '../answers/account.ts';
import {fromEnvironment, identify, interview} from '../answers/interview.ts';
import type {Preset} from '../answers/preset-form.ts';
import type {Asking, WhichQuestion} from '../answers/question.ts';
import {wrongShape} from '../answers/value.ts';
import type {Layers} from '../answers/walk.ts';
import {type OpenContext, openLooking, withAnswers} from '../engine/context.ts';
import type {Context, Looking} from '../engine/step.ts';
import {type AnswerKey, type Answers, type Fleet, type Given, markKeys, names, type Source} from '../fleet.ts';
import {age} from '../panel/formats.ts';
import {isRunnersName, workerNameOf} from '../panel/live/executors.ts';
import {isProblem, Problem} from '../problem.ts';
import {identityLook} from '../steps/identity.ts';
import {accountLook, type Instance, instanceOf, managersOf} from '../steps/looks/account.ts';
import {recordLook, recordRead} from '../steps/looks/record.ts';
import {type Cloud, changes, type Input, type OperationName, type Output} from '../world/cloud/port.ts';
import {authorityFor} from '../world/gitlab/authority.ts';
import {rememberPreset} from '../world/laptop/settings.ts';
import {askSecrets, type WhichSecrets} from './secrets.ts';
import type {Session} from './session.ts';
import {adaptersAt} from './world.ts';

/** A fleet whose answers are complete, ready for a plan. `stands` says whether the account has a record of it. */
type OpenedFleet = {context: OpenContext<Context>; answers: Answers; sources: Partial<Record<AnswerKey, Source>>; stands: boolean};

/** The layers that need no look: flags, preset, environment. */
export async function layersOf(session: Session): Promise<Layers & {preset?: Given}> {
	const preset = await presetOf(session);
	return {
		flag: session.parsed.given,
		environment: fromEnvironment(session.around.env),
		...(preset ? {preset: preset.answers} : {}),
		...(session.usual ? {found: session.usual} : {}),
	};
}

async function presetOf({options, presets, settings, world, demo}: Session): Promise<Preset | undefined> {
	if (options.preset === undefined) return undefined;
	const preset = await presets.load(options.preset);
	if (!demo) await rememberPreset(settings, options.preset, world.clock.now());
	return preset;
}

/** What choices and defaults may look at, for the answers so far; reads are made once. `through` is what their calls go through, such as turns. */
export function askingFor(session: Session, through = (cloud: Asking['cloud']): Asking['cloud'] => cloud): (given: Given) => Asking {
	const clouds = new Map<string, Asking['cloud']>();
	return (given) => {
		session.world.use(given.profile);
		const cloudAt = (region: string): Asking['cloud'] => {
			const key = `${given.profile ?? ''} ${region}`;
			const cloud = clouds.get(key) ?? remembered(through(session.world.cloudAt(region, session.stops.soft)));
			clouds.set(key, cloud);
			return cloud;
		};
		return {
			cloud: cloudAt(given.region ?? 'us-east-1'),
			cloudAt,
			given,
			now: session.world.clock.now,
			profiles: session.world.profiles,
			timeZone: session.world.timeZone,
			profileRegion: session.world.defaultRegion,
		};
	};
}

/** Everything that can be looked at of a fleet, before its answers are known. */
export const lookingAt = (session: Session, fleet: Fleet): OpenContext<Looking> =>
	openLooking(
		{...adaptersAt(session.world, fleet.region, session.stops, session.who), drainSeconds: session.options.drainSeconds},
		{fleet, secrets: session.secrets, signal: session.stops.soft},
	);

/**
 * Walks the interview and opens the fleet it leads to. The record, the caller and the account are looked at side by side as soon as region and name
 * are known. Throws a Problem (exit 2) that names the flags where something is missing and no one can be asked, before any call.
 */
export async function openFleet(session: Session, {secrets = 'all'}: {secrets?: WhichSecrets | 'none'} = {}): Promise<OpenedFleet> {
	const opened: OpenContext<Looking>[] = [];
	try {
		return await walked(session, opened, secrets);
	} catch (error) {
		await Promise.all(opened.map((looking) => looking.close()));
		throw error;
	}
}

/** What is opened on the way is added to `opened`. */
async function walked(session: Session, opened: OpenContext<Looking>[], secrets: WhichSecrets | 'none'): Promise<OpenedFleet> {
	const layers = await layersOf(session);
	const at = (fleet: Fleet): OpenContext<Looking> => {
		const known = opened.find(({fleet: {name, region}}) => name === fleet.name && region === fleet.region);
		if (known) return known;
		const looking = lookingAt(session, fleet);
		opened.push(looking);
		// Looked at ahead, side by side with the record; whoever needs them meets their problems.
		for (const look of [identityLook, accountLook]) void looking.look<unknown>(look).catch(() => undefined);
		return looking;
	};
	const {answers, sources} = await interview({
		layers,
		asking: askingFor(session),
		...(session.interactive ? {ask: session.face.ask} : {}),
		record: async (fleet) => (await at(fleet).look(recordLook))?.answers,
	});
	session.world.use(answers.profile);
	const here = at({name: answers.fleet, region: answers.region});
	await Promise.all(opened.map((looking) => looking === here || looking.close()));
	const gitlabCa = await authorityFor(here.disk, answers.gitlabCa, sources.gitlabCa);
	const context = withAnswers(here, {answers, sources, gitlabCa});
	if (secrets !== 'none') await askSecrets(session, context, secrets);
	const {stands} = await tellFleet(session, context);
	return {context, answers, sources, stands};
}

/**
 * Tells which fleet it is about and whose account, for the header; gives whether the fleet has a record, and why that can't be read. Throws what looking
 * throws.
 */
export async function tellFleet({face, demo}: Session, looking: Looking): Promise<{stands: boolean; unread?: Problem}> {
	const {name: fleet, region} = looking.fleet;
	const [{account, arn}, {stands, unread}] = await Promise.all([looking.look(identityLook), recordRead(looking)]);
	face.emit({event: 'fleet.known', fleet, region, account, arn, stands, ...(demo ? {demo: true} : {})});
	return {stands, ...(unread ? {unread} : {})};
}

/** The region that is meant, by flag, preset, environment or AWS profile, else as somebody says; throws a Problem (exit 2) when nobody can be asked. */
export async function regionOf(session: Session, layers: Layers): Promise<string> {
	const {world} = session;
	world.use(layers.flag?.profile ?? layers.preset?.profile ?? layers.environment?.profile);
	const region = layers.flag?.region ?? layers.preset?.region ?? layers.environment?.region ?? (await world.defaultRegion());
	if (region !== undefined) return region;
	if (session.interactive) {
		const {fleet, profile} = await identify({layers, asking: askingFor(session), ask: session.face.ask});
		// From here on as if both had been named on the command line: whatever is looked at later is looked at in the same account.
		Object.assign(session.parsed.given, {region: fleet.region, ...(profile === undefined ? {} : {profile})});
		return fleet.region;
	}
	throw new Problem({code: 'answers-missing', exit: 2, message: 'The region is missing.', advice: 'Add `--region`, such as `--region us-east-2`.'});
}

/** The regions that are enabled for this account. Throws AWS's Problems. */
export async function enabledRegions(cloud: Cloud): Promise<string[]> {
	const {Regions = []} = await cloud.call('DescribeRegions', {});
	return Regions.flatMap(({RegionName}) => (RegionName === undefined ? [] : [RegionName])).sort();
}

const folder = names.record({name: '', region: ''}).slice(0, -1);

/** Names of the fleets whose record stands in a region, in the order of the alphabet. */
export async function fleetsIn(cloud: Cloud): Promise<string[]> {
	const {Parameters = []} = await cloud.call('GetParametersByPath', {Path: folder, Recursive: false});
	const found = Parameters.flatMap(({Name}) => (Name === undefined ? [] : [Name.slice(folder.length + 1)]));
	// A parameter of any other name is nobody's record.
	return found.filter((name) => wrongShape('fleet', name) === undefined).sort();
}

/** The one fleet that is meant when none was named, else the one that somebody chooses; throws a Problem (exit 2) when several stand and nobody can be asked. */
async function onlyFleet({face, interactive}: Session, cloud: Cloud, fallback: string): Promise<Fleet> {
	const fleets = await fleetsIn(cloud);
	const [first = fallback] = fleets;
	if (fleets.length <= 1) return {name: first, region: cloud.region};
	if (interactive) {
		const name = await face.ask({
			question: {id: 'which', flag: '--fleet', title: 'Which fleet?', help: `These stand in ${cloud.region}.`, kind: 'choice', closed: true},
			choices: fleets.map((one) => ({value: one, label: one})),
			wrong: (value) => (fleets.some((one) => one === value) ? undefined : `It takes ${fleets.slice(0, -1).join(', ')} or ${fleets.at(-1)}.`),
		});
		return {name: String(name), region: cloud.region};
	}
	throw new Problem({
		code: 'which-fleet',
		exit: 2,
		message: `${fleets.length} fleets stand in ${cloud.region}: ${fleets.join(', ')}.`,
		advice: `Name one, such as \`--fleet ${first}\`.`,
	});
}

/** The fleet that a flag, a preset or the environment names, else the only one of the region; no answer is asked for. Throws a Problem (exit 2) where it can't be told. */
export async function namedFleet(session: Session): Promise<Fleet> {
	const layers = await layersOf(session);
	const region = await regionOf(session, layers);
	const name = layers.flag?.fleet ?? layers.preset?.fleet ?? layers.environment?.fleet;
	if (name !== undefined) return {name, region};
	const {cloud} = askingFor(session)({...session.parsed.given, region});
	return onlyFleet(session, cloud, usualFleet);
}

/** Refuses the name of a fleet of which neither a record nor a manager stands, and names those that do. What can't be looked at refuses nothing, but for where nothing can be, without credentials. Throws a Problem. */
export async function refuseUnknown(session: Session, fleet: Fleet): Promise<void> {
	const looking = lookingAt(session, fleet);
	try {
		const [record, account] = await Promise.all([looking.look(recordLook), looking.look(accountLook)]);
		if (record || managersOf(fleet, account).length > 0) return;
		const fleets = await fleetsIn(looking.cloud);
		throw new Problem({
			code: 'no-such-fleet',
			exit: 2,
			message: `There is no fleet ${fleet.name} in ${fleet.region}${fleets.length === 0 ? '' : `; there ${fleets.length === 1 ? 'is' : 'are'} ${fleets.join(', ')}`}.`,
			advice:
				fleets[0] === undefined ? '`--region` names another region; `gitlab-runner-aws setup` sets a fleet up.' : `Name one, such as \`--fleet ${fleets[0]}\`.`,
		});
	} catch (error) {
		if (!isProblem(error) || isProblem(error, 'no-such-fleet', 'no-credentials')) throw error;
	} finally {
		await looking.close();
	}
}

/** The same session as if the fleet had been named on the command line. */
export const forFleet = (session: Session, {name, region}: Fleet): Session => ({
	...session,
	parsed: {...session.parsed, given: {...session.parsed.given, fleet: name, region}},
});

/** Words in names of machines that make others. */
const likely = /runner|bastion|manager|gitlab|ci\b/i;

/** Running instances that no runner made, those that bear our mark or have a manager's name first. */
async function candidates(cloud: Cloud): Promise<Instance[]> {
	const {Reservations = []} = await cloud.call('DescribeInstances', {Filters: [{Name: 'instance-state-name', Values: ['running', 'stopped']}]});
	const all = Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf));
	const rank = ({tags}: Instance): number => (tags[markKeys.part] === 'manager' ? 0 : likely.test(tags.Name ?? '') ? 1 : 2);
	return all
		.filter((one) => !isRunnersName(workerNameOf(one) ?? '') && one.tags[markKeys.part] !== 'worker')
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

/** The same cloud, whose reads are made once: choices and defaults ask for the same things again and again. What failed is asked for again. */
function remembered(cloud: Cloud): Cloud {
	const answers = new Map<string, Promise<unknown>>();
	return {
		...cloud,
		call<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>> {
			if (changes(name, input)) return cloud.call(name, input);
			const key = `${name} ${JSON.stringify(input)}`;
			const known = answers.get(key);
			// Name and input are the answer's identity.
			if (known) return known as Promise<Output<Name>>;
			const fresh = cloud.call(name, input);
			answers.set(key, fresh);
			fresh.catch(() => answers.delete(key));
			return fresh;
		},
	};
}
