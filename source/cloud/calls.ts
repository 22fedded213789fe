import type {Agent as HttpAgent} from 'node:http';
import type {Agent as HttpsAgent} from 'node:https';
import type {fromNodeProviderChain} from '@aws-sdk/credential-providers';
import type {Input, OperationName, Operations} from './port.ts';

/** One operation, ready to be sent. */
export type Call<Name extends OperationName> = (input: Input<Name>, options: {abortSignal?: AbortSignal}) => Promise<Operations[Name]['output']>;

/** The operations that an opened client carries. */
export type Opened = {[Name in OperationName]?: Call<Name>};

/** Gives credentials, from wherever the SDK's chain finds them. */
export type Credentials = ReturnType<typeof fromNodeProviderChain>;

/** What every client is made with. Times are milliseconds. */
export type Settings = {
	region: string;
	credentials: Credentials;
	maxAttempts: number;
	endpoint?: string;
	forcePathStyle?: boolean;
	followRegionRedirects?: boolean;
	requestHandler: {
		connectionTimeout: number;
		requestTimeout: number;
		throwOnRequestTimeout: boolean;
		httpAgent: HttpAgent;
		httpsAgent: HttpsAgent;
	};
};
