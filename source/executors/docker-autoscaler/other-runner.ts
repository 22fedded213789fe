import type {Context} from '../../engine/step.ts';
import {standingRunner} from '../../steps/config/merge.ts';
import type {Stranded} from '../../steps/worker-making.ts';
import {plain, type Table} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {scalingConfig} from './config.ts';

const config = scalingConfig();

/** By what the runner knows the scaler of an entry: by GitLab's address and its own id, else by its token. */
const scalerOf = (runner: Table): string => `${plain(runner.url)} ${plain(runner.id) || plain(runner.token)}`;

/**
 * Workers stay in their group whatever config.toml says. But of an entry that is another runner's the service makes another scaler beside the first, and each
 * ends what it doesn't know of in the one group: so running jobs end first. Where GitLab takes the token no more, no job runs.
 */
export function stranded(context: Context, facts: HostFacts, text: string, isRefused: boolean): Stranded {
	const before = facts.config && standingRunner(facts.config.text, {...context, config});
	const after = standingRunner(text, {...context, config});
	const isOther = before !== undefined && after !== undefined && scalerOf(before) !== scalerOf(after);
	return {left: [], drains: isOther && !isRefused && facts.service.active === 'active'};
}
