import {mkdir, readFile, writeFile} from 'node:fs/promises';
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
	// Said in the words that every OpenSSL and macOS's LibreSSL know.
	const settings = join(folder, 'openssl.cnf');
	const names = [...hosts.map((host) => `DNS:${host}`), ...addresses.map((address) => `IP:${address}`)].join(',');
	await writeFile(
		settings,
		`[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
subjectAltName = ${names}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`,
	);
	const request = join(folder, 'server.csr');
	await Promise.all([authorityKey, key].map((file) => openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file)));
	const authority = ['-new', '-x509', '-key', authorityKey, '-extensions', 'authority', '-out', authorityPath, '-subj', '/CN=peers authority'];
	await openssl('req', '-config', settings, '-days', '30', ...authority);
	await openssl('req', '-config', settings, '-new', '-key', key, '-out', request, '-subj', '/CN=peers');
	const signed = ['-CA', authorityPath, '-CAkey', authorityKey, '-set_serial', '1', '-extfile', settings, '-extensions', 'server'];
	await openssl('x509', '-req', '-in', request, '-days', '30', ...signed, '-out', certificate);
	return {
		authority: await readFile(authorityPath, 'utf8'),
		authorityPath,
		hash: await openssl('x509', '-in', authorityPath, '-noout', '-hash'),
		key: await readFile(key, 'utf8'),
		certificate: await readFile(certificate, 'utf8'),
	};
}
