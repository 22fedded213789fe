import type {Context} from '../../engine/step.ts';
import {names} from '../../fleet.ts';
import {entryOf} from '../../steps/config/standing.ts';
import {accountLook} from '../../steps/looks/account.ts';
import {metricsRead} from '../../steps/online.ts';
import {bearsMark, tagsOf} from '../../steps/tags.ts';
import {readPrometheus} from '../../world/host/prometheus.ts';
import {isTable, parseConfig, type Table, tablesAt, textAt} from '../../world/host/toml.ts';
import type {HostFacts} from '../scripts.ts';
import {scalingConfig} from './config.ts';
import {scalingLook} from './looks.ts';

/** What of docker-autoscaler remains on the manager. */
type GroupOnManager = {
	/** Its tables and flags in our entry of config.toml. */
	tables: string[];
	workerKey: boolean;
	/** Another runner of the same config.toml has the plugin too, so it stays. */
	others: boolean;
	/** Our entry has its jobs on the group's workers still. */
	isUsed: boolean;
	/** Jobs on them, as far as the runner counts them. */
	busy: number;
};

const config = scalingConfig();
const flag = 'FF_USE_FLEETING_ACQUIRE_HEARTBEATS';
const usesGroup = (runner: Table): boolean => textAt(runner, 'executor') === config.executor;

function entriesIn({answers, fleet}: Context, text: string) {
	const document = parseConfig(text, 'config.toml on the manager');
	const runners = tablesAt(document, 'runners');
	return {document, runners, ours: entryOf(runners, {config, fleet, runnerName: answers.runnerName})};
}

function busyIn({metrics}: HostFacts): number {
	if (metrics === undefined) return 0;
	const tasks = readPrometheus(metrics, metricsRead).by('fleeting_taskscaler_tasks', 'state');
	return (tasks.acquired ?? 0) + (tasks.pending ?? 0) + (tasks.reserved ?? 0);
}

/** What remains on the manager. Throws `config-broken`. */
export function leftOnManager(context: Context, facts: HostFacts): GroupOnManager {
	const {ours, runners} = entriesIn(context, facts.config?.text ?? '');
	return {
		tables: ours?.autoscaler === undefined ? [] : ['runners.autoscaler'],
		workerKey: facts.workerKey !== undefined,
		others: runners.some((runner) => runner !== ours && usesGroup(runner)),
		isUsed: ours !== undefined && usesGroup(ours),
		busy: busyIn(facts),
	};
}

/** config.toml without what no runner goes by any more; all else in it stays. */
export async function withoutGroup(context: Context, text: string): Promise<string> {
	const {edited} = await import('../../steps/config/edit.ts');
	const {document, ours, runners} = entriesIn(context, text);
	delete ours?.autoscaler;
	const flags = ours?.feature_flags;
	if (ours && isTable(flags)) {
		delete flags[flag];
		if (Object.keys(flags).length === 0) delete ours.feature_flags;
	}
	return edited(text, {...document, runners}).text;
}

/** The workers' key pair in AWS, which is made before all that a group needs and goes after it. */
const hasKeyPair = async (context: Context): Promise<boolean> =>
	(await context.look(accountLook)).keyPairs.some(({name, tags}) => name === names.workerKey(context.fleet) && bearsMark(context.fleet, tags));

/** What remains in the account, in words. A fleet that never had a group isn't asked about one: its key pair, or what is on the manager, tells that it did. */
export async function leftInAccount(context: Context, hadGroup: boolean): Promise<string[]> {
	const isPair = await hasKeyPair(context);
	if (!isPair && !hadGroup) return [];
	const {groups, template} = await context.look(scalingLook);
	const ours = groups.filter(({Tags}) => bearsMark(context.fleet, tagsOf(Tags)));
	const workers = ours.reduce((sum, {Instances = []}) => sum + Instances.length, 0);
	return [
		...ours.map(({AutoScalingGroupName}) => AutoScalingGroupName ?? ''),
		...(workers === 0 ? [] : [workers === 1 ? '1 worker' : `${workers} workers`]),
		...(template && bearsMark(context.fleet, template.tags) ? ['launch template'] : []),
		...(isPair ? ['key pair of workers'] : []),
	];
}
