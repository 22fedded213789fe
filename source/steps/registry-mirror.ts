import type {Change, Context, Finding, Found, Look, Looking, Note, Removal, Report, Step} from '../engine/step.ts';
import type {HostFacts} from '../executors/scripts.ts';
import {type Fleet, names} from '../fleet.ts';
import {isProblem, Problem, unless} from '../problem.ts';
import {type InstallMirror, type InstallMirrorOutcome, installMirrorScript} from '../world/host/scripts/install-mirror.ts';
import {lookAtMirrorScript, type MirrorAnswer, removeMirrorScript} from '../world/host/scripts/mirror.ts';
import {mirror} from '../world/host/scripts/mirror-paths.ts';
import {unitIs} from '../world/host/unit.ts';
import {aws} from './aws-cli.ts';
import {Blocked, differs, orBlocked} from './finding.ts';
import {spreading} from './late.ts';
import {accountActions, accountLook, adoptedGroupsLook, type Instance} from './looks/account.ts';
import {currentManager, forgetHost, lookAtHost, managerOf} from './looks/host.ts';
import type {Rule} from './looks/rules.ts';
import {mirrorOn} from './mirror-address.ts';
import {bringLogin, loginChanges, loginWanted, tokenMissing} from './mirror-login.ts';
import {digestOf, mirrorFiles, registryDownload, registryVersion} from './mirror-program.ts';
import {connectTo, connectToChange, onTheWay, reachingActions} from './reaching.ts';
import {close, open} from './security-group-rules.ts';
import {bearsMark} from './tags.ts';
import {missingRules, type WantedRule} from './wanted-rules.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** Where workers take Docker Hub's images from; absent where they ask it themselves. */
		'registry-mirror': {url?: string};
	}
}

type MirrorAfter = 'record' | 'permissions' | 'network' | 'security-groups' | 'manager' | 'connection' | 'host-key';
type MirrorFound = Finding<Found['registry-mirror']>;

/** Seconds that the manager's first boot may take; MiB that a mirror has at least, and that stay free of the manager's disk beside it. */
const bootSeconds = 600;
const leastMib = 1024;
const leaveMib = 2048;

const wantedRule = (workersGroupId: string): WantedRule => ({port: mirror.port, groupId: workersGroupId, says: 'mirror of Docker Hub'});

/** Whether a rule is the one that lets workers in to a mirror: of ours, and for a group. */
const isMirrorRule = (fleet: Fleet, {fromPort, groupId, tags, toPort}: Rule): boolean =>
	fromPort === mirror.port && toPort === mirror.port && groupId !== undefined && bearsMark(fleet, tags);

/** Our rules that let workers in to a mirror, with the group that each is in: without one no manager has a mirror. */
async function ownRules(context: Looking): Promise<{inGroup: string; rule: Rule}[]> {
	const {groups, rulesElsewhere} = await context.look(accountLook);
	const all = [...groups.flatMap(({id, inbound}) => inbound.map((rule) => ({inGroup: id, rule}))), ...rulesElsewhere];
	return all.filter(({rule}) => isMirrorRule(context.fleet, rule));
}

/** Whether the manager's own groups let in workers, by whosever rule. */
async function letsInWorkers(context: Context, manager: Instance): Promise<boolean> {
	const {answers, fleet} = context;
	const {groups, rulesElsewhere} = await context.look(accountLook);
	const workers = groups.find(({name, tags}) => name === names.workersGroup(fleet) && bearsMark(fleet, tags));
	const adopted = answers.securityGroup === 'create' ? [] : await context.look(adoptedGroupsLook(answers.securityGroup));
	const inbound = [
		...[...groups, ...adopted].filter(({id}) => manager.groupIds.includes(id)).flatMap((group) => group.inbound),
		...rulesElsewhere.filter(({inGroup}) => manager.groupIds.includes(inGroup)).map(({rule}) => rule),
	];
	return workers !== undefined && missingRules(inbound, [wantedRule(workers.id)]).length === 0;
}

