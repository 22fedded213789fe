import type {DiskContents, ImageState, InstanceState} from './account.ts';
import type {Here} from './here.ts';
import {leadsOut} from './network.ts';

/** Milliseconds from the first boot until user data that ends by switching the instance off has done all that it does. */
const buildTakes = 90_000;

/** What a build prints begins so; one that fails then says so. */
const marked = 'gitlab-runner-aws bake: ';

/** The lines that a build's script prints on the console where it goes well, in their order: what it says in it, one after another. */
function buildLines(script: string): string[] {
	const said = [...script.matchAll(/gitlab-runner-aws bake: ([^"'\n$]+)/g)].map(([, what = '']) => what.trim());
	const lines = said.filter((what) => what !== '' && !what.startsWith('failed'));
	return (lines.length > 0 ? lines : ['Docker is installed', 'images are pulled', 'done']).map((what) => marked + what);
}

/** Images that a build's script pulls. */
const pulledBy = (script: string): string[] => [...script.matchAll(/\bdocker (?:image )?pull (?:-q )?["']?([\w./:@-]+)/g)].map(([, image = '']) => image);

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
	const says = buildLines(script);
	const disk: DiskContents = {
		docker: image.contents?.docker ?? here.account.newestDocker,
		pulled: [...new Set([...(image.contents?.pulled ?? []), ...pulledBy(script)])],
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

/** What a build has printed until a time, as the serial console has it. */
export const buildShown = ({bootedAt, build, ending, stopping}: InstanceState, now: number): string[] =>
	(build?.lines ?? [])
		.filter(({at}) => at <= Math.min(now, stopping?.from ?? now, ending?.from ?? now))
		.map(({at, says}) => `[${((at - bootedAt) / 1000 + 22).toFixed(3).padStart(9)}] cloud-init[1187]: ${says}`);
