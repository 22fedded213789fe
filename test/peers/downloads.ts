import {createHash} from 'node:crypto';
import {readFile} from 'node:fs/promises';
import type {IncomingMessage, ServerResponse} from 'node:http';
import {gzipSync} from 'node:zlib';

/** The sites that gitlab-runner, docker-machine and a mirror's registry are fetched from. */
export type Downloads = {
	handle(incoming: IncomingMessage, outgoing: ServerResponse): void;
	/** Paths asked for so far. */
	requests(): string[];
	/** The published checksums no longer fit the files. */
	wrongChecksums(wrong: boolean): void;
	/** Docker brings out a newer engine: what get.docker.com installs from now on. */
	newestDocker(version: string): void;
	/** The sites answer 503. */
	down(isDown: boolean): void;
};

/** Hosts that the machine finds at the stand-ins' address. */
export const downloadHosts = [
	's3.dualstack.us-east-1.amazonaws.com',
	'gitlab-docker-machine-downloads.s3.amazonaws.com',
	'packages.gitlab.com',
	'get.docker.com',
	'releases.rancher.com',
	'registry.gitlab.com',
];

const products = {
	'gitlab-runner': {files: ['binaries/gitlab-runner-linux-amd64', 'binaries/gitlab-runner-linux-arm64'], newest: '19.3.0', mark: '*'},
	'docker-machine': {files: ['docker-machine-Linux-x86_64', 'docker-machine-Linux-aarch64'], newest: '0.16.2-gitlab.48', mark: ' '},
} as const;

/** The plugin for AWS, which the runner's stand-in plays itself. */
const fleetingPlugin = '#!/bin/sh\nexec sleep infinity\n';

type Product = keyof typeof products;

