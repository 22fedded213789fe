import {unsupportedZone} from '../host/docker-machine.ts';
import {groupChoices, subnetChoices} from './places.ts';
import {type Question, whyNot} from './question.ts';

const subnet: Question<'subnet'> = {
	id: 'subnet',
	title: 'Which subnet do the manager and its workers start in?',
	help: "A subnet's id, a zone of the default VPC, or default: the first zone of the default VPC that offers both instance types.",
	kind: 'choice',
	asked: false,
	change: 'replace',
	default: async () => ({value: 'default'}),
	choices: subnetChoices,
	against(value, {region}) {
		if (region === undefined || value === 'default' || value.startsWith('subnet-')) return undefined;
		if (!value.startsWith(region)) return `It takes a zone of ${region}, such as ${region}a; ${value} is in another region.`;
		return whyNot(unsupportedZone(region, value));
	},
};

const securityGroup: Question<'securityGroup'> = {
	id: 'securityGroup',
	title: 'Which security group guards the manager?',
	help: 'create makes one that lets in SSH from you alone. The id or name of an existing one is taken as it is, but for a rule that lets you in.',
	kind: 'choice',
	asked: true,
	change: 'replace',
	default: async () => ({value: 'create'}),
	choices: groupChoices,
};

const sshFrom: Question<'sshFrom'> = {
	id: 'sshFrom',
	title: 'From where may SSH reach the manager?',
	help: 'A CIDR, or my-ip: the address that AWS sees this machine come from. Rules of others stay as they are.',
	kind: 'choice',
	asked: false,
	change: 'live',
	default: async () => ({value: 'my-ip'}),
	choices: async () => [{value: 'my-ip', label: "this machine's own address"}],
};

const sshAddress: Question<'sshAddress'> = {
	id: 'sshAddress',
	title: 'At which address does this machine reach the manager?',
	help: "The host:port of a tunnel (SSM, a bastion), where the manager's own address can't be reached from here.",
	kind: 'text',
	asked: false,
	change: undefined,
};

/** Where the fleet's machines are, and who may reach them. */
export const networkQuestions = {subnet, securityGroup, sshFrom, sshAddress};
