import {readAnswers} from '../executors/docker-machine/config-answers.ts';
import type {Given} from '../fleet.ts';
import {paths} from '../host/scripts/paths.ts';
import {type Preset, presetVersion} from '../preset-form.ts';
import {Problem} from '../problem.ts';
import {instanceOf} from '../steps/looks/account.ts';
import {connectTo} from '../steps/reaching.ts';
import {chosenManager} from './choosing-manager.ts';
import {layersOf, lookingAt} from './opening.ts';
import type {Session} from './session.ts';

/** The preset of a manager that may never have been ours: what its config.toml says, with what of that has no answer. Nothing is changed there. */
export async function presetFromManager(session: Session, named: string): Promise<{preset: Preset; notes: readonly string[]}> {
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
		const {answers, notes} = readAnswers(text);
		return {preset: {version: presetVersion, description: `Read from the manager ${id} in ${region}.`, answers: {region, ...answers}}, notes};
	} finally {
		await context.close();
	}
}
