import {executors} from '../../executors/list.ts';
import type {HostPart} from '../../executors/scripts.ts';
import {readConfig} from '../../steps/config/facts.ts';
import {readJobList} from '../../world/host/job-list.ts';
import {printableIn, printableLines} from '../../world/printable.ts';
import {readMetrics} from '../live/executors.ts';
import {mirrorOf} from '../mirror.ts';
import type {SourceTrouble} from '../seen.ts';
import type {HostOfExecutors, HostSeen, Resources, RunnerSees, Ticks} from '../snapshot.ts';

const configs = executors.map(({workers}) => workers.config);

/** Share of the processor's time between two rounds that the hypervisor kept; undefined before there are two, and after a reboot. */
function stolenShare(before: Ticks | undefined, now: Ticks | undefined): number | undefined {
	if (!before || !now || now.total <= before.total) return undefined;
	const busy = now.total - before.total - (now.idle - before.idle);
	const stolen = now.stolen - before.stolen;
	// Against the time that was wanted: an idle manager loses nothing.
	return busy <= 0 ? 0 : Math.max(0, stolen / busy);
}

function resourcesOf(told: HostPart, before: Ticks | undefined): Resources | undefined {
	return told.resources && {...told.resources, stolen: stolenShare(before, told.ticks)};
}

/** The manager's machine as one round told it. `before` is the round before: for what only two rounds can tell, and so that what is the same stays the same. */
export function hostSeen(told: HostPart, before: {ticks: Ticks | undefined; seen: HostSeen | undefined}): HostSeen {
	const ofExecutors: HostOfExecutors = Object.assign({}, ...executors.map(({view}) => view.hostSeen(told, before.seen)));
	const {config} = before.seen ?? {};
	return {
		...ofExecutors,
		config:
			config && config.hash === told.config?.hash
				? config
				: told.config && {...told.config, text: printableLines(told.config.text), facts: printableIn(readConfig(told.config.text, configs))},
		service: told.service,
		resources: resourcesOf(told, before.ticks),
		mirror: printableIn(mirrorOf(told.mirror)),
	};
}

/** What the runner's own HTTP server told, or why it told nothing. */
export function runnerSees(told: HostPart): {sees: RunnerSees} | {trouble: SourceTrouble} {
	if (told.metrics === undefined) {
		const advice = told.silent?.includes('listen_address') ? 'Set `listen_address = "127.0.0.1:9252"` in config.toml and restart the service.' : undefined;
		return {trouble: {code: 'metrics-silent', message: `The runner's metrics can't be read: ${told.silent ?? 'no answer'}.`, advice}};
	}
	const {jobs} = printableIn(readJobList(told.jobs ?? ''));
	const metrics = printableIn(readMetrics(told.metrics));
	return {sees: {metrics, jobs}};
}
