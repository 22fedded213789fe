import {type Preset, presetOf, presetVersion} from '../answers/preset-form.ts';
import type {Listed} from '../answers/presets.ts';
import {executors} from '../executors/list.ts';
import {toText} from '../faces/words/style.ts';
import type {Given} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {readAnswers} from '../steps/config/answers.ts';
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

/** Saves what a manager's own config.toml says, whoever set it up. */
async function saveFrom(session: Session, name: string, from: string): Promise<void> {
	const {preset, notes} = await presetFromManager(session, from);
	const path = await session.presets.save(name, preset);
	for (const says of notes) session.face.emit({event: 'note', says});
	session.face.emit({
		event: 'ended',
		says: `Preset ${name} is saved in ${path}.`,
		next: [{command: `gitlab-runner-aws setup --preset ${name}`, does: 'sets a fleet up from it'}],
	});
}

/** The preset of a manager that may never have been ours: what its config.toml says, with what of that has no answer. Nothing is changed there. */
async function presetFromManager(session: Session, named: string): Promise<{preset: Preset; notes: readonly string[]}> {
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
		const {answers, notes} = readAnswers(
			text,
			executors.map(({workers}) => workers.config),
		);
		return {preset: {version: presetVersion, description: `Read from the manager ${id} in ${region}.`, answers: {region, ...answers}}, notes};
	} finally {
		await context.close();
	}
}
