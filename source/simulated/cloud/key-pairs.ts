import {createHash} from 'node:crypto';
import type {KeyPairState} from './account.ts';
import {filtered, onlyKnows, required, tagList, tagsFor} from './asked.ts';
import type {Handlers} from './here.ts';
import {refusal} from './refusal.ts';

const filters = {
	'key-name': (pair: KeyPairState) => pair.name,
	'key-pair-id': (pair: KeyPairState) => pair.id,
	fingerprint: (pair: KeyPairState) => pair.fingerprint,
};

/** Type and EC2's fingerprint of an imported public key: SHA-256 in base64 for ed25519, MD5 pairs for RSA. Refuses what isn't an OpenSSH public key. */
function judged(material: string): {type: 'rsa' | 'ed25519'; fingerprint: string; publicKey: string} {
	const [kind, base64 = ''] = material.trim().split(/\s+/);
	const blob = Buffer.from(base64, 'base64');
	if ((kind !== 'ssh-ed25519' && kind !== 'ssh-rsa') || blob.length < 40) throw refusal('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
	const type = kind === 'ssh-rsa' ? 'rsa' : 'ed25519';
	const fingerprint =
		type === 'ed25519' ? createHash('sha256').update(blob).digest('base64') : (createHash('md5').update(blob).digest('hex').match(/../g) ?? []).join(':');
	return {type, fingerprint, publicKey: `${kind} ${base64}`};
}

/** Key pairs, imported only: AWS never makes a private key here. */
export const keyPairs: Handlers<'DescribeKeyPairs' | 'ImportKeyPair' | 'DeleteKeyPair'> = {
	DescribeKeyPairs(input, {region, now}) {
		onlyKnows('DescribeKeyPairs', input, ['KeyNames', 'KeyPairIds', 'Filters', 'IncludePublicKey']);
		const seen = [...region.keyPairs.values()].filter(({seenFrom}) => seenFrom <= now);
		const missing = input.KeyNames?.find((name) => !seen.some((pair) => pair.name === name));
		if (missing) throw refusal('InvalidKeyPair.NotFound', `The key pair '${missing}' does not exist`);
		const missingId = input.KeyPairIds?.find((id) => !seen.some((pair) => pair.id === id));
		if (missingId) throw refusal('InvalidKeyPair.NotFound', `The key pair ID '${missingId}' does not exist`);
		const chosen = seen.filter(({name, id}) => (!input.KeyNames || input.KeyNames.includes(name)) && (!input.KeyPairIds || input.KeyPairIds.includes(id)));
		return {
			KeyPairs: filtered('DescribeKeyPairs', chosen, input.Filters, filters, ({tags}) => tags).map((pair) => ({
				KeyPairId: pair.id,
				KeyName: pair.name,
				KeyType: pair.type,
				KeyFingerprint: pair.fingerprint,
				CreateTime: new Date(pair.createdAt),
				...(input.IncludePublicKey ? {PublicKey: `${pair.publicKey} ${pair.name}\n`} : {}),
				Tags: tagList(pair.tags),
			})),
		};
	},
	ImportKeyPair(input, here) {
		onlyKnows('ImportKeyPair', input, ['KeyName', 'PublicKeyMaterial', 'TagSpecifications', 'DryRun']);
		const name = required(input.KeyName, 'KeyName');
		const key = judged(Buffer.from(required(input.PublicKeyMaterial, 'PublicKeyMaterial')).toString('utf8'));
		if (here.region.keyPairs.has(name)) throw refusal('InvalidKeyPair.Duplicate', `The keypair already exists`);
		if (here.region.keyPairs.size >= here.account.mostKeyPairs)
			throw refusal('KeyPairLimitExceeded', `Maximum of ${here.account.mostKeyPairs} keypairs reached`);
		const tags = tagsFor('key-pair', input.TagSpecifications);
		const pair = {id: here.account.newId('key'), name, ...key, createdAt: here.now, tags, seenFrom: here.now + here.late('seeing')};
		here.region.keyPairs.set(name, pair);
		return {KeyName: name, KeyPairId: pair.id, KeyFingerprint: pair.fingerprint, Tags: tagList(tags)};
	},
	DeleteKeyPair(input, {region}) {
		onlyKnows('DeleteKeyPair', input, ['KeyName', 'KeyPairId', 'DryRun']);
		const pair = [...region.keyPairs.values()].find(({id, name}) => (input.KeyPairId ? id === input.KeyPairId : name === required(input.KeyName, 'KeyName')));
		if (!pair && input.KeyPairId) throw refusal('InvalidKeyPair.NotFound', `The key pair ID '${input.KeyPairId}' does not exist`);
		if (pair) region.keyPairs.delete(pair.name);
		return {Return: true, ...(pair ? {KeyPairId: pair.id} : {})};
	},
};
