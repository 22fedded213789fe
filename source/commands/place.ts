import type {Problem} from '../problem.ts';
import type {Looking} from '../step.ts';
import {identityLook} from '../steps/looks/identity.ts';
import {recordRead} from '../steps/looks/record.ts';
import type {Session} from './session.ts';

/**
 * Tells which fleet it is about and whose account, for the line of place; gives whether the fleet has a record, and why that can't be read. Throws what looking
 * throws.
 */
export async function tellPlace({face, demo}: Session, looking: Looking): Promise<{stands: boolean; unread?: Problem}> {
	const {name: fleet, region} = looking.fleet;
	const [{account, arn}, {stands, unread}] = await Promise.all([looking.look(identityLook), recordRead(looking)]);
	face.emit({event: 'fleet.known', fleet, region, account, arn, stands, ...(demo ? {demo: true} : {})});
	return {stands, ...(unread ? {unread} : {})};
}
