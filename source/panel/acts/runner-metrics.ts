import type {Looking} from '../../engine/step.ts';
import {panelScript} from '../../executors/scripts.ts';
import type {Connection} from '../../world/host/port.ts';

import {until} from '../../world/laptop/clock.ts';
import {readMetrics} from '../live/executors.ts';
import type {Metrics} from '../metrics.ts';

/** Milliseconds that the runner may take to load what was written (it looks at its file each three seconds). */
const loads = 60_000;

/** What the runner's own metrics tell; undefined where they can't be had. */
export async function metricsOn(connection: Connection): Promise<Metrics | undefined> {
	const {host} = await connection.script(panelScript, {host: true});
	return host?.metrics === undefined ? undefined : readMetrics(host.metrics);
}

/** Waits until the runner's own metrics tell what is wanted; gives whether they did. */
export async function seenInMetrics(context: Looking, connection: Connection, isSo: (metrics: Metrics) => boolean): Promise<boolean> {
	const isTold = (metrics: Metrics | undefined): boolean => metrics !== undefined && isSo(metrics);
	return isTold(await until(context, {pause: 1000, longest: loads}, () => metricsOn(connection), isTold));
}
