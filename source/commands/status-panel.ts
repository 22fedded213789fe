import type {PanelAbout, PanelDriver} from '../panel/driver.ts';
import {join} from '../snapshot/join.ts';
import type {Snapshot} from '../snapshot/snapshot.ts';
import {watchSources} from '../snapshot/sources.ts';
import {reportText} from '../telling/status-report.ts';
import {panelActs} from './panel-acts.ts';
import type {Session} from './session.ts';
import type {Watch} from './status-ports.ts';

/** What drives the panel over the world's ports. */
export function panelDriver(session: Session, watch: Watch, before?: PanelAbout['before']): PanelDriver {
	const {ports, watched, fleet, region} = watch;
	const readOnly = 'managerId' in watched ? 'Only looked at: this manager is not one that was opened as a fleet, so nothing is changed here.' : undefined;
	let latest: Snapshot | undefined;
	return {
		about: {title: fleet.name, region, every: 5, ...(readOnly === undefined ? {} : {readOnly}), ...(session.demo ? {demo: true} : {}), before},
		watch: (tell, signal) =>
			watchSources(ports, watched, {
				signal: AbortSignal.any([signal, session.stops.soft]),
				emit: (snapshot) => {
					latest = snapshot;
					tell(snapshot);
				},
			}),
		...panelActs(session, watch, () => latest),
		report: (snapshot) => reportText(snapshot, join(snapshot, ports.clock.now()), ports.clock.now()),
	};
}
