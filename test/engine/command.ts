import assert from 'node:assert/strict';
import {presetsIn} from '../../source/answers/presets.ts';
import type {Command} from '../../source/commands/session.ts';
import type {Happening} from '../../source/engine/events.ts';
import {logging} from '../../source/faces/redacting.ts';
import {isProblem} from '../../source/problem.ts';
import type {Ports, World} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';

const shipped = new URL('../../presets/', import.meta.url).pathname;

/** Runs a command at a laptop as its command line does, and holds that it has left nothing open and nothing secret. `happens` hears of each event first. */
export async function commandAt(world: World, ports: Ports, command: Command, args: readonly string[], happens: (happening: Happening) => void = () => {}) {
	const heard = hearing();
	const emit = (happening: Happening): void => {
		happens(happening);
		heard.emit(happening);
	};
	const session = sessionAt(ports, args, {...heard, emit}, {runnerToken: world.outside.token(), presets: presetsIn({own: '/dev/null/presets', shipped})});
	const {disk} = session.world;
	const face = logging(session.face, (line) => disk.log(line));
	let code: number;
	try {
		code = await command({...session, face});
	} catch (error) {
		if (!isProblem(error)) throw error;
		face.fail(error);
		code = error.exit;
	}
	assert.equal(world.connections(), 0, 'every connection is closed');
	assert.ok(!JSON.stringify([ports.disk.kept(), ports.disk.logged]).includes(world.outside.token()), 'no token is on the disk');
	const notes = heard.events.flatMap((event) => (event.event === 'note' && event.about === 'laptop' ? [event.says] : []));
	return {code, notes, problems: heard.problems, events: heard.events};
}
