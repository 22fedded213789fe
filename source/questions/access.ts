import {keyPairChoices} from './places.ts';
import type {Question} from './question.ts';

const keyPair: Question<'keyPair'> = {
	id: 'keyPair',
	title: 'Which key pair opens the manager?',
	help: 'create makes an ed25519 key here and gives AWS its public half. The name of an existing pair needs its private key here.',
	kind: 'choice',
	asked: true,
	change: 'replace',
	default: async () => ({value: 'create'}),
	choices: keyPairChoices,
};

const privateKey: Question<'privateKey'> = {
	id: 'privateKey',
	title: 'Where is the private key of that pair?',
	help: 'The path of the private key that belongs to an existing key pair. It stays where it is.',
	kind: 'text',
	asked: async ({given}) => given.keyPair !== undefined && given.keyPair !== 'create',
	change: undefined,
	when: ({keyPair: name}) => name !== undefined && name !== 'create',
	needed: ({keyPair: name}) =>
		name !== undefined && name !== 'create' ? `It takes the path of the private key, since key pair ${name} wasn't made here.` : undefined,
};

const access: Question<'access'> = {
	id: 'access',
	title: 'How does the manager reach AWS?',
	help: "create makes a role that may do just what the manager needs. The name of an instance profile takes that one. access-keys puts a user's keys on the manager.",
	kind: 'choice',
	asked: false,
	change: 'live',
	default: async () => ({value: 'create'}),
	choices: async () => [
		{value: 'create', label: 'a role made for it', hint: 'no keys anywhere'},
		{value: 'access-keys', label: "a user's access keys", hint: "in root's AWS credentials file, mode 0600"},
	],
};

const permissionsBoundary: Question<'permissionsBoundary'> = {
	id: 'permissionsBoundary',
	title: "Which permissions boundary does the manager's role get?",
	help: "A policy's ARN, where your organization asks for a boundary on each role.",
	kind: 'text',
	asked: false,
	change: 'live',
	when: ({access: way}) => way === 'create',
};

const rolePath: Question<'rolePath'> = {
	id: 'rolePath',
	title: "Which path does the manager's role get?",
	help: 'An IAM path such as /ci/, where your organization lets roles be made under it only.',
	kind: 'text',
	asked: false,
	change: 'live',
	when: ({access: way}) => way === 'create',
};

const tags: Question<'tags'> = {
	id: 'tags',
	title: 'Which tags does everything get besides ours?',
	help: 'A map such as CostCenter=42,Team=ci. Each machine, group, key pair and bucket bears them from the call that creates it.',
	kind: 'json',
	asked: false,
	change: 'live',
	default: async () => ({value: {}}),
};

/** Who may do what: keys, roles, tags. */
export const accessQuestions = {keyPair, privateKey, access, permissionsBoundary, rolePath, tags};
