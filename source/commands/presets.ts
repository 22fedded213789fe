import {type Preset, presetOf, presetVersion} from '../answers/preset-form.ts';
import type {Listed} from '../answers/presets.ts';
import {executors} from '../executors/list.ts';
import {toText} from '../faces/words/lines.ts';
import type {Given} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {type ManagerRead, readAnswers} from '../steps/config/answers.ts';
import type {OptionFate} from '../steps/config/fields.ts';
import {instanceOf} from '../steps/looks/account.ts';
import {connectTo} from '../steps/reaching.ts';
import {paths} from '../world/host/scripts/paths.ts';
import {chosenManager, forFleet, layersOf, lookingAt, namedFleet, openFleet, refuseUnknown} from './open.ts';
import {type Command, outputOf, type Session} from './session.ts';

/** Lists, shows, saves and removes presets. */
export const presets: Command = async (session) => {
	const [verb = 'list', name = ''] = session.parsed.words;
	await verbs[verb]?.(session, name);
	return 0;
};

const verbs: Record<string, (session: Session, name: string) => Promise<void>> = {
	async list(session) {
		const listed = await session.presets.list();
		const value = session.options.face === 'json' ? listed.map(listedData) : listedLines(session, listed);
		session.face.emit({event: 'document', name: 'presets', value});
	},
	async show({face, presets: kept}, name) {
		face.emit({event: 'document', name, value: await kept.load(name)});
	},
	async save(session, name) {
		if (session.options.from !== undefined) return saveFrom(session, name, session.options.from);
		const {answers, sources, context} = await openFleet(await standingNamed(session), {secrets: 'none'});
		await context.close();
		const path = await session.presets.save(name, presetOf(answers, sources, `The answers of ${answers.fleet} in ${answers.region}.`));
		session.face.emit({
			event: 'ended',
			says: `Preset ${name} is saved in ${path}.`,
			next: [{command: `gitlab-runner-aws setup --preset ${name}`, does: 'sets a fleet up from it'}],
		});
	},
	async rm({face, presets: kept}, name) {
		await kept.remove(name);
		face.emit({event: 'ended', says: `Preset ${name} is removed.`, next: []});
	},
};

const saysOf = (one: Listed): string => ('preset' in one ? one.preset.description : one.problem.message);

/** One below the other, as wide as the terminal; each in a line of its own where another program reads them. */
function listedLines(session: Session, listed: readonly Listed[]): string[] {
	const {columns, look} = outputOf(session);
	const subjectWidth = Math.max(0, ...listed.map(({name}) => name.length));
	const mark = (one: Listed) => ('preset' in one ? {} : {mark: 'blocked' as const});
	return listed.map((one) =>
		toText({...mark(one), subject: one.name, subjectWidth, text: `${one.from}: ${saysOf(one)}`, verbatim: columns === undefined}, columns ?? 0, look),
	);
}

/** A preset in the list, as a script reads it; of one that can't be read, its problem. */
const listedData = (one: Listed) => ({name: one.name, from: one.from, ['preset' in one ? 'description' : 'problem']: saysOf(one)});

/** The session of the fleet that is meant. One that doesn't stand has nothing to be saved, unless a preset gives the answers. */
async function standingNamed(session: Session): Promise<Session> {
	if (session.options.preset !== undefined) return session;
	const fleet = await namedFleet(session);
	await refuseUnknown(session, fleet);
	return forFleet(session, fleet);
}

/** Saves what a manager's own config.toml says, whoever set it up, and tells what becomes of each of its options. */
async function saveFrom(session: Session, name: string, from: string): Promise<void> {
	const {preset, read} = await presetFromManager(session, from);
	const path = await session.presets.save(name, preset);
	const {face, options} = session;
	face.emit({event: 'document', name: 'options', value: options.face === 'json' ? read.options : fateLines(session, read.options)});
	for (const says of read.notes) face.emit({event: 'note', says});
	for (const says of handedOver(read)) face.emit({event: 'note', says});
	face.emit({
		event: 'ended',
		says: `Preset ${name} is saved in ${path}.`,
		next: [
			{
				command: `gitlab-runner-aws setup --preset ${name} --fleet NEW-NAME --token-file FILE`,
				does: "sets a new fleet up beside it; with the same runner's token both get its jobs",
			},
		],
	});
}

/** The marks of what becomes of an option, in the order in which they are told. */
const fateMarks = [
	['mapped', 'ready'],
	['not needed', 'skipped'],
	['not possible', 'note'],
] as const;

/** What becomes of every option, those of one sort together, with how many there are. */
function fateLines(session: Session, fates: readonly OptionFate[]): string[] {
	const {columns, look} = outputOf(session);
	return fateMarks.flatMap(([is, mark]) => {
		const same = fates.filter((one) => one.is === is);
		const lines = same.map(({option, says, value}) =>
			toText(
				{mark, subject: is, subjectWidth: 12, text: `${option}${value === '' ? '' : ` = ${value}`}: ${says}`, verbatim: columns === undefined},
				columns ?? 0,
				look,
			),
		);
		return same.length === 0 ? [] : [`${is}: ${same.length}`, ...lines];
	});
}

/** How the manager that was read is taken out of use by its owner, once another fleet has its jobs. A pause in GitLab would stop both. */
const handedOver = ({handOver}: ManagerRead): string[] => [
	'Once the new fleet runs jobs, the other is drained by its owner: take its entry out of [[runners]] in /etc/gitlab-runner/config.toml there. The runner loads that within seconds, asks for no more jobs, and those that run go on to their end. A pause in GitLab would stop both.',
	...(handOver === undefined ? [] : [handOver]),
];

/** The preset of a manager that may never have been ours: what its config.toml says, with what of that has no answer. Nothing is changed there. */
async function presetFromManager(session: Session, named: string): Promise<{preset: Preset; read: ManagerRead}> {
	const {id, region} = await chosenManager(session, named, '--from');
	const {flag, preset, environment} = await layersOf(session);
	// It has no record, so what is needed for reaching it is taken as given.
	const given: Given = {image: 'unknown', ...environment, ...preset, ...flag};
	const context = Object.assign(lookingAt(session, {name: id, region}), {answers: given});
	try {
		const {Reservations = []} = await context.cloud.call('DescribeInstances', {InstanceIds: [id]});
		const [instance] = Reservations.flatMap(({Instances = []}) => Instances.map(instanceOf));
		if (instance?.state !== 'running')
			throw new Problem({
				code: 'no-manager',
				message: `Instance ${id} in ${region} is ${instance?.state ?? 'not there'}, so its config.toml can't be read.`,
				advice: 'Start it, or name another with `--from`.',
			});
		const text = await (await connectTo(context, instance)).read(paths.config);
		if (text === undefined)
			throw new Problem({
				code: 'no-config',
				message: `Instance ${id} has no ${paths.config}: it is no GitLab Runner manager.`,
				advice: 'Name another with `--from`.',
			});
		const read = readAnswers(
			text,
			executors.map(({workers}) => workers.config),
			flag?.executor,
		);
		return {preset: {version: presetVersion, description: `Read from the manager ${id} in ${region}.`, answers: {region, ...read.answers}}, read};
	} finally {
		await context.close();
	}
}
