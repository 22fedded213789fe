import {spawnSync} from 'node:child_process';

/** The command that logs in with IAM Identity Center: AWS's own CLI, since only that keeps the session where every tool finds it. */
export const loginCommand = (profile: string | undefined): readonly string[] => [
	'aws',
	'sso',
	'login',
	...(profile === undefined ? [] : ['--profile', profile]),
];

/** Runs it with the terminal handed over, and waits: a child beside which this process reads keys would lose them (stack §5). True once it logged in. */
export function logIn(profile: string | undefined, env: Readonly<Record<string, string | undefined>>): boolean {
	const [command = 'aws', ...args] = loginCommand(profile);
	return spawnSync(command, args, {stdio: 'inherit', env: {...env}}).status === 0;
}
