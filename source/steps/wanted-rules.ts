import type {Rule} from './looks/rules.ts';

/** A rule that a group of the fleet has to have. Of one that lets a group in, `says` is its description: whom it is for. */
export type WantedRule = {port: number; cidr?: string; groupId?: string; says?: string};

const opens = (rule: Rule, port: number): boolean =>
	(rule.protocol === 'tcp' || rule.protocol === '-1' || rule.protocol === '6') && rule.fromPort <= port && port <= rule.toPort;

/** Whether a rule, whoever made it, lets in what is wanted: the same source or a wider one, the same ports or more. */
export function admits(rule: Rule, wanted: WantedRule): boolean {
	if (!opens(rule, wanted.port)) return false;
	if (wanted.groupId !== undefined) return rule.groupId === wanted.groupId;
	return wanted.cidr !== undefined && rule.cidr !== undefined && covers(rule.cidr, wanted.cidr);
}

/** Wanted rules that no standing rule grants. */
export const missingRules = (standing: readonly Rule[], wanted: readonly WantedRule[]): WantedRule[] =>
	wanted.filter((one) => !standing.some((rule) => admits(rule, one)));

/** Who is let in by an answer `sshFrom` now: `who` at the address `from`, which is undefined where no service tells it. */
export type LetIn = {sshFrom: string; who: string; from: string | undefined};

/**
 * Our rules for SSH that an earlier answer asked for and this one doesn't. With `my-ip` a rule of ours for a single address stays where it is some
 * teammate's, and goes where it was made for this person at an address that they have left: unless somebody else's rule lets them in where they
 * are now, since then they may be back tomorrow. With a block only that block stays.
 */
export function outlivedRules(standing: readonly Rule[], {from, sshFrom, who}: LetIn, isOurs: (rule: Rule) => boolean): Rule[] {
	const isOwn = (rule: Rule): boolean => rule.description?.startsWith(describedFor(who)) === true;
	const isGuest = from === undefined || standing.some((rule) => !isOwn(rule) && admits(rule, {port: 22, cidr: from}));
	const left = (rule: Rule, cidr: string): boolean => !isGuest && cidr !== from && isOwn(rule);
	const keeps = (rule: Rule, cidr: string): boolean => (sshFrom === 'my-ip' ? cidr.endsWith('/32') && !left(rule, cidr) : cidr === canonicalCidr(sshFrom));
	return standing.filter((rule) => isOurs(rule) && rule.cidr !== undefined && !keeps(rule, canonicalCidr(rule.cidr)));
}

/** A description that EC2 takes: what it doesn't allow is left out, and 255 characters are the most (docs/facts.md, "EC2: security groups"). */
export const cleaned = (text: string): string =>
	text
		.normalize('NFKD')
		.replace(/[^A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]/g, '')
		.slice(0, 255);

/** How the description of every rule for a person begins. */
const describedFor = (who: string): string => cleaned(`ssh from ${who} `);

/** `ssh from alice@laptop 2026-11-24`: who let this address in, and when. */
export const sshDescription = (who: string, now: number): string => cleaned(`${describedFor(who)}${new Date(now).toISOString().slice(0, 10)}`);

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

/** The form in which AWS keeps a block: 100.68.0.18/18 is 100.68.0.0/18, a lone address gets /32. */
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
