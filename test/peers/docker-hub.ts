import {createHash} from 'node:crypto';
import type {IncomingMessage, ServerResponse} from 'node:http';

/** Docker Hub and who gives out its tokens: what a mirror asks. */
export type DockerHub = {
	handle(incoming: IncomingMessage, outgoing: ServerResponse): void;
	/** Images that were pulled from it, as Docker Hub counts: manifests by GET. */
	pulls(): number;
	/** Logins that asked for a token, as `user:password`. */
	logins(): string[];
	/** How many pulls an address has left, by its headers; undefined: no limit holds, and no header says so. */
	left(pulls: number | undefined): void;
};

export const dockerHubHosts = ['registry-1.docker.io', 'auth.docker.io'];

const digestOf = (body: Buffer): string => `sha256:${createHash('sha256').update(body).digest('hex')}`;

/** Makes a Docker Hub in which every repository has one image of each tag, of one layer with so many bytes. */
export function makeDockerHub(layerBytes = 300_000): DockerHub {
	let pulled = 0;
	let remaining: number | undefined = 100;
	const logins: string[] = [];
	const layerOf = (repository: string, tag: string): Buffer => Buffer.alloc(layerBytes, `${repository}:${tag}\n`);
	const manifestOf = (repository: string, tag: string): Buffer => {
		const layer = layerOf(repository, tag);
		return Buffer.from(JSON.stringify({schemaVersion: 2, layers: [{digest: digestOf(layer), size: layer.length}], annotations: {tag}}));
	};
	/** What was told of once is known by its digest. */
	const known = new Map<string, Buffer>();

	function find(path: string): {body: Buffer; isManifest: boolean} | undefined {
		const [, repository = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([\w:.-]+)$/.exec(path) ?? [];
		const isManifest = kind === 'manifests';
		if (isManifest && !reference.startsWith('sha256:')) {
			for (const body of [manifestOf(repository, reference), layerOf(repository, reference)]) known.set(digestOf(body), body);
			return {body: manifestOf(repository, reference), isManifest};
		}
		const body = known.get(reference);
		return body && {body, isManifest};
	}

	return {
		handle(incoming, outgoing) {
			const {pathname} = new URL(incoming.url ?? '/', 'http://hub');
			if (incoming.headers.host?.startsWith('auth.docker.io')) {
				const [, login] = /^Basic (.+)$/.exec(incoming.headers.authorization ?? '') ?? [];
				if (login !== undefined) logins.push(Buffer.from(login, 'base64').toString());
				outgoing.writeHead(200, {'content-type': 'application/json'}).end(JSON.stringify({token: 'a-token'}));
				return;
			}
			const found = incoming.headers.authorization === 'Bearer a-token' ? find(pathname) : undefined;
			if (!found) {
				const status = incoming.headers.authorization === undefined ? 401 : 404;
				outgoing.writeHead(status, {'www-authenticate': 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'}).end();
				return;
			}
			if (found.isManifest && incoming.method === 'GET') pulled += 1;
			const limits = remaining === undefined ? {} : {'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': `${remaining};w=21600`};
			outgoing.writeHead(200, {
				...(found.isManifest ? limits : {}),
				'content-length': String(found.body.length),
				'docker-content-digest': digestOf(found.body),
			});
			outgoing.end(incoming.method === 'HEAD' ? undefined : found.body);
		},
		pulls: () => pulled,
		logins: () => [...logins],
		left(pulls) {
			remaining = pulls;
		},
	};
}
