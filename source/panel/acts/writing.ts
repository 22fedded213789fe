import {panelScript} from '../../executors/offered.ts';
import {Problem} from '../../problem.ts';
import {hashOf} from '../../steps/config/change.ts';
import type {Reaching} from '../../steps/reaching.ts';
import type {Connection} from '../../world/host/port.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {writeConfigScript} from '../../world/host/scripts/write-config.ts';
import {until} from '../../world/laptop/clock.ts';
import {type Metrics, readMetrics} from '../metrics.ts';

/** The runner rotates its token by itself and writes the file, too: then it's read once more. */
const tries = 5;

/** config.toml as it stands on the manager, secrets and all: it goes nowhere but back. */
export async function configOn(connection: Connection): Promise<string> {
	const text = await connection.read(paths.config);
	if (text !== undefined) return text;
	throw new Problem({code: 'no-config', message: `The manager has no ${paths.config}.`});
}

/** Writes another config.toml over the one that stands, atomically, judged by `gitlab-runner lint` before. False: somebody wrote meanwhile. Throws Problems. */
export async function writeOver(connection: Connection, standing: string, text: string): Promise<boolean> {
	const outcome = await connection.script(writeConfigScript, {text, from: hashOf(standing)});
	if (outcome.is === 'refused')
		throw new Problem({code: 'config-refused', message: `\`gitlab-runner lint\` refuses that config.toml, so the one that stands stays: ${outcome.detail}`});
	if (outcome.is === 'failed')
		throw new Problem({code: outcome.code, message: `config.toml can't be written, so the one that stands stays: ${outcome.detail}`});
	return outcome.is === 'written';
}

/** Changes config.toml; the one before is kept beside it. Throws Problems. */
export async function rewrite(connection: Connection, change: (standing: string) => string): Promise<void> {
	for (let at = 0; at < tries; at++) {
		const before = await configOn(connection);
		const after = change(before);
		if (after === before || (await writeOver(connection, before, after))) return;
	}
	throw new Problem({
		code: 'config-busy',
		message: `Somebody wrote config.toml ${tries} times in a row at the same moment.`,
		again: true,
		advice: 'Do it again in a minute.',
	});
}

/** Said of a change that can't be made in place. */
export const commentsGoLine = "Comments in config.toml go with this change: the file can't be edited in place.";

/** Milliseconds that the runner may take to load what was written (it looks at its file each three seconds). */
const loads = 60_000;

/** What the runner's own metrics tell; undefined where they can't be had. */
export async function metricsOn(connection: Connection): Promise<Metrics | undefined> {
	const {host} = await connection.script(panelScript, {host: true});
	return host?.metrics === undefined ? undefined : readMetrics(host.metrics);
}

/** How often the runner has loaded config.toml, by its own metrics: it has done so once more when this is another number. */
export const loadsOn = async (connection: Connection): Promise<number | undefined> => (await metricsOn(connection))?.configLoads;

/** Whether the runner goes by these numbers, by its own metrics. */
export const isInForce = ({limits, concurrent: told}: Metrics, limit: number, concurrent: number | undefined): boolean =>
	Object.values(limits).includes(limit) && told === concurrent;

/** Waits until the runner's own metrics tell what is wanted; gives whether they did. */
export async function seenInMetrics(context: Reaching, connection: Connection, isSo: (metrics: Metrics) => boolean): Promise<boolean> {
	const isTold = (metrics: Metrics | undefined): boolean => metrics !== undefined && isSo(metrics);
	return isTold(await until(context, {pause: 1000, longest: loads}, () => metricsOn(connection), isTold));
}
