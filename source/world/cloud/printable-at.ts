import {printableIn} from '../printable.ts';
import type {CloudAt, OperationName} from './port.ts';

/**
 * Fields of answers that stay byte for byte, since they are compared, parsed or written back; whoever shows a part of one makes that part printable.
 * Everything else that AWS tells is only looked at: names, tags, descriptions and reasons, which anybody in the account may have written.
 */
const exact: Partial<Record<OperationName, readonly string[]>> = {
	// The record is compared with the answers, and a token is a token.
	GetParameter: ['Value'],
	GetParameterHistory: ['Value'],
	GetParametersByPath: ['Value'],
	// S3 replaces the whole list of rules and the whole set of tags, so others' go back as they came.
	GetBucketLifecycleConfiguration: ['Rules'],
	GetBucketTagging: ['TagSet'],
	// Objects are deleted by their keys, which may hold anything.
	ListObjectVersions: ['Versions', 'DeleteMarkers', 'KeyMarker', 'NextKeyMarker'],
	// Base64, keys and JSON, which their readers take apart.
	GetConsoleOutput: ['Output'],
	DescribeKeyPairs: ['PublicKey'],
	GetProducts: ['PriceList'],
	DecodeAuthorizationMessage: ['DecodedMessage'],
};

/** The same clouds, whose answers are printable: both sides of the port go through it. */
export const printableAt =
	(cloudAt: CloudAt): CloudAt =>
	(region, signal, enough) => {
		const cloud = cloudAt(region, signal, enough);
		return {...cloud, call: async (name, input) => printableIn(await cloud.call(name, input), exact[name])};
	};
