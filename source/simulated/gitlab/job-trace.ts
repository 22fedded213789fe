import {imageTakes, isoTime, type Job, jobImage} from './state.ts';

/** How long each part of a job takes, in milliseconds; the script takes what is left. */
const spans = {sources: 1000, restore: 800, download: 700, archive: 900, upload: 600};

/** The log of a job as far as it has come, as the runner writes it with FF_TIMESTAMPS: times, sections, the runner's own words. */
export function traceOf({startedAt, workerAt, endedAt, seconds, name, reason, state, cache, isImageHeld}: Job, now: number): string[] {
	if (startedAt === undefined) return [];
	const until = endedAt ?? now;
	const lines: string[] = [];
	const say = (at: number, text: string): void => {
		if (at <= until) lines.push(`${isoTime(at)} 00O ${text}`);
	};
	const section = (section: string, from: number, to: number, ...texts: string[]): void => {
		say(from, `section_start:${Math.floor(from / 1000)}:${section}`);
		for (const text of texts) say(from, text);
		say(to, `section_end:${Math.floor(to / 1000)}:${section}`);
	};
	say(startedAt, 'Running with gitlab-runner');
	say(startedAt, `section_start:${Math.floor(startedAt / 1000)}:prepare_executor`);
	say(startedAt, 'Preparing the executor');
	if (workerAt !== undefined) {
		say(workerAt, `Using Docker executor with image ${jobImage} ...`);
		say(workerAt, `Pulling docker image ${jobImage} ...`);
		let at = workerAt + imageTakes[isImageHeld ? 'held' : 'pulled'];
		const end = at + seconds * 1000 - imageTakes.pulled;
		say(at, `section_end:${Math.floor(at / 1000)}:prepare_executor`);
		const next = (named: string, takes: number, ...texts: string[]): void => {
			section(named, at, at + takes, ...texts);
			at += takes;
		};
		next('prepare_script', 300, 'Preparing environment');
		next('get_sources', spans.sources, 'Getting source from Git repository');
		if (cache !== undefined)
			next('restore_cache', spans.restore, cache === 'restored' ? 'Successfully extracted cache' : 'No URL provided, cache will not be downloaded');
		if (name !== 'make') next('download_artifacts', spans.download, 'Downloading artifacts from coordinator... ok');
		const left = (cache === undefined ? 0 : spans.archive) + spans.upload;
		next('step_script', Math.max(0, end - left - at), `$ echo ${name}`);
		if (cache !== undefined && state !== 'failed') next('archive_cache', spans.archive, 'Created cache');
		if (name === 'make') next('upload_artifacts_on_success', spans.upload, 'Uploading artifacts as "archive" to coordinator... 201 Created');
	}
	if (endedAt !== undefined) say(endedAt, state === 'failed' ? `ERROR: ${reason ?? 'Job failed'}` : 'Job succeeded');
	return lines;
}
