import type {Looking} from '../step.ts';
import {identityLook} from '../steps/looks/identity.ts';
import {recordLook} from '../steps/looks/record.ts';
import type {Session} from './session.ts';

/** Tells which fleet it is about and whose account, for the line of place; gives whether the fleet has a record. Throws what looking throws. */
export async function tellPlace({face, demo}: Session, {fleet, look}: Looking): Promise<boolean> {
	const [{account, arn}, record] = await Promise.all([look(identityLook), look(recordLook)]);
	const stands = record !== undefined;
	face.emit({event: 'fleet.known', fleet: fleet.name, region: fleet.region, account, arn, stands, ...(demo ? {demo: true} : {})});
	return stands;
}
