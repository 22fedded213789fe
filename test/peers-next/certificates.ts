import {mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {run} from './launch.ts';

/** An authority of the tests' own and a server certificate that it signed. */
export type Certificates = {authority: string; authorityPath: string; hash: string; key: string; certificate: string};

async function openssl(...args: string[]): Promise<string> {
	const {code, stdout, stderr} = await run('openssl', args);
	if (code !== 0) {
		throw new Error(`openssl ${args[0]} failed: ${stderr}`);
	}
	return stdout.trim();
}

/** Makes an authority in `folder`, and a certificate for these names and addresses. */
export async function makeCertificates(folder: string, hosts: readonly string[], addresses: readonly string[]): Promise<Certificates> {
	await mkdir(folder, {recursive: true});
	const [authorityKey, authorityPath, key, certificate] = ['ca.key', 'ca.pem', 'server.key', 'server.pem'].map((name) => join(folder, name)) as [
		string,
		string,
		string,
		string,
	];
	const fresh = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
	await openssl(...fresh, '-keyout', authorityKey, '-out', authorityPath, '-subj', '/CN=peers authority', '-addext', 'keyUsage=critical,keyCertSign');
	const names = [...hosts.map((host) => `DNS:${host}`), ...addresses.map((address) => `IP:${address}`)].join(',');
	const signed = ['-CA', authorityPath, '-CAkey', authorityKey, '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${names}`];
	await openssl(...fresh, ...signed, '-keyout', key, '-out', certificate, '-subj', '/CN=peers');
	return {
		authority: await readFile(authorityPath, 'utf8'),
		authorityPath,
		hash: await openssl('x509', '-in', authorityPath, '-noout', '-hash'),
		key: await readFile(key, 'utf8'),
		certificate: await readFile(certificate, 'utf8'),
	};
}
