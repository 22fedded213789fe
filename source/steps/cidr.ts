/** An IPv4 block as numbers: its first address and how many bits are fixed. */
type Block = {first: number; bits: number};

function parse(cidr: string): Block | undefined {
	const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr);
	if (!match) return undefined;
	const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
	const bits = match[5] === undefined ? 32 : Number(match[5]);
	if (Math.max(a, b, c, d) > 255 || bits > 32) return undefined;
	const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
	const size = 2 ** (32 - bits);
	return {first: Math.floor(address / size) * size, bits};
}

/** The form in which AWS keeps a block (facts §17.7): 100.68.0.18/18 is 100.68.0.0/18, a lone address gets /32. */
export function canonicalCidr(cidr: string): string {
	const block = parse(cidr);
	if (!block) return cidr;
	const {first, bits} = block;
	return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}

/** Whether all of one block (or one address) is inside another. */
export function covers(outer: string, inner: string): boolean {
	const [around, within] = [parse(outer), parse(inner)];
	if (!around || !within || around.bits > within.bits) return false;
	return Math.floor(within.first / 2 ** (32 - around.bits)) === Math.floor(around.first / 2 ** (32 - around.bits));
}