/** Finds product, version and file in a URL, in the publishers' form as well as in ours. */
function wanted(host: string, path: string): {product: Product; version: string; file: string} | undefined {
	const publisher: Record<string, string> = {
		's3.dualstack.us-east-1.amazonaws.com': path.replace(/^\/gitlab-runner-downloads\//, '/gitlab-runner/'),
		'gitlab-docker-machine-downloads.s3.amazonaws.com': `/docker-machine${path}`,
	};
	const [, product, version, file] = /^\/(gitlab-runner|docker-machine)\/([^/]+)\/(.+)$/.exec(publisher[host] ?? path) ?? [];
	if (product === undefined || version === undefined || file === undefined) {
		return undefined;
	}
	return {product: product as Product, version, file};
}

/** What a program has that a script hasn't: some size. */
const bulk = `# ${'.'.repeat(50_000)}\n`;

/** A program whose stand-in is a module that each machine has (furnish.ts): Python compiles it there once, and not for each command. */
const program = (product: Product, version: string, arch: string): string =>
	`#!/usr/bin/python3\nfrom peers_${product.replace('-', '_')} import main\n\nmain("${version}", "${arch}")\n${bulk}`;

/** An archive of one program, as `tar -czf` makes it. */
function archived(name: string, text: string): Buffer {
	const body = Buffer.from(text);
	const header = Buffer.alloc(512);
	header.write(name, 0);
	header.write('0000755', 100);
	for (const at of [108, 116, 136]) header.write('0000000', at);
	header.write(body.length.toString(8).padStart(11, '0'), 124);
	header.write('        0', 148);
	header.write('ustar', 257);
	header.write('00', 263);
	const sum = header.reduce((total, byte) => total + byte, 0);
	header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
	return gzipSync(Buffer.concat([header, body, Buffer.alloc(-body.length & 511), Buffer.alloc(1024)]));
}

/** Makes the download sites; each version that is asked for exists. */
export async function makeDownloads(): Promise<Downloads> {
	const registryText = await readFile(new URL('machine/registry', import.meta.url), 'utf8');
	const asked: string[] = [];
	let wrong = false;
	let isDown = false;
	let newest = '29.1.2';

	function content(product: Product, version: string, file: string): string {
		const name = version === 'latest' || version === 'main' ? products[product].newest : version.replace(/^v/, '');
		return program(product, name, /arm64|aarch64/.test(file) ? 'arm64' : 'amd64');
	}

	/** GitLab's registry of plugins: a version is an OCI artifact of one layer, the program. */
	function registry(path: string): string | undefined {
		const [, version] = /^\/v2\/gitlab-org\/fleeting\/plugins\/aws\/manifests\/(\d+\.\d+\.\d+|latest)$/.exec(path) ?? [];
		const [, blob] = /^\/v2\/gitlab-org\/fleeting\/plugins\/aws\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path) ?? [];
		const digest = `sha256:${createHash('sha256').update(fleetingPlugin).digest('hex')}`;
		if (blob !== undefined) return blob === digest ? fleetingPlugin : undefined;
		if (version === undefined) return undefined;
		const named = version === 'latest' ? '1.1.0' : version;
		return JSON.stringify({schemaVersion: 2, layers: [{digest}], annotations: {'org.opencontainers.image.version': named}});
	}

	/** The registry of CNCF Distribution: one folder a version, the sum of each archive beside it, alone in its file. */
	function registryProgram(path: string): Buffer | string | undefined {
		const [, version = '', sum] = /^\/registry\/v([\d.]+)\/registry_[\d.]+_linux_(?:amd64|arm64)\.tar\.gz(\.sha256)?$/.exec(path) ?? [];
		if (version === '') return undefined;
		const archive = archived('registry', registryText.replaceAll('@VERSION@', version));
		if (sum === undefined) return archive;
		return `${createHash('sha256')
			.update(archive)
			.update(wrong ? 'wrong' : '')
			.digest('hex')}\n`;
	}

	function find(host: string, path: string): Buffer | string | undefined {
		const engine = host === 'get.docker.com' ? newest : host === 'releases.rancher.com' ? /^\/install-docker\/(\d+\.\d+\.\d+)\.sh$/.exec(path)?.[1] : undefined;
		if (engine !== undefined) {
			return `#!/bin/sh\n# Docker's install script (stand-in)\nVERSION="${engine}"\n`;
		}
		if (host === 'registry.gitlab.com') return registry(path);
		if (path.startsWith('/registry/')) return registryProgram(path);
		const file = wanted(host, path);
		if (!file) {
			return undefined;
		}
		const {files, mark} = products[file.product];
		if (file.file === 'release.sha256') {
			return files
				.map((name) => {
					const sum = createHash('sha256')
						.update(content(file.product, file.version, name))
						.update(wrong ? 'wrong' : '')
						.digest('hex');
					return `${sum} ${mark}${name}\n`;
				})
				.join('');
		}
		return files.some((name) => name === file.file) ? content(file.product, file.version, file.file) : undefined;
	}

	return {
		handle(incoming, outgoing) {
			const {pathname} = new URL(incoming.url ?? '/', 'http://downloads');
			const host = incoming.headers.host?.replace(/:\d+$/, '') ?? '';
			asked.push(pathname);
			const found = isDown ? undefined : find(host, pathname);
			const status = isDown ? 503 : found === undefined ? 403 : 200;
			const body =
				found ??
				`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${isDown ? 'SlowDown' : 'AccessDenied'}</Code><Message>${isDown ? 'Please reduce your request rate.' : 'Access Denied'}</Message></Error>`;
			outgoing.writeHead(status, {
				'content-type': found === undefined ? 'application/xml' : 'binary/octet-stream',
				'content-length': String(Buffer.byteLength(body)),
			});
			outgoing.end(incoming.method === 'HEAD' ? undefined : body);
		},
		requests: () => [...asked],
		wrongChecksums(next) {
			wrong = next;
		},
		newestDocker(version) {
			newest = version;
		},
		down(next) {
			isDown = next;
		},
	};
}
