import {presetOf} from '../preset-form.ts';
import {openFleet} from './opening.ts';
import {presetFromManager} from './preset-from.ts';
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