/** What a manager that runs tells, or what has to be first. */
async function onManager(context: Context, ask: (manager: Instance) => Promise<MirrorFound>, without: MirrorFound): Promise<MirrorFound> {
	const manager = await currentManager(context);
	if (!manager) return without;
	if (manager.state !== 'running') return {is: 'waiting', for: ['manager']};
	try {
		return await ask(manager);
	} catch (error) {
		if (!isProblem(error, 'host-key-unknown', ...onTheWay)) throw error;
		return {is: 'waiting', for: [isProblem(error, 'host-key-unknown') ? 'host-key' : 'connection']};
	}
}

/** What another mirror answers the manager, which is in the workers' network. */
const answerLook = (context: Context, manager: Instance, url: string): Look<MirrorAnswer> => ({
	name: `mirror ${url}`,
	load: async () => (await connectTo(context, manager)).script(lookAtMirrorScript, {url}),
});

const without = {says: 'go without a mirror', answers: {registryMirror: 'none'}} as const;

/** Throws where a mirror that is named can't serve anybody: workers would wait for it at each pull. */
async function judgeNamed(context: Context, manager: Instance, url: string): Promise<void> {
	const answer = await context.look(answerLook(context, manager, url));
	if ('silent' in answer)
		throw new Blocked(
			'mirror-silent',
			`The mirror ${url} doesn't answer the manager: ${answer.silent}.`,
			'Check that the network of the fleet reaches it, or choose another `--registry-mirror`.',
			without,
		);
	if (answer.status === 200) return;
	const why = answer.status === 401 ? 'it wants a login, which Docker gives to no mirror' : `it answers ${answer.status}`;
	throw new Blocked('mirror-refuses', `The mirror ${url} is of no use at /v2/: ${why}.`, 'Choose another `--registry-mirror`.', without);
}

/** Without a mirror on the manager: the account tells by itself whether there was one, so that a fleet that has none waits for nothing. */
async function checkWithout(context: Context, url: string | undefined): Promise<MirrorFound> {
	const resource = url === undefined ? {} : {url};
	const left = (await ownRules(context)).length > 0;
	const found: MirrorFound = left
		? {is: 'extra', resource, says: "the manager's mirror goes, with what it keeps"}
		: {is: 'ready', resource, says: url ?? 'none'};
	if (url === undefined) return found;
	const judged = async (manager: Instance): Promise<MirrorFound> => {
		await judgeNamed(context, manager, url);
		return found;
	};
	return onManager(context, judged, {is: 'waiting', for: ['manager']});
}

/** What of a manager's mirror isn't as it's wanted. */
function changesOf({answers}: Context, manager: Instance, seen: NonNullable<HostFacts['mirror']>): Change[] {
	const change = (what: Change['what'], from: string, to: string): Change => ({what, from, to, how: 'live'});
	const state = unitIs(seen.service);
	return [
		...(seen.version === registryVersion ? [] : [change('registry', seen.version ?? 'not installed', registryVersion)]),
		...(seen.files === digestOf(mirrorFiles(answers, manager.privateIp ?? '')) ? [] : [change('registryMirror', 'set up otherwise', 'as written by us')]),
		...(seen.diskGib === undefined ? [change("the mirror's disk", 'missing', `${answers.registryMirrorDisk} GiB`)] : []),
		...(state === 'running' ? [] : [change("the mirror's service", state === 'unknown' ? 'not there' : state, 'running')]),
	];
}

const roomierManager = 'A new manager has a disk with room for all of it: add `--replace-manager` with another `--manager-type`.';

const notesOf = ({answers}: Context, diskGib: number | undefined): Note[] =>
	diskGib === undefined || diskGib >= answers.registryMirrorDisk
		? []
		: [
				{
					says: `The mirror has ${diskGib} GiB of the ${answers.registryMirrorDisk} that are wanted: the manager's disk has no more.`,
					advice: roomierManager,
				},
			];

/**
 * Tells before anything is done that a standing manager's disk gives less than is wanted. It isn't grown: a volume never gets smaller again, its
 * file system has to be grown on the manager by tools that not every image has, and each person would need a right more; a new manager is there within minutes.
 */
