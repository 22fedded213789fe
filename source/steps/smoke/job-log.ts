/** What a job's time goes into, in a runner's own order. */
const phaseNames = ['queued', 'worker', 'images', 'sources', 'cache down', 'artifacts down', 'script', 'cache up', 'artifacts up'] as const;
type PhaseName = (typeof phaseNames)[number];

/** One of them; milliseconds since 1970. `until` is absent while it goes on. */
export type Phase = {name: PhaseName; from: number; until?: number};

/** The sections of a job's log (gitlab-runner, common/build.go), and what they are here. */
const sections: Readonly<Record<string, PhaseName>> = {
	prepare_executor: 'worker',
	prepare_script: 'images',
	get_sources: 'sources',
	restore_cache: 'cache down',
	download_artifacts: 'artifacts down',
	step_script: 'script',
	build_script: 'script',
	archive_cache: 'cache up',
	archive_cache_on_failure: 'cache up',
	upload_artifacts_on_success: 'artifacts up',
	upload_artifacts_on_failure: 'artifacts up',
};

/** `2026-11-26T09:00:00.123456Z 00O ` before a line, with FF_TIMESTAMPS; `+` goes on with the line before. */
const timed = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) [0-9a-f]{2}[OE]\+? ?(.*)$/;
const marker = /section_(start|end):(\d+):([a-z_]+)(?:\[[^\]]*\])?/;
/** The runner's first words once it has a worker: what comes then is pulling images. */
const onWorker = /^Using (?:Docker|effective pull policy|.*executor with image)/;

type LogPart = {at: number | undefined; text: string};

function partOf(line: string): LogPart {
	const [, at, text] = timed.exec(line) ?? [];
	return at === undefined ? {at: undefined, text: line} : {at: Date.parse(at), text: text ?? ''};
}

/** A job's log for people: without times and the marks of its sections. */
export const spoken = (lines: readonly string[]): string[] =>
	lines.flatMap((line) => {
		const text = partOf(line).text.replace(marker, '').trimEnd();
		return text === '' ? [] : [text];
	});

/** Where a job's time went, as far as GitLab and the job's log tell. Times of GitLab are milliseconds since 1970. Pure. */
export function phasesOf({createdAt, startedAt}: {createdAt: number; startedAt: number | undefined}, lines: readonly string[]): Phase[] {
	const phases: Phase[] = [{name: 'queued', from: createdAt, ...(startedAt === undefined ? {} : {until: startedAt})}];
	/** The phase of this name goes on from here, or begins: images are pulled in two sections. */
	const begin = (name: PhaseName, from: number): void => {
		const last = phases.at(-1);
		if (last?.name === name) delete last.until;
		else phases.push({name, from});
	};
	for (const {at, text} of lines.map(partOf)) {
		const [, what, second, section = ''] = marker.exec(text) ?? [];
		const name = sections[section];
		if (what === 'start' && name !== undefined) begin(name, at ?? Number(second) * 1000);
		else if (what === 'end' && name !== undefined) close(phases, at ?? Number(second) * 1000);
		else if (at !== undefined && onWorker.test(text) && phases.at(-1)?.name === 'worker') {
			close(phases, at);
			begin('images', at);
		}
	}
	return phases;
}

function close(phases: readonly Phase[], at: number): void {
	const last = phases.at(-1);
	if (last && last.until === undefined) last.until = at;
}

/** When a job's images were there, by the end of the section in which its runner gets them: milliseconds since 1970; undefined while they aren't. */
export const imagesAt = (lines: readonly string[]): number | undefined => {
	const line = lines.map(partOf).find(({text}) => marker.exec(text)?.[1] === 'end' && marker.exec(text)?.[3] === 'prepare_executor');
	const second = line && marker.exec(line.text)?.[2];
	return line?.at ?? (second === undefined ? undefined : Number(second) * 1000);
};

/** Seconds of each phase that is over. */
export const secondsByPhase = (phases: readonly Phase[]): {name: PhaseName; seconds: number}[] =>
	phases.flatMap(({name, from, until}) => (until === undefined ? [] : [{name, seconds: Math.max(0, until - from) / 1000}]));
