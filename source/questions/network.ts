import {z} from 'zod';
import {unsupportedZone} from '../executors/docker-machine/supported.ts';
import {groupChoices, subnetChoices} from './places.ts';
import {optional, question, whyNot} from './question.ts';
import {matching, regionPattern, words} from './shapes.ts';

const cidr = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}\/(3[0-2]|[12]?\d)$/;

/** A zone: the region's name and a letter, or, of a Local or Wavelength Zone, further words. */
const zonePattern = `${regionPattern}([a-z]|(-[a-z0-9]+)+)`;

export const subnet = question(
	'subnet',
	matching(new RegExp(`^(default|subnet-[0-9a-f]{8,17}|${zonePattern})$`), 'a subnet id, a zone such as us-east-2a, or default'),
)({
	title: 'Which subnet do the manager and its workers start in?',
	help: "A subnet's id, a zone of the default VPC, or default: the first zone of the default VPC that offers both instance types.",
	kind: 'choice',
	asked: false,
	change: 'replace',
	regional: true,
	default: async () => ({value: 'default'}),
	choices: subnetChoices,
	against(value, {region}) {
		if (region === undefined || value === 'default' || value.startsWith('subnet-')) return undefined;
		if (!value.startsWith(region)) return `It takes a zone of ${region}, such as ${region}a; ${value} is in another region.`;
		return whyNot(unsupportedZone(region, value));
	},
});

export const securityGroup = question(
	'securityGroup',
	matching(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, 'create, or the id or name of a security group'),
)({
	title: 'Which security group guards the manager?',
	help: 'create makes one that lets in SSH from you alone. The id or name of an existing one is taken as it is, but for a rule that lets you in.',
	kind: 'choice',
	asked: true,
	change: 'replace',
	regional: true,
	default: async () => ({value: 'create'}),
	choices: groupChoices,
});

export const sshFrom = question(
	'sshFrom',
	z.string(words('a CIDR or my-ip')).refine((value) => value === 'my-ip' || cidr.test(value), words('my-ip, or a CIDR such as 203.0.113.0/24')),
)({
	title: 'From where may SSH reach the manager?',
	help: 'A CIDR, or my-ip: the address that AWS sees this machine come from. Rules of others stay as they are.',
	kind: 'choice',
	asked: false,
	change: 'live',
	default: async () => ({value: 'my-ip'}),
	choices: async () => [{value: 'my-ip', label: "this machine's own address"}],
});

export const sshAddress = optional(
	'sshAddress',
	matching(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:\d{1,5}$/, 'host:port'),
)({
	title: 'At which address does this machine reach the manager?',
	help: "The host:port of a tunnel (SSM, a bastion), where the manager's own address can't be reached from here.",
	kind: 'text',
	asked: false,
	change: undefined,
	tells: 'reach',
});
