import assert from 'node:assert/strict';
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer, type IncomingMessage, type RequestListener} from 'node:http';
import {createServer as createSecure} from 'node:https';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type TestContext, test} from 'node:test';
import {isProblem} from '../../source/problem.ts';
import {realCloud} from '../../source/world/cloud/real.ts';
import {makeCertificates} from '../peers/certificates.ts';
import {listen} from '../peers/listen.ts';
import {rejects} from './cloud-parts.ts';

const identity =
	'<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>';
const clock = {now: () => 0, sleep: async () => undefined};
const random = () => 0;
const config = `[default]
region = eu-west-1
[profile work]
region = eu-central-1
endpoint_url = http://127.0.0.1:1
services = mine
aws_access_key_id = AKIAWORK
aws_secret_access_key = work
[services mine]
sts =
  endpoint_url = THERE
`;

/** An AWS that answers GetCallerIdentity, and says who asked. */
async function sts(t: TestContext, listener?: RequestListener): Promise<{url: string; asked: IncomingMessage[]}> {
	const asked: IncomingMessage[] = [];
	const server = createServer((incoming, outgoing) => {
		asked.push(incoming);
		if (listener) return listener(incoming, outgoing);
		outgoing.writeHead(200, {'content-type': 'text/xml'}).end(identity);
	});
	const {port, stop} = await listen(server, '127.0.0.1');
	t.after(stop);
	return {url: `http://127.0.0.1:${port}`, asked};
}

/** An empty HOME with AWS's config file; the SDK itself reads the process's environment. */
async function home(t: TestContext, text = ''): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'gra-contract-'));
	await mkdir(join(folder, '.aws'));
	await writeFile(join(folder, '.aws', 'config'), text);
	const before = {...process.env};
	Object.assign(process.env, {HOME: folder, AWS_EC2_METADATA_DISABLED: 'true'});
	for (const key of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) delete process.env[key];
	t.after(async () => {
		process.env = before;
		await rm(folder, {recursive: true});
	});
	return folder;
}

const keyOf = (incoming: IncomingMessage | undefined) => /Credential=(\w+)\/\d+\/([\w-]+)/.exec(incoming?.headers.authorization ?? '')?.slice(1);

test('a profile gives its credentials, its region and its endpoints, which the SDK alone would not read', async (t) => {
	const {url, asked} = await sts(t);
	const HOME = await home(t, config.replace('THERE', url));
	const cloud = realCloud({env: {HOME}, profile: 'work', clock, random});
	t.after(cloud.close);
	assert.equal(await cloud.defaultRegion(), 'eu-central-1');
	assert.deepEqual(await cloud.profiles(), ['default', 'work']);
	assert.equal((await cloud.at('us-east-2').call('GetCallerIdentity', {})).Account, '1');
	assert.deepEqual(keyOf(asked[0]), ['AKIAWORK', 'us-east-2']);
	await assert.rejects(
		cloud.at('us-east-2').call('DescribeVpcs', {}),
		(error) => isProblem(error, 'no-answer') && error.message.includes('http://127.0.0.1:1'),
	);
});

test("the environment's region and endpoint win over the profile's", async (t) => {
	const {url} = await sts(t);
	const HOME = await home(t, config);
	const cloud = realCloud({env: {HOME, AWS_REGION: 'ap-south-1', AWS_ENDPOINT_URL_STS: url}, profile: 'work', clock, random});
	t.after(cloud.close);
	assert.equal(await cloud.defaultRegion(), 'ap-south-1');
	assert.ok(await cloud.at('us-east-2').call('GetCallerIdentity', {}));
});

test('without credentials it is said so, and a login elsewhere is noticed by the next call', async (t) => {
	const {url} = await sts(t);
	const HOME = await home(t);
	const cloud = realCloud({env: {HOME, AWS_ENDPOINT_URL: url}, clock, random});
	t.after(cloud.close);
	await rejects(cloud.at('us-east-2').call('GetCallerIdentity', {}), 'no-credentials');
	await writeFile(join(HOME, '.aws', 'credentials'), '[default]\naws_access_key_id = AKIANEW\naws_secret_access_key = new\n');
	assert.ok(await cloud.at('us-east-2').call('GetCallerIdentity', {}));
});

