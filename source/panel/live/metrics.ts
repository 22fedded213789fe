import {executors} from '../../executors/list.ts';
import {type Metrics, metricsIn} from '../metrics.ts';

const countings = executors.map(({workers}) => workers.counted);

/** Reads the text of `/metrics`, whichever executor the manager has. Never throws. */
export const readMetrics = (text: string): Metrics => metricsIn(text, countings);