function roomNotes({answers}: Context, {diskFreeGib}: Pick<HostFacts, 'diskFreeGib'>): Note[] {
	const gives = roomFor(answers.registryMirrorDisk * 1024, diskFreeGib * 1024);
	if (gives >= answers.registryMirrorDisk * 1024) return [];
	const free = `${diskFreeGib} GiB of the manager's disk are free, and ${leaveMib / 1024} of them stay so`;
	return gives < leastMib
		? [{says: `${free}: that's no room for a mirror, which needs ${leastMib / 1024} GiB at least.`, advice: roomierManager}]
		: [{says: `${free}: the mirror gets ${Number((gives / 1024).toFixed(2))} GiB, not ${answers.registryMirrorDisk}.`, advice: roomierManager}];
}

/** MiB that a mirror gets of a disk: whole GiB, as people count them, where there are any. The manager reckons the same when it sets them aside. */
function roomFor(wantedMib: number, freeMib: number): number {
	const room = Math.floor(Math.min(wantedMib, freeMib - leaveMib));
	return room > 1024 ? room - (room % 1024) : room;
}

async function checkOn(context: Context, manager: Instance): Promise<MirrorFound> {
	const [facts, isOpen] = await Promise.all([lookAtHost(context, manager), letsInWorkers(context, manager)]);
	const {mirror: seen} = facts;
	const url = mirrorOn(manager.privateIp ?? '');
	const login = await loginWanted(context, manager, seen?.login);
	if (login === 'missing') return {is: 'blocked', problem: tokenMissing()};
	if (!seen) return {is: 'missing', says: unmade(context), notes: roomNotes(context, facts)};
	const changes: Change[] = [
		...(isOpen ? [] : [{what: `port ${mirror.port} of the manager`, from: 'closed to workers', to: 'open to them', how: 'live' as const}]),
		...changesOf(context, manager, seen),
		...loginChanges(context, login, seen.login),
	];
	const notes = notesOf(context, seen.diskGib);
	if (changes.length > 0) return differs({url}, changes, notes);
	return {is: 'ready', resource: {url}, says: `registry ${registryVersion} at ${url}, ${seen.diskGib} GiB`, notes};
}

const unmade = ({answers}: Context): string => `registry ${registryVersion} on the manager, ${answers.registryMirrorDisk} GiB`;

async function check(context: Context): Promise<MirrorFound> {
	const {registryMirror} = context.answers;
	if (registryMirror === 'none') return checkWithout(context, undefined);
	if (registryMirror !== 'create') return checkWithout(context, registryMirror.replace(/\/$/, ''));
	const isLacking = context.answers.registryMirrorUser !== undefined && context.secrets.dockerHubToken === undefined;
	const unmadeYet: MirrorFound = isLacking ? {is: 'blocked', problem: tokenMissing()} : {is: 'missing', says: unmade(context)};
	return onManager(context, (manager) => checkOn(context, manager), unmadeYet);
}

/** What went wrong with the mirror on the manager, told. */
function problemOf({code, detail}: Extract<InstallMirrorOutcome, {is: 'failed'}>): Problem {
	const told: Record<string, {message: string; advice: string}> = {
		'disk-full': {
			message: `The manager's disk has no room for the mirror: ${detail}`,
			advice: `${roomierManager} Or go without, with \`--registry-mirror none\`.`,
		},
		'download-failed': {
			message: `The mirror's program can't be downloaded on the manager: ${detail}`,
			advice: 'Check that its subnet reaches the internet, or name another site with `registry` in `--downloads`.',
		},
		'checksum-wrong': {
			message: `The downloaded registry isn't the one that this release knows, so it wasn't installed: ${detail}`,
			advice: 'Run the same command again; if it stays so, tell the publisher.',
		},
		'mirror-silent': {
			message: `The mirror was started on the manager and doesn't answer: ${detail}`,
			advice: `Look at \`sudo journalctl -u ${mirror.service}\` there with \`gitlab-runner-aws ssh\`, then run the same command again.`,
		},
	};
	const {message, advice} = told[code] ?? {
		message: `The mirror can't be set up on the manager: ${detail}`,
		advice: 'Run the same command again; it looks first and goes on.',
	};
	return new Problem({code, message, advice, fault: code === 'download-failed' ? 'outside' : 'told', again: code === 'download-failed'});
}

