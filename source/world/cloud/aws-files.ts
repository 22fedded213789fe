import {spawnSync} from 'node:child_process';
import {homedir} from 'node:os';
import {join} from 'node:path';

/** Environment variables, as the program was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Section = Record<string, string | undefined>;

/** What AWS's two files say, by profile; `services` are the sections that give endpoints for single services. Nested settings are named so: `s3.endpoint_url`. */
export type AwsFiles = {profiles: Record<string, Section>; services: Record<string, Section>};

/** Reads `~/.aws/config` and `~/.aws/credentials`, or the files that the environment names instead, as the SDK reads them; a missing one is empty. */
export async function awsFiles(env: Environment): Promise<AwsFiles> {
	const {loadSharedConfigFiles} = await import('@smithy/core/config');
	const folder = join(env.HOME ?? homedir(), '.aws');
	const {configFile, credentialsFile} = await loadSharedConfigFiles({
		configFilepath: env.AWS_CONFIG_FILE || join(folder, 'config'),
		filepath: env.AWS_SHARED_CREDENTIALS_FILE || join(folder, 'credentials'),
		// Somebody may have logged in meanwhile.
		ignoreCache: true,
	});
	const files: AwsFiles = {profiles: {}, services: {}};
	for (const [name, section] of Object.entries(configFile)) {
		const [, kind, named = ''] = /^(services|sso-session)\.(.+)$/.exec(name) ?? [];
		if (kind === 'services') files.services[named] = section;
		else if (kind === undefined) files.profiles[name] = section;
	}
	for (const [name, section] of Object.entries(credentialsFile)) files.profiles[name] = {...files.profiles[name], ...section};
	return files;
}

/**
 * The endpoint that the environment or the profile names instead of AWS's own, in the order of the AWS SDKs' reference.
 * The SDK itself doesn't read it from a profile that is given as an option.
 */
export function endpointOf(service: string, profile: string, files: AwsFiles, env: Environment): string | undefined {
	if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
	const own = env[`AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll('-', '_')}`];
	const named = files.profiles[profile];
	const services = files.services[named?.services ?? ''];
	return own || env.AWS_ENDPOINT_URL || services?.[`${service.replaceAll('-', '_')}.endpoint_url`] || named?.endpoint_url || undefined;
}

/** A chain of `source_profile`s is followed so far. */
const longestChain = 10;

/**
 * The command of AWS's own CLI that renews a profile's session where every tool finds it: `aws sso login` for IAM Identity Center, `aws login` for a
 * session of the console, either for the profile that a role is assumed from. Undefined where the credentials come from elsewhere (keys, another program).
 */
export function loginCommand(profile: string | undefined, {profiles}: AwsFiles, env: Environment): readonly string[] | undefined {
	const named = profile ?? env.AWS_PROFILE;
	if (named === undefined && env.AWS_ACCESS_KEY_ID) return undefined;
	let name = named ?? 'default';
	for (let links = 0; links < longestChain; links += 1) {
		const section = profiles[name];
		const words = name === 'default' ? [] : ['--profile', name];
		if (section?.login_session !== undefined) return ['aws', 'login', ...words];
		if (section?.sso_session !== undefined || section?.sso_start_url !== undefined) return ['aws', 'sso', 'login', ...words];
		if (section?.source_profile === undefined) return undefined;
		name = section.source_profile;
	}
	return undefined;
}

/**
 * Runs it with the terminal handed over, and waits: Ink keeps a read on the terminal pending, and a child beside it would lose keys. True once it
 * logged in.
 */
export function logIn([command = 'aws', ...args]: readonly string[], env: Environment): boolean {
	return spawnSync(command, args, {stdio: 'inherit', env: {...env}}).status === 0;
}
