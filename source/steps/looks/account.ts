import type {Fleet} from '../../fleet.ts';
import type {Look} from '../../step.ts';

/** An EC2 instance of the account, as far as a fleet needs to know it. Times are milliseconds since 1970. */
export type Instance = {
	id: string;
	state: 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';
	/** AWS's own words on why it stopped or never ran. */
	stateReason?: string | undefined;
	type: string;
	imageId: string;
	zone: string;
	subnetId: string;
	publicIp?: string | undefined;
	privateIp?: string | undefined;
	launchedAt: number;
	keyName?: string | undefined;
	groupIds: string[];
	profileArn?: string | undefined;
	spotRequestId?: string | undefined;
	tags: Record<string, string>;
};

/** One inbound rule; exactly one of `cidr` and `groupId` is set. */
export type Rule = {id: string; fromPort: number; toPort: number; protocol: string; cidr?: string | undefined; groupId?: string | undefined; description?: string | undefined; tags: Record<string, string>};

export type Group = {id: string; name: string; vpcId: string; description: string; tags: Record<string, string>; inbound: Rule[]};

export type KeyPair = {id: string; name: string; fingerprint: string; type: 'rsa' | 'ed25519'; publicKey?: string | undefined; createdAt?: number | undefined; tags: Record<string, string>};

export type SpotRequest = {id: string; state: string; instanceId?: string | undefined; tags: Record<string, string>};

/**
 * Everything of this region that the fleet's mark, names and patterns can find, and things of others that bear our names: one parallel sweep.
 * Terminated instances are in it, for counting generations.
 */
export type Account = {instances: Instance[]; groups: Group[]; keyPairs: KeyPair[]; spotRequests: SpotRequest[]};

export declare const accountLook: Look<Account>;

/** Managers of the fleet that aren't terminated or going, the one that counts first: the newest. */
export declare function managersOf(fleet: Fleet, account: Account): Instance[];

/** Workers of the fleet that aren't terminated or going (design §7, "Ours among workers"). */
export declare function workersOf(fleet: Fleet, account: Account): Instance[];
