import type {CommonFacts, CommonSoftware} from '../../world/host/scripts/facts.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {credentialsPath, digest, type Machine, runnerProgram, systemIdOf, systemIdPath, textOf, unitOf, unitPath, versionOf, type Work} from './machine.ts';
import {jobsList, metricsOf, verifyLines} from './metrics.ts';
import {mirrorSeen} from './mirror.ts';
import type {Plays, ScriptRun} from './plays.ts';
import {readConfig} from './runner-config.ts';

function cloudInit(machine: Machine, now: number): CommonFacts['cloudInit'] {
	const {cloudInit: fault} = machine.faults;
	if (now < machine.instance.initialisedAt || fault === 'slow') return {status: 'running', detail: 'status: running'};
	if (fault === 'error') return {status: 'error', detail: 'status: error detail: Failed to run module scripts_user'};
	return fault === 'degraded' ? {status: 'degraded', detail: 'status: done recoverable_errors: WARNING'} : {status: 'done', detail: 'status: done'};
}

const present = <Fields extends object>(fields: Fields): Fields => {
	for (const key of Object.keys(fields)) if (Reflect.get(fields, key) === undefined) Reflect.deleteProperty(fields, key);
	return fields;
};

/** What all executors add. */
export const addedBy = (plays: readonly Plays[], ask: (one: Plays) => object): object => Object.assign({}, ...plays.map(ask));

/** The `software-facts` script, which reads nothing secret. */
export function* softwareFacts(_given: object, running: ScriptRun): Work<CommonSoftware> {
	yield 700;
	return softwareOf(running);
}

function softwareOf({machine, hosts, plays}: ScriptRun): CommonSoftware {
	const now = hosts.clock.now();
	const credentials = textOf(machine, credentialsPath);
	const {service} = machine;
	return present({
		...addedBy(plays, (one) => one.software(machine)),
		cloudInit: cloudInit(machine, now),
		machine: machine.image.architecture === 'arm64' ? 'aarch64' : 'x86_64',
		os: machine.image.os,
		diskFreeGib: machine.diskFreeGib,
		gitlabRunner: versionOf(machine, runnerProgram),
		unit: textOf(machine, unitPath),
		dropIn: textOf(machine, paths.dropIn),
		service: present({
			...unitOf(machine.service),
			log: service.active === 'activating' ? machine.journal.slice(-40).map(({message}) => message) : undefined,
			enabled: service.enabled ? 'enabled' : machine.files.has(unitPath) ? 'disabled' : 'not-found',
			since: service.since === undefined || service.active !== 'active' ? undefined : new Date(service.since).toISOString(),
		}),
		credentialsHash: credentials === undefined ? undefined : digest(credentials),
		now,
	});
}

/** The `facts` script. */
export function* facts({verify}: {verify: boolean}, running: ScriptRun): Work<CommonFacts> {
	const {machine, hosts, plays} = running;
	yield 700;
	const config = machine.files.get(paths.config);
	const hasRunner = versionOf(machine, runnerProgram) !== undefined;
	const asked = verify && hasRunner && config !== undefined && /^\s*\[\[\s*runners/m.test(config.text);
	if (asked) yield hosts.gitlab.health === 'unreachable' ? 20_000 : 500;
	if (asked) systemIdOf(machine);
	const read = config ? readConfig(config.text) : undefined;
	return present({
		...softwareOf(running),
		config: config && {text: config.text, mode: config.mode.toString(8).padStart(3, '0'), hash: digest(config.text)},
		systemId: textOf(machine, systemIdPath)?.trim(),
		metrics: metricsOf(machine),
		jobs: jobsList(hosts, machine),
		mirror: mirrorSeen(machine),
		verify: asked ? verifyLines(hosts, machine, read && 'config' in read ? read.config.entries : []) : undefined,
		...addedBy(plays, (one) => one.facts(machine)),
	});
}
