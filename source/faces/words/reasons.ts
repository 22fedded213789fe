/**
 * Why a worker isn't made or goes, by EC2's codes (the state reasons of its API reference and the codes of its errors) and by the program's own for what
 * isn't AWS. Short enough for a column.
 */
const known: Readonly<Record<string, string>> = {
	UserInitiatedShutdown: 'ended on request',
	InstanceInitiatedShutdown: 'it shut itself down',
	SpotInstanceTermination: 'AWS took it back (spot)',
	SpotInstanceShutdown: 'AWS stopped it (spot)',
	ScheduledStop: 'AWS stopped it, planned',
	InternalError: 'error inside AWS',
	VolumeLimitExceeded: 'disk quota used up',
	InsufficientInstanceCapacity: 'EC2 has no capacity',
	UnfulfillableCapacity: 'EC2 has no capacity',
	InsufficientHostCapacity: 'EC2 has no capacity',
	VcpuLimitExceeded: 'vCPU quota used up',
	InstanceLimitExceeded: 'vCPU quota used up',
	MaxSpotInstanceCountExceeded: 'spot quota used up',
	SpotMaxPriceTooLow: 'spot costs over the cap',
	InsufficientFreeAddressesInSubnet: 'subnet has no address',
	UnauthorizedOperation: 'not allowed by AWS',
	AccessDenied: 'not allowed by AWS',
	RequestLimitExceeded: 'AWS slows calls down',
	Throttling: 'AWS slows calls down',
	'docker-hub': 'Docker Hub refused it',
	'disk-full': 'manager has no disk left',
	killed: 'manager short of memory',
	'docker-install': "Docker can't be set up",
	'ssh-never': 'SSH never answered',
};

/** A code, with who is to blame before it and a message after it, where there are. */
const coded = /^(?:(Client|Server)\.)?([A-Za-z][A-Za-z-]*)(?:: (.+))?$/s;

/** A reason in words where its code is known, else the message that comes with it; what is no code stays as it is. */
export function reasonWords(reason: string): string {
	const [, blamed, code = '', message] = coded.exec(reason) ?? [];
	return (Object.hasOwn(known, code) ? known[code] : undefined) ?? (blamed === undefined ? reason : (message ?? reason));
}

/** The same for where there is room, with the code in brackets for searching. */
export const reasonWithCode = (code: string): string => (reasonWords(code) === code ? code : `${reasonWords(code)} (${code})`);