test('a role that wants a code of an MFA device asks for it by the serial', async (t) => {
	const serials: string[] = [];
	const answer =
		'<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>';
	const {url, asked} = await sts(t, (incoming, outgoing) => {
		let body = '';
		incoming.setEncoding('utf8').on('data', (chunk: string) => {
			body += chunk;
		});
		incoming.on('end', () => outgoing.writeHead(200, {'content-type': 'text/xml'}).end(body.includes('AssumeRole') ? answer : identity));
	});
	const HOME = await home(
		t,
		'[profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/alice\nregion = us-east-2\n[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = b\n',
	);
	process.env.AWS_ENDPOINT_URL = url;
	const cloud = realCloud({
		env: {HOME, AWS_ENDPOINT_URL: url},
		profile: 'role',
		clock,
		random,
		async mfaCode(serial) {
			serials.push(serial);
			return '123456';
		},
	});
	t.after(cloud.close);
	await cloud.at('us-east-2').call('GetCallerIdentity', {});
	assert.deepEqual(serials, ['arn:aws:iam::1:mfa/alice']);
	assert.deepEqual(
		asked.map((each) => keyOf(each)?.[0]),
		['AKIABASE', 'ASIAROLE'],
	);
});

test('a page instead of an answer is told as such and not tried again, unless it says that the service is away', async (t) => {
	let status = 500;
	const {url, asked} = await sts(t, (_, outgoing) => outgoing.writeHead(status, {'content-type': 'text/html'}).end('<html><br>Oops</html>'));
	const HOME = await home(t, '[default]\naws_access_key_id = a\naws_secret_access_key = b\n');
	const cloud = realCloud({env: {HOME, AWS_ENDPOINT_URL: url}, clock, random});
	t.after(cloud.close);
	for (const call of [() => cloud.at('us-east-2').call('GetCallerIdentity', {}), () => cloud.at('us-east-2').call('GetParameter', {Name: '/x'})]) {
		await assert.rejects(call(), (error) => isProblem(error, 'unreadable-answer') && !error.message.includes('<'));
	}
	assert.equal(asked.length, 2);
	status = 503;
	await rejects(cloud.at('us-east-2').call('GetCallerIdentity', {}), 'unreadable-answer');
	assert.equal(asked.length, 2 + 5);
});

test('a proxy from the environment carries the calls', async (t) => {
	const {url, asked} = await sts(t);
	const HOME = await home(t, '[default]\naws_access_key_id = a\naws_secret_access_key = b\n');
	const cloud = realCloud({env: {HOME, AWS_ENDPOINT_URL: 'http://aws.invalid', HTTP_PROXY: url}, clock, random});
	t.after(cloud.close);
	assert.ok(await cloud.at('us-east-2').call('GetCallerIdentity', {}));
	assert.equal(asked[0]?.url, 'http://aws.invalid/');
});

test('a service behind TLS is reached through a tunnel of the proxy', async (t) => {
	const tunnels: (string | undefined)[] = [];
	const server = createServer();
	server.on('connect', (incoming, socket) => {
		tunnels.push(incoming.url);
		socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
	});
	const {port, stop} = await listen(server, '127.0.0.1');
	t.after(stop);
	const HOME = await home(t, '[default]\naws_access_key_id = a\naws_secret_access_key = b\n');
	const cloud = realCloud({env: {HOME, HTTPS_PROXY: `http://127.0.0.1:${port}`}, clock, random});
	t.after(cloud.close);
	await assert.rejects(cloud.at('us-east-2').call('GetCallerIdentity', {}), (error) => isProblem(error, 'no-answer') && error.message.includes('proxy'));
	assert.deepEqual(tunnels, ['sts.us-east-2.amazonaws.com:443']);
});

test('a certificate that AWS_CA_BUNDLE names is trusted, and one that nobody names is told', async (t) => {
	const HOME = await home(t, '[default]\naws_access_key_id = a\naws_secret_access_key = b\n');
	const {key, certificate: cert, authorityPath} = await makeCertificates(HOME, ['localhost'], ['127.0.0.1']);
	const server = createSecure({key, cert}, (_, outgoing) => outgoing.writeHead(200, {'content-type': 'text/xml'}).end(identity));
	const {port, stop} = await listen(server, '127.0.0.1');
	t.after(stop);
	const call = async (env: Record<string, string>) => {
		const cloud = realCloud({env: {HOME, AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`, ...env}, clock, random});
		t.after(cloud.close);
		return cloud.at('us-east-2').call('GetCallerIdentity', {});
	};
	assert.equal((await call({AWS_CA_BUNDLE: authorityPath})).Account, '1');
	await assert.rejects(call({}), (error) => isProblem(error, 'no-answer') && error.message.includes('certificate') && !error.again);
	await rejects(call({AWS_CA_BUNDLE: join(HOME, 'none.pem')}), 'file-unreadable');
});