/** The rule comes first and goes last: by it whoever looks into the account knows that a manager may have a mirror. */
async function bring(context: Context, found: Pick<Found, MirrorAfter>, report: Report): Promise<void> {
	const {answers} = context;
	const {managerGroupId, workersGroupId} = found['security-groups'];
	const manager = await managerOf(context, found);
	if (!(await letsInWorkers(context, manager))) await open(context, managerGroupId, [wantedRule(workersGroupId)], report);
	const {machine} = await lookAtHost(context, manager);
	const address = manager.privateIp ?? '';
	const connection = await connectToChange(context, manager);
	const given: InstallMirror = {
		bootSeconds,
		download: registryDownload(answers, {machine}),
		files: mirrorFiles(answers, address),
		diskMib: answers.registryMirrorDisk * 1024,
		leastMib,
		leaveMib,
		address: `${address}:${mirror.port}`,
	};
	const outcome = await connection.script(installMirrorScript, given, report).finally(() => forgetHost(context, manager));
	if (outcome.is === 'failed') throw problemOf(outcome);
	await bringLogin(context, manager, report);
}

async function closeDoors(context: Looking): Promise<void> {
	for (const {inGroup, rule} of await ownRules(context)) await unless(close(context, inGroup, [rule]), 'InvalidGroup.NotFound');
}

/** Takes the mirror off the manager, then its rule away: workers that still know it are refused at once meanwhile, and ask Docker Hub. */
async function takeAway(context: Context, found: Pick<Found, MirrorAfter>, report: Report): Promise<void> {
	const manager = await managerOf(context, found);
	const connection = await connectToChange(context, manager);
	report({says: "the manager's mirror going"});
	const outcome = await connection.script(removeMirrorScript, {}, report).finally(() => forgetHost(context, manager));
	if (outcome.is === 'gone') return closeDoors(context);
	throw new Problem({
		code: 'mirror-stays',
		message: `The mirror can't be taken off the manager: ${outcome.detail}`,
		advice: 'Look at it with `gitlab-runner-aws ssh`, then run the same command again.',
	});
}

async function apply(context: Context, found: Pick<Found, MirrorAfter>, _finding: unknown, report: Report): Promise<void> {
	const isWanted = context.answers.registryMirror === 'create';
	await (isWanted ? bring(context, found, report) : takeAway(context, found, report));
	context.forget(accountLook, adoptedGroupsLook(context.answers.securityGroup));
}

/** The mirror itself goes with the manager; its rule first, since the two groups name each other by it. */
async function remove(context: Removal): Promise<void> {
	await closeDoors(context);
	context.forget(accountLook);
}

/** A mirror of Docker Hub for the workers: on the manager, or one that is named and only looked at. */
export const registryMirrorStep: Step<'registry-mirror', never, MirrorAfter> = {
	name: 'registry-mirror',
	title: 'Registry mirror',
	needs: [],
	after: ['record', 'permissions', 'network', 'security-groups', 'manager', 'connection', 'host-key'],
	// A worker is tried meanwhile in a fleet that has no mirror.
	except: ({registryMirror}) => (registryMirror === 'none' ? ['host-key'] : []),
	actions: [...accountActions, ...reachingActions, 'ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress', 'ec2:CreateTags'],
	settles: spreading,
	check: orBlocked(check),
	apply,
	remove,
	commands(answers, fleet) {
		if (answers.registryMirror === 'none') return [];
		if (answers.registryMirror !== 'create') return [`curl -fsS ${answers.registryMirror.replace(/\/$/, '')}/v2/`];
		const {url} = registryDownload(answers, {machine: 'x86_64'});
		return [
			`${aws(fleet, 'ec2', 'authorize-security-group-ingress', '--protocol', 'tcp', '--port', String(mirror.port))} --group-id "$manager" --source-group "$workers"`,
			`curl -fsSL ${url} | sudo tar -xzf - -C /usr/local/bin --transform s,^registry$,registry-mirror, registry`,
			`sudo ${mirror.program} serve ${mirror.config}`,
		];
	},
};
