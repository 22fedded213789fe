import type {Context} from '../../engine/step.ts';
import {standingRunner} from '../../steps/config/standing.ts';
import type {Stranded} from '../../steps/worker-making.ts';
import {isTable, numberAt, plain, same, type Table, type Value} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {scalingConfig} from './config.ts';

const config = scalingConfig();

/** By what the runner knows the scaler of an entry: by GitLab's address and its own id, else by its token. */
const scalerOf = (runner: Table): string => `${plain(runner.url)} ${plain(runner.id) || plain(runner.token)}`;

const autoscalerOf = (runner: Table): Table => (isTable(runner.autoscaler) ? runner.autoscaler : {});

/** What a scaler reads when it starts, and not again: all of its table but the policies. */
function readOnce(runner: Table): Value {
	const {policy: _policy, max_instances: _most, ...rest} = autoscalerOf(runner);
	return rest;
}

/** How many instances a scaler that starts with this entry may have; none is no limit. */
const mostOf = (runner: Table): number => numberAt(autoscalerOf(runner), 'max_instances') || Number.POSITIVE_INFINITY;

/** Whether the service may have a scaler for an entry: where jobs come to it, and where it has been there since the service started. */
const hasScaler = (runner: Table, {metrics = ''}: HostFacts): boolean => plain(runner.executor) === config.executor || /^fleeting_/m.test(metrics);

/**
 * Workers stay in their group whatever config.toml says. But of an entry that is another runner's the service makes another scaler beside the first, and each
 * ends what it doesn't know of in the one group; and most of its settings a scaler reads once, of which only a lower `max_instances` can wait. So running jobs end first, and the service starts anew. Where
 * GitLab takes the token no more, no job runs. An entry that comes from another executor gets its scaler with its next job.
 */
export function stranded(context: Context, facts: HostFacts, text: string, isRefused: boolean): Stranded {
	const before = facts.config && standingRunner(facts.config.text, {...context, config});
	const after = standingRunner(text, {...context, config});
	if (!before || !after || !hasScaler(before, facts)) return {left: [], drains: false};
	const differs = scalerOf(before) !== scalerOf(after) || !same(readOnce(before), readOnce(after)) || mostOf(after) > mostOf(before);
	return {left: [], drains: differs && !isRefused && ['active', 'deactivating'].includes(facts.service.active)};
}
