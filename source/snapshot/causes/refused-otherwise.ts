import {forTime} from '../formats.ts';
import type {Judge} from './cause.ts';
import {credentialCodes} from './credentials-refused.ts';
import {holdingRefusal, whereOf} from './refusals.ts';

/** Refusals that have a sentence of their own, with or without `Client.`/`Server.`. */
const told = new Set([
	...[
		'docker-hub',
		'disk-full',
		'killed',
		'docker-install',
		'docker-never',
		'certificates',
		'ssh-never',
		'UnauthorizedOperation',
		'AccessDenied',
		'AccessDeniedException',
		'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
	],
	...credentialCodes,
	...[
		'KeyPairLimitExceeded',
		'InsufficientFreeAddressesInSubnet',
		'VcpuLimitExceeded',
		'InstanceLimitExceeded',
		'MaxSpotInstanceCountExceeded',
		'SpotMaxPriceTooLow',
	],
	...[
		'InsufficientInstanceCapacity',
		'UnfulfillableCapacity',
		'Unsupported',
		'InsufficientHostCapacity',
		'RequestLimitExceeded',
		'Throttling',
		'ThrottlingException',
		'TooManyRequestsException',
	],
]);

/** Anything else that AWS or docker-machine refuses: an image that is gone, a subnet, a setting. */
export const refusedOtherwise: Judge = (it) => {
	const held = holdingRefusal(it, ({code}) => !told.has(code.replace(/^(?:Client|Server)\./, '')));
	if (!held) return undefined;
	const image = /ami-[0-9a-f]+/.exec(held.refusal.text)?.[0] ?? it.runner?.options.ami;
	const what = held.refusal.code.startsWith('InvalidAMIID') && image !== undefined ? `image ${image}` : whereOf(it, held.refusal);
	return {
		id: 'refused',
		says: `New workers are refused for ${what}${forTime(held.since, it.now)} (${held.refusal.code}).`,
		source: 'journal',
		key: 'config',
		since: held.since,
	};
};
