import {type Preset, presetOf, presetVersion} from '../answers/preset-form.ts';
import {executors} from '../executors/list.ts';
import type {Given} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {readAnswers} from '../steps/config/answers.ts';
import {instanceOf} from '../steps/looks/account.ts';
import {connectTo} from '../steps/reaching.ts';
import {paths} from '../world/host/scripts/paths.ts';
import {chosenManager, layersOf, lookingAt, openFleet} from './open.ts';
import type {Command, Session} from './session.ts';

/** Lists, shows, saves and removes presets. */
export const presets: Command = async (session) => {
	const [verb = 'list', name = ''] = session.parsed.words;
	await verbs[verb]?.(session, name);
	return 0;
};

const verbs: Record<string, (session: Session, name: string) => Promise<void>> = {
	async list({face, presets: kept}) {
		for (const one of await kept.list()) {
			const says = 'preset' in one ? one.preset.description : one.problem.message;
			face.emit({event: 'note', says: `${one.name} (${one.from}): ${says}`});
		}
	},
	async show({face, presets: kept}, name) {
		face.emit({event: 'document', name, value: await kept.load(name)});
	},
	async save(session, name) {
		if (session.options.from !== undefined) return saveFrom(session, name, session.options.from);
		const {answers, sources, context} = await openFleet(session, {secrets: false});
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
