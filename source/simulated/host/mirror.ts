import type {CommonFacts} from '../../world/host/scripts/facts.ts';
import {mirror, mirrorTexts} from '../../world/host/scripts/mirror-paths.ts';
import type {CommonHost} from '../../world/host/scripts/panel.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {digest, type Hosts, type Machine, textOf, unitOf} from './machine.ts';

/** The `mirror` of a manager's facts; undefined where it has none. */
export function mirrorSeen(machine: Machine): CommonFacts['mirror'] {
	const {mirror: state} = machine;
	const texts = mirrorTexts.map((path) => textOf(machine, path));
	const program = textOf(machine, mirror.program);
	if (!state && program === undefined && texts.every((text) => text === undefined)) return undefined;
	const login = textOf(machine, mirror.login);
	const version = program === undefined ? undefined : textOf(machine, mirror.version)?.trim();
	return {
		...(version === undefined ? {} : {version}),
		files: digest(texts.map((text) => text ?? '').join('\0')),
		...(login === undefined ? {} : {login: {user: login.split('\n', 1)[0]?.replace(/^# /, '') ?? '', hash: digest(login)}}),
		service: state ? unitOf(state.service) : {active: 'inactive', sub: 'dead'},
		...(state?.diskGib === undefined ? {} : {diskGib: state.diskGib}),
	};
}

/** An image as jobs pull it: its manifest and layers, and their bytes. */
const image = {parts: 4, bytes: 120_000_000};
/** Docker Hub's pulls an address in six hours. */
const hubPulls = 100;

/** Whether workers are pointed at a manager's own mirror, by docker-machine's options or by what they are told at their first boot, and let in there. */
function isReached({cloud}: Hosts, machine: Machine): boolean {
	const url = `http://${machine.instance.privateIp}:${mirror.port}`;
	const region = cloud.account.regions.get(machine.region);
	const isOpen = machine.instance.groupIds.some((id) =>
		region?.groups.get(id)?.inbound.some(({fromPort, groupId, toPort}) => groupId !== undefined && fromPort <= mirror.port && toPort >= mirror.port),
	);
	const told = (userData = ''): boolean => Buffer.from(userData, 'base64').toString().includes(url);
	return (
		isOpen &&
		(textOf(machine, paths.config)?.includes(`engine-registry-mirror=${url}`) === true ||
			[...(region?.instances.values() ?? [])].some((one) => told(one.userData)))
	);
}

/** A worker pulls a job's image: through the manager's mirror where it has one that runs, else from Docker Hub. False where Docker Hub refuses it. */
export function pulls(hosts: Hosts, machine: Machine): boolean {
	const {mirror: state} = machine;
	const refuses = hosts.dockerHubRefuses;
	if (state?.service.active !== 'active' || !isReached(hosts, machine)) return !refuses;
	const {served} = state;
	if (!served.held && refuses) return false;
	served.parts += image.parts;
	served.pushedBytes += image.bytes;
	if (served.held) served.hits += image.parts;
	else served.pulledBytes += image.bytes;
	served.held = true;
	return true;
}

/** The `mirror` that the panel is told of. */
export function mirrorPanel(hosts: Hosts, {mirror: state}: Machine): CommonHost['mirror'] {
	if (!state) return undefined;
	const {hits, parts, pulledBytes, pushedBytes} = state.served;
	const total = (state.diskGib ?? 0) * 2 ** 30;
	const sums = {requests: parts, hits, misses: parts - hits, pulled_bytes: pulledBytes, pushed_bytes: pushedBytes};
	const runs = state.service.active === 'active';
	return {
		service: unitOf(state.service),
		...(state.diskGib === undefined ? {} : {disk: {free: total - pulledBytes, total}}),
		...(runs
			? {
					metrics: Object.entries(sums)
						.flatMap(([name, sum]) => [`registry_proxy_${name}_total{type="blob"} ${sum}`, `registry_proxy_${name}_total{type="manifest"} 0`])
						.join('\n'),
				}
			: {}),
		kept: {gone: 0, pulls: hosts.dockerHubRefuses ? {limit: hubPulls, remaining: 0} : {limit: hubPulls, remaining: hubPulls - (pulledBytes > 0 ? 1 : 0)}},
	};
}
