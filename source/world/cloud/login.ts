import {spawnSync} from 'node:child_process';
import type {AwsFiles, Environment} from './aws-files.ts';

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
