import type {Given} from '../fleet.ts';
import {userOf, wantedImage} from '../questions/publishers.ts';
import type {Looking} from '../step.ts';
import {unless} from './answering.ts';
import type {Instance} from './looks/account.ts';
import {imageLook} from './looks/images.ts';

/** What a machine's login user is when nobody says and its image's publisher isn't known: Ubuntu's, the default image. */
const usual = 'ubuntu';

/** As whom to log in: the answer, else the user of the publisher of the image that the instance runs, which may be one before the answers' own. */
export async function loginUser(context: Looking, given: Given, instance: Instance): Promise<string> {
	if (given.sshUser !== undefined) return given.sshUser;
	const image = await unless(context.look(imageLook(instance.imageId)), 'not-allowed');
	const wanted = given.image === undefined ? undefined : wantedImage(given.image);
	return (image && userOf(image)) ?? (wanted && 'publisher' in wanted ? wanted.publisher.user : usual);
}
