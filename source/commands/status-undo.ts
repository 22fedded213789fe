import {prepareUndo} from '../panel/undo.ts';
import {namedFleet} from './named-fleet.ts';
import {groundFor} from './panel-acts.ts';
import type {Command} from './session.ts';

/** Brings the config.toml before the last change back, from any laptop, once what that changes was agreed to. */
export const undo: Command = async (session) => {
	const {face} = session;
	const fleet = await namedFleet(session);
	const prepared = await prepareUndo(await groundFor(session, fleet, undefined, () => undefined));
	if (!(await face.agree(prepared.proposal))) return 0;
	const says = await prepared.carryOut((done) => face.emit({event: 'note', says: done}));
	face.emit({event: 'ended', says, next: [{command: `gitlab-runner-aws status --fleet ${fleet.name} --region ${fleet.region}`, does: 'shows the fleet'}]});
	return 0;
};
