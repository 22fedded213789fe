import type {DiskContents, ImageState, InstanceState} from './account.ts';
import type {Here} from './here.ts';
import {leadsOut} from './network.ts';

/** Milliseconds from the first boot until user data that ends by switching the instance off has done all that it does. */
const buildTakes = 90_000;

/** What a build prints begins so; one that fails then says so. */
const marked = 'gitlab-runner-aws bake: ';

/** A command of a build's script at the beginning of a line, with its one word that is written out: `say 'done'`, `pull alpine:3`. */
const commands = /^\s*(say|pull) (?:'([^'\n]*)'|"([^"$\n]*)"|([\w./:@-]+))/gm;

/** What a build's script says where all goes well, in its order, and the images that it pulls. */
function told(script: string): {says: string[]; pulled: string[]} {
	const found = [...script.matchAll(commands)].map(([, command, single, double, bare]) => ({command, word: single ?? double ?? bare ?? ''}));
	return {
		says: found.map(({command, word}) => marked + (command === 'pull' ? `pulling ${word}` : word)),
		pulled: found.flatMap(({command, word}) => (command === 'pull' ? [word] : [])),
	};
}

/** Why a build doesn't go well, where it doesn't. */
function failureOf(instance: InstanceState, {account, region}: Here): string | undefined {
	if (account.buildsFail !== undefined) return account.buildsFail;
	return leadsOut(region, instance) ? undefined : "Docker's install script can't be had";
}

/**
 * Has an instance do what its user data says, where that ends by switching it off: it prints its lines one by one, and then `switchOff` is called;
 * or it fails halfway, says so and stays. A stop or an end before that ends it, and no later boot begins it again.
 */
export function beginBuild(here: Here, instance: InstanceState, image: ImageState, switchOff: (now: number) => void): void {
	const script = Buffer.from(instance.userData ?? '', 'base64').toString();
	if (!/\bpoweroff\b|\bshutdown\b.* now\b/.test(script)) return;
	const begins = instance.bootedAt;
	const {pulled, says} = told(script);
	const disk: DiskContents = {
		docker: image.contents?.docker ?? here.account.newestDocker,
		pulled: [...new Set([...(image.contents?.pulled ?? []), ...pulled])],
	};
	const build = {lines: says.map((line, index) => ({at: begins + (buildTakes * index) / says.length, says: line})), disk, isOver: false};
	instance.build = build;
	const isCut = () => instance.stopping !== undefined || instance.ending !== undefined || instance.startedAgain === true;
	let hasFailed = false;
	here.at(begins + buildTakes / 2, () => {
		const why = failureOf(instance, here);
		if (isCut() || why === undefined) return;
		hasFailed = true;
		const at = begins + buildTakes / 2;
		build.lines = [...build.lines.filter((line) => line.at < at), {at, says: `${marked}failed: ${why}`}];
	});
	here.at(begins + buildTakes, () => {
		if (isCut() || hasFailed) return;
		build.isOver = true;
		switchOff(begins + buildTakes);
	});
}

/** What a build has printed until a time, as the serial console has it: on its standard output, which cloud-init passes on, and by itself. */
export const buildShown = ({bootedAt, build, ending, stopping}: InstanceState, now: number): string[] =>
	(build?.lines ?? [])
		.filter(({at}) => at <= Math.min(now, stopping?.from ?? now, ending?.from ?? now))
		.flatMap(({at, says}) => [`[${((at - bootedAt) / 1000 + 22).toFixed(3).padStart(9)}] cloud-init[1187]: ${says}`, says]);
