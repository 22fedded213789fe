import {readFile} from 'node:fs/promises';
import {homedir} from 'node:os';
import {join} from 'node:path';

/** Environment variables, as the program was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

type Section = Record<string, string>;

/** What AWS's two files say, by profile; `services` are the sections that give endpoints for single services. */
export type AwsFiles = {profiles: Record<string, Section>; services: Record<string, Section>};

/** Reads an INI text as AWS's tools do: nested settings become `s3.endpoint_url`. */
function sections(text: string): Record<string, Section> {
	const found: Record<string, Section> = {};
	let section: Section | undefined;
	let parent = '';
	for (const line of text.split(/\r?\n/)) {
		const name = /^\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
		if (name !== undefined) {
			section = found[name] ??= {};
			parent = '';
			continue;
		}
		const [, indent = '', key = '', value = ''] = /^(\s*)([^#;\s=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
		if (!section || key === '') continue;
		if (indent === '') parent = value === '' ? key : '';
		section[indent !== '' && parent !== '' ? `${parent}.${key}` : key] = value;
	}
	return found;
}

/** Text of a file, or nothing where there is none. */
async function textOf(path: string): Promise<string> {
	return readFile(path, 'utf8').catch(() => '');
}

/** Reads `~/.aws/config` and `~/.aws/credentials`, or the files that the environment names instead; a missing one is empty. */
export async function awsFiles(env: Environment): Promise<AwsFiles> {
	const folder = join(env.HOME ?? homedir(), '.aws');
	const [config, credentials] = await Promise.all([
		textOf(env.AWS_CONFIG_FILE ?? join(folder, 'config')),
		textOf(env.AWS_SHARED_CREDENTIALS_FILE ?? join(folder, 'credentials')),
	]);
	const files: AwsFiles = {profiles: {}, services: {}};
	for (const [name, section] of Object.entries(sections(config))) {
		const [, kind, named] = /^(profile|services)\s+"?([^"]+)"?$/.exec(name) ?? [];
		if (kind === 'services' && named !== undefined) files.services[named] = section;
		else if (kind === 'profile' && named !== undefined) files.profiles[named] = section;
		else if (name === 'default') files.profiles[name] = section;
	}
	for (const [name, section] of Object.entries(sections(credentials))) {
		files.profiles[name] = {...files.profiles[name], ...section};
	}
	return files;
}

/**
 * The endpoint that the environment or the profile names instead of AWS's own, in the order of the AWS SDKs' reference.
 * The SDK itself doesn't read it from a profile that is given as an option (stack §10).
 */
export function endpointOf(service: string, profile: string, files: AwsFiles, env: Environment): string | undefined {
	if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return undefined;
	const own = env[`AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll('-', '_')}`];
	const named = files.profiles[profile];
	const services = files.services[named?.services ?? ''];
	return own || env.AWS_ENDPOINT_URL || services?.[`${service.replaceAll('-', '_')}.endpoint_url`] || named?.endpoint_url || undefined;
}
