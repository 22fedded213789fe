import type {Running} from './running.ts';

/** A running service sees a new file within 3 s (facts §4.7). */
export function noticeConfig({machine, hosts}: Pick<Running, 'machine' | 'hosts'>): void {
	const {process} = machine;
	if (!process) return;
	hosts.clock.at(hosts.clock.now() + 3000, () => {
		if (machine.process !== process) return;
		process.reload();
		process.dispatch();
		hosts.review();
	});
}
