import * as z from 'zod';
import type {RawAwsError} from './errors.ts';

/** What is read off an error of the SDK or of Node's sockets, whatever its class. */
const shape = z.object({
	name: z.string().catch('Error'),
	message: z.string().catch(''),
	code: z.string().optional().catch(undefined),
	errors: z.array(z.unknown()).optional().catch(undefined),
	$metadata: z.object({httpStatusCode: z.int().optional(), requestId: z.string().optional()}).optional().catch(undefined),
	$response: z
		.object({statusCode: z.int().optional(), headers: z.object({date: z.string().optional()}).optional().catch(undefined)})
		.optional()
		.catch(undefined),
});

/** Errors of sockets and TLS bear their meaning in `code`, those of the SDK in `name`. */
const isNodeCode = /^(E[A-Z]{3,}$|EAI_|ERR_|CERT_|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO)/;

/** The name, words and status of an error that the SDK threw. */
export function rawError(error: unknown): RawAwsError {
	const read = shape.safeParse(error);
	if (!read.success) return {name: 'Error', message: String(error)};
	const {name, message, code, errors, $metadata, $response} = read.data;
	const date = Date.parse($response?.headers?.date ?? '');
	const first = errors?.[0];
	if (message === '' && first !== undefined) return rawError(first);
	return {
		name: code !== undefined && isNodeCode.test(code) ? code : name,
		message,
		status: $metadata?.httpStatusCode ?? $response?.statusCode,
		requestId: $metadata?.requestId,
		...(Number.isNaN(date) ? {} : {date}),
	};
}
