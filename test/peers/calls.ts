import type {IncomingHttpHeaders} from 'node:http';
import * as z from 'zod';

/** One call to AWS, as the proxy saw it. */
export type Call = {
	/** When it came, in milliseconds since 1970. */
	at: number;
	/** How long the program waited for its answer. */
	ms: number;
	service: string;
	action: string;
	region: string;
	/** The parameters; nested JSON is kept as text. */
	form: Record<string, string>;
	/** 0 when the connection was dropped instead of answered. */
	status: number;
	changing: boolean;
	code?: string;
};

/** What a request asks for. */
export type AskedCall = Pick<Call, 'service' | 'action' | 'region' | 'form' | 'changing'>;

const jsonBody = z.record(z.string(), z.unknown());

const s3Buckets: Record<string, string> = {
	lifecycle: 'BucketLifecycleConfiguration',
	tagging: 'BucketTagging',
	publicAccessBlock: 'PublicAccessBlock',
	versioning: 'BucketVersioning',
	policy: 'BucketPolicy',
	encryption: 'BucketEncryption',
	ownershipControls: 'BucketOwnershipControls',
	acl: 'BucketAcl',
	location: 'BucketLocation',
};

/** Names S3's action, which stands in method, path and query. */
function s3Action(method: string, path: string, query: URLSearchParams): {action: string; form: Record<string, string>} {
	const [bucket = '', ...rest] = path.replace(/^\//, '').split('/');
	const key = rest.join('/');
	const form: Record<string, string> = bucket === '' ? {} : key === '' ? {Bucket: bucket} : {Bucket: bucket, Key: key};
	const verb = method === 'PUT' ? 'Put' : method === 'DELETE' ? 'Delete' : 'Get';
	if (bucket === '') {
		return {action: 'ListBuckets', form};
	}
	if (key !== '') {
		const object: Record<string, string> = {PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject'};
		return {action: query.has('tagging') ? `${verb}ObjectTagging` : (object[method] ?? 'MultipartUpload'), form};
	}
	const part = Object.keys(s3Buckets).find((name) => query.has(name));
	if (part !== undefined) {
		const noun = part === 'lifecycle' && verb === 'Delete' ? 'BucketLifecycle' : s3Buckets[part];
		return {action: `${verb}${noun}`, form};
	}
	if (method === 'POST' && query.has('delete')) {
		return {action: 'DeleteObjects', form};
	}
	if (method === 'GET') {
		const list = query.has('versions')
			? 'ListObjectVersions'
			: query.has('uploads')
				? 'ListMultipartUploads'
				: query.has('list-type')
					? 'ListObjectsV2'
					: 'ListObjects';
		return {action: list, form};
	}
	const whole: Record<string, string> = {PUT: 'CreateBucket', DELETE: 'DeleteBucket', HEAD: 'HeadBucket'};
	return {action: whole[method] ?? method, form};
}

function isChanging(service: string, action: string, form: Record<string, string>): boolean {
	return service !== 'sts' && form.DryRun !== 'true' && !/^(Describe|Get|List|Head|Simulate|Decode|SendSSHPublicKey)/.test(action);
}

/** Reads service, action, region and parameters off a request, whichever of AWS's protocols it speaks. */
export function asked(method: string, url: string, headers: IncomingHttpHeaders, body: Buffer): AskedCall {
	const {pathname, searchParams} = new URL(url, 'http://aws');
	const scope = /Credential=[^/]*\/\d+\/([^/]*)\/([^/]*)\//.exec(headers.authorization ?? '');
	const region = scope?.[1] ?? '';
	const service = scope?.[2] ?? 's3';
	const target = headers['x-amz-target'];
	if (typeof target === 'string') {
		const parsed = jsonBody.safeParse(JSON.parse(body.toString() || '{}'));
		const entries = Object.entries(parsed.success ? parsed.data : {});
		const form = Object.fromEntries(entries.map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]));
		const action = target.split('.').at(-1) ?? target;
		return {service, action, region, form, changing: isChanging(service, action, form)};
	}
	if (service === 's3') {
		const {action, form} = s3Action(method, decodeURIComponent(pathname), searchParams);
		return {service, action, region, form, changing: isChanging(service, action, form)};
	}
	const form = Object.fromEntries(new URLSearchParams(method === 'GET' ? searchParams : body.toString()));
	const {Action: action = '', ...rest} = form;
	return {service, action, region, form: rest, changing: isChanging(service, action, form)};
}

/** An error in the words of the protocol that the request spoke. */
export function errorBody(service: string, isJson: boolean, code: string, message: string): {type: string; text: string} {
	const inner = `<Code>${code}</Code><Message>${message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Message>`;
	if (isJson) {
		return {type: 'application/x-amz-json-1.1', text: JSON.stringify({__type: code, message})};
	}
	if (service === 'ec2') {
		return {type: 'text/xml', text: `<Response><Errors><Error>${inner}</Error></Errors><RequestID>peers</RequestID></Response>`};
	}
	if (service === 's3') {
		return {type: 'text/xml', text: `<Error>${inner}<RequestId>peers</RequestId></Error>`};
	}
	return {type: 'text/xml', text: `<ErrorResponse><Error><Type>Sender</Type>${inner}</Error><RequestId>peers</RequestId></ErrorResponse>`};
}
