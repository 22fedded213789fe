import {frameOf} from '../../source/faces/ui/frame.ts';
import {type PanelScreen, panelScreen} from '../../source/faces/ui/panel/screen.ts';
import {type PanelSeen, seenAfter} from '../../source/faces/ui/panel/seen.ts';
import {textOf} from '../../source/faces/ui/row.ts';
import type {Screen, View} from '../../source/faces/ui/screen.ts';
import type {PanelAbout} from '../../source/panel/acts/driver.ts';
import {join} from '../../source/panel/live/join.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {RunningJob} from '../../source/world/host/job-list.ts';
import {stateAfter, viewOf} from '../faces/states.ts';
import {healthy, host, instance, journal, machine, manager, minutes, nameAt, now, runnerSees} from './seeing.ts';

export const about: PanelAbout = {title: 'gitlab-runners', region: 'us-east-2', every: 5};

const hexOf = (at: number): string => (at + 0x1000_0000).toString(16).slice(-8);

/** A fleet with so many busy workers, the first of them the newest. */
export function busyFleet(count: number, more: Partial<Snapshot> = {}): Snapshot {
	const names = Array.from({length: count}, (_, at) => nameAt(10 + at, hexOf(at)));
	const machines = names.map((name, at) => machine(name, {instanceId: `i-${hexOf(at)}`}));
	const jobs = names.map(
		(_, at): RunningJob => ({
			id: 8000 + at,
			url: `https://gitlab.com/acme/api/-/jobs/${8000 + at}`,
			project: 'acme/api',
			state: 'running',
			stage: 'step_script',
			executorStage: '',
			seconds: 90,
		}),
	);
	return healthy({
		ec2: good({manager: manager(), instances: names.map((name, at) => instance(`i-${hexOf(at)}`, name)), otherManagers: []}, now - 2000),
		host: good(host(machines, {}, {limit: count}), now - 1000),
		runner: good(runnerSees({used: count, limit: count, concurrent: count, jobs: count}, jobs), now - 1000),
		journal: good(
			journal(
				...names.map((name, at) => ({
					is: 'job-on-machine' as const,
					job: 8000 + at,
					project: 'acme/api',
					machine: name,
					runner: 'ab12cd',
					uses: 1,
					at: now - minutes(5),
				})),
			),
			now - 1000,
		),
		...more,
	});
}

export const seenOf = (snapshot: Snapshot, more: Partial<PanelSeen> = {}, at = now): PanelSeen => ({
	...seenAfter({about}, snapshot, join(snapshot, at), at),
	...more,
});

export const panelView = (seen: PanelSeen | undefined, more: Partial<View> = {}): View =>
	viewOf(stateAfter([]), {now, title: 'status', panel: seen, columns: 120, rows: 40, ...more});

export const screenOf = (more: Partial<PanelScreen> = {}): PanelScreen => ({...panelScreen, ...more});

/** The frame as lines, without blanks at their ends. */
export const linesOf = (screen: Screen, view: View): string[] => frameOf(screen, view).map((row) => textOf(row).trimEnd());
