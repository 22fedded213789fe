import {type ImageState, type InstanceState, stateOf} from '../../../simulated/cloud/account.ts';
import type {Caller} from '../../../simulated/host/manager-calls.ts';
import {hasInternet} from '../../../simulated/host/manager-calls.ts';

/** Milliseconds until packages are installed that user data asks for, after the first boot has ended. */
const installing = 45_000;

/** What in user data puts Docker on a worker: a package of the system's own kind, or, where that knows the system, Docker's own script. */
const installsDocker = {
	debian: /docker\.io|docker-ce|moby|get\.docker\.com|apt-get\b[^\n]*\bdocker\b|^\s*- docker\b/m,
	amazon: /(?:dnf|yum)\b[^\n]*\bdocker\b|^\s*- docker\b/m,
};
/** Whether it lets the login user use it. */
const letsUser = /usermod|gpasswd|adduser|groups\s*:/;

const userDataOf = ({userData = ''}: InstanceState): string => Buffer.from(userData, 'base64').toString();

/** Images that come with Docker; of the account's own ones whose contents nobody has told, somebody has made them for this. */
const comesWithDocker = ({contents, owner}: ImageState, account: string): boolean => (contents ? contents.docker !== undefined : owner === account);

/** Since when Docker answers the login user of a worker, in milliseconds since 1970; undefined where it never does. */
export function dockerUpFrom(caller: Caller, region: string, instance: InstanceState, image: ImageState): number | undefined {
	if (comesWithDocker(image, caller.cloud.account.id)) return instance.initialisedAt;
	const asked = userDataOf(instance);
	const installs = /^(al20|amzn)/.test(image.name) ? installsDocker.amazon : installsDocker.debian;
	const isInstalled = installs.test(asked) && (letsUser.test(asked) || image.user === 'root') && hasInternet(caller, region, instance.id);
	return isInstalled ? instance.initialisedAt + installing : undefined;
}

/** Docker's version on a worker: the image's, or the newest where packages bring it. */
export const dockerVersionOn = ({cloud}: Caller, image: ImageState): string => image.contents?.docker ?? cloud.account.newestDocker;

/** Milliseconds that a ready command takes on a worker from now on, and how it ends. */
export function readied(
	caller: Caller,
	region: string,
	{command, instance, image}: {command: string; instance: InstanceState; image: ImageState},
): {after: number; failed?: string} {
	const now = caller.now();
	if (stateOf(instance, now) !== 'running') return {after: 5000, failed: 'ssh: EOF'};
	if (!command.includes('docker')) return {after: Math.max(500, instance.initialisedAt - now)};
	const up = dockerUpFrom(caller, region, instance, image);
	const wait = Math.max(500, (up ?? Number.POSITIVE_INFINITY) - now);
	const [, seconds] = /\btimeout (\d+)/.exec(command) ?? [];
	const loops = /\buntil\b|\bwhile\b/.test(command);
	const most = loops ? Number(seconds ?? 3600) * 1000 : 500;
	if (wait <= most) return {after: wait};
	return {after: most, failed: `Process exited with status ${loops ? 124 : 1}`};
}
