const begin = '-----BEGIN SSH HOST KEY FINGERPRINTS-----';
const end = '-----END SSH HOST KEY FINGERPRINTS-----';

/**
 * The host key fingerprints (`SHA256:…`) that the first boot printed: those of the first complete block, since whatever comes later may have been
 * printed by anybody who got in. Lines may bear `ec2: ` or a syslog prefix and end in CR LF (facts §8). Undefined while there is no complete block.
 */
export function hostKeysIn(console: string): string[] | undefined {
	const from = console.indexOf(begin);
	const to = console.indexOf(end, from);
	if (from < 0 || to < 0) return undefined;
	const found = console.slice(from, to).match(/SHA256:[A-Za-z0-9+/]{43}/g) ?? [];
	return found.length === 0 ? undefined : [...new Set<string>(found)];
}
