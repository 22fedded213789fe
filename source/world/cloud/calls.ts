import type {Agent as HttpAgent} from 'node:http';
import type {Agent as HttpsAgent} from 'node:https';
import type {fromNodeProviderChain} from '@aws-sdk/credential-providers';
import type {Input, OperationName, Operations} from './port.ts';

/** One operation, ready to be sent. */
type OperationCall<Name extends OperationName> = (input: Input<Name>, options: {abortSignal?: AbortSignal}) => Promise<Operations[Name]['output']>;

/** A client that is open, with the operations that it carries. */
export type OpenClient = {
	calls: {[Name in OperationName]?: OperationCall<Name>};
	/** Milliseconds that the SDK adds to this machine's clock when it dates a call; it learns them from AWS's answers. */
	clockOffset(): number;
};

/** Gives credentials, from wherever the SDK's chain finds them. */
export type CredentialProvider = ReturnType<typeof fromNodeProviderChain>;

/** What every client is made with. Times are milliseconds. */
export type ClientSettings = {
	region: string;
	credentials: CredentialProvider;
	maxAttempts: number;
	systemClockOffset: number;
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
