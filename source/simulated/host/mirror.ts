import type {CommonFacts} from '../../world/host/scripts/facts.ts';
import {mirror} from '../../world/host/scripts/mirror-paths.ts';
import {mirrorTexts} from '../../world/host/scripts/mirror-seen.ts';
import {digest, type Machine, textOf, unitOf} from './machine.ts';

/** The `mirror` of a manager's facts; undefined where it has none. */
export function mirrorSeen(machine: Machine): CommonFacts['mirror'] {
	const {mirror: state} = machine;
	const texts = mirrorTexts.map((path) => textOf(machine, path));
	const program = textOf(machine, mirror.program);
	if (!state && program === undefined && texts.every((text) => text === undefined)) return undefined;
	const login = textOf(machine, mirror.login);
	const version = program === undefined ? undefined : textOf(machine, mirror.version)?.trim();
	return {
		...(version === undefined ? {} : {version}),
		files: digest(texts.map((text) => text ?? '').join('\0')),
		...(login === undefined ? {} : {login: digest(login)}),
		service: state ? unitOf(state.service) : {active: 'inactive', sub: 'dead'},
		...(state?.diskGib === undefined ? {} : {diskGib: state.diskGib}),
	};
}
