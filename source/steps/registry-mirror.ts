import type {Change, Context, Finding, Found, Look, Note, Removal, Report, Step} from '../engine/step.ts';
import type {HostFacts} from '../executors/scripts.ts';
import {Problem} from '../problem.ts';
import {type InstallMirrorOutcome, installMirrorScript} from '../world/host/scripts/install-mirror.ts';
import {lookAtMirrorScript, type MirrorAnswer} from '../world/host/scripts/look-at-mirror.ts';
import {mirror} from '../world/host/scripts/mirror-paths.ts';
import {removeMirrorScript} from '../world/host/scripts/remove-mirror.ts';
import {unitIs} from '../world/host/unit.ts';
import {unless} from './answering.ts';
import {aws} from './aws-cli.ts';
import {Blocked, differs, orBlocked} from './finding.ts';
import {see} from './groups-seen.ts';
import {spreading} from './late.ts';
import {accountActions, accountLook, type Instance} from './looks/account.ts';
import {adoptedGroupsLook} from './looks/adopted.ts';
import {forgetHost, lookAtHost, managerOf} from './looks/host.ts';
import type {Rule} from './looks/rules.ts';
import {mirrorOn} from './mirror-address.ts';
import {digestOf, mirrorFiles, registryDownload, registryVersion} from './mirror-program.ts';
import {connectTo, connectToChange, reachingActions} from './reaching.ts';
import {close, open} from './security-groups.ts';
import {bearsMark} from './tags.ts';
import {missingRules, type WantedRule} from './wanted-rules.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** Where workers take Docker Hub's images from; absent where they ask it themselves. */
		'registry-mirror': {url?: string};
	}
}

type MirrorNeeds = 'network' | 'security-groups' | 'manager' | 'connection' | 'host-key';

/** Seconds that the manager's first boot may take, and GiB of its disk that stay free beside the mirror's room. */
const bootSeconds = 600;
const leaveGib = 3;

const wantedRule = (workersGroupId: string): WantedRule => ({port: mirror.port, groupId: workersGroupId, says: 'mirror of Docker Hub'});

/** Whether a rule is the one that lets workers in to a mirror: of ours, and for a group. */
const isMirrorRule = ({fromPort, groupId, toPort}: Rule): boolean => fromPort === mirror.port && toPort === mirror.port && groupId !== undefined;

/** The manager's group, and the rules of ours in it that let in workers. */
async function door(context: Context, found: Pick<Found, 'network'>): Promise<{groupId: string; inbound: Rule[]; own: Rule[]}> {
	const {manager, ours} = await see(context, found.network.vpcId);
	return {groupId: manager?.id ?? '', inbound: [...(manager?.inbound ?? []), ...ours], own: ours.filter(isMirrorRule)};
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

async function checkNone(context: Context, found: Pick<Found, MirrorNeeds>): Promise<Finding<Found['registry-mirror']>> {
	const {registryMirror} = context.answers;
	const url = registryMirror === 'none' ? undefined : registryMirror.replace(/\/$/, '');
	const resource = url === undefined ? {} : {url};
	const {own} = await door(context, found);
	if (url !== undefined) await judgeNamed(context, await managerOf(context, found), url);
	if (own.length > 0) return {is: 'extra', resource, says: "the manager's mirror goes, with what it keeps"};
	return {is: 'ready', resource, says: url ?? 'none'};
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

const notesOf = ({answers}: Context, diskGib: number | undefined): Note[] =>
	diskGib === undefined || diskGib >= answers.registryMirrorDisk
		? []
		: [
				{
					says: `The mirror has ${diskGib} GiB of the ${answers.registryMirrorDisk} that are wanted: the manager's disk has no more.`,
					advice: 'A manager that is made anew has a disk with room for all of it.',
				},
			];

async function check(context: Context, found: Pick<Found, MirrorNeeds>): Promise<Finding<Found['registry-mirror']>> {
	const {answers} = context;
	if (answers.registryMirror !== 'create') return checkNone(context, found);
	const manager = await managerOf(context, found);
	const [{mirror: seen}, {inbound}] = await Promise.all([lookAtHost(context, manager), door(context, found)]);
	const url = mirrorOn(manager.privateIp ?? '');
	const says = `${url}, ${answers.registryMirrorDisk} GiB`;
	if (!seen) return {is: 'missing', says};
	const closed = missingRules(inbound, [wantedRule(found['security-groups'].workersGroupId)]).length > 0;
	const changes: Change[] = [
		...(closed ? [{what: `port ${mirror.port} of the manager`, from: 'closed to workers', to: 'open to them', how: 'live' as const}] : []),
		...changesOf(context, manager, seen),
	];
	const notes = notesOf(context, seen.diskGib);
	if (changes.length > 0) return differs({url}, changes, notes);
	return {is: 'ready', resource: {url}, says: `registry ${registryVersion} at ${says}`, notes};
}

/** What went wrong with the mirror on the manager, told. */
function problemOf({code, detail}: Extract<InstallMirrorOutcome, {is: 'failed'}>): Problem {
	const told: Record<string, {message: string; advice: string}> = {
		'disk-full': {
			message: `The manager's disk has no room for the mirror: ${detail}`,
			advice: 'A new manager has: add `--replace-manager` with another `--manager-type`, or go without with `--registry-mirror none`.',
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
async function bring(context: Context, found: Pick<Found, MirrorNeeds>, report: Report): Promise<void> {
	const {answers} = context;
	const manager = await managerOf(context, found);
	const {groupId, inbound} = await door(context, found);
	await open(context, groupId, missingRules(inbound, [wantedRule(found['security-groups'].workersGroupId)]), report);
	const {machine} = await lookAtHost(context, manager);
	const address = manager.privateIp ?? '';
	const connection = await connectToChange(context, manager);
	const outcome = await connection
		.script(
			installMirrorScript,
			{
				bootSeconds,
				download: registryDownload(answers, {machine}),
				files: mirrorFiles(answers, address),
				diskGib: answers.registryMirrorDisk,
				leaveGib,
				address: `${address}:${mirror.port}`,
			},
			report,
		)
		.finally(() => forgetHost(context, manager));
	if (outcome.is === 'failed') throw problemOf(outcome);
}

/** Takes the mirror off the manager, then its rule away: workers that still know it are refused at once meanwhile, and ask Docker Hub. */
async function takeAway(context: Context, found: Pick<Found, MirrorNeeds>, report: Report): Promise<void> {
	const manager = await managerOf(context, found);
	const {groupId, own} = await door(context, found);
	const connection = await connectToChange(context, manager);
	report({says: "the manager's mirror going"});
	const outcome = await connection.script(removeMirrorScript, {}, report).finally(() => forgetHost(context, manager));
	if (outcome.is === 'failed')
		throw new Problem({
			code: 'mirror-stays',
			message: `The mirror can't be taken off the manager: ${outcome.detail}`,
			advice: 'Look at it with `gitlab-runner-aws ssh`, then run the same command again.',
		});
	await close(context, groupId, own);
}

async function apply(context: Context, found: Pick<Found, MirrorNeeds>, _finding: unknown, report: Report): Promise<void> {
	const isWanted = context.answers.registryMirror === 'create';
	await (isWanted ? bring(context, found, report) : takeAway(context, found, report));
	context.forget(accountLook, adoptedGroupsLook(context.answers.securityGroup));
}

/** The mirror itself goes with the manager; its rule first, since the two groups name each other by it. */
async function remove(context: Removal): Promise<void> {
	const {groups} = await context.look(accountLook);
	for (const {id, inbound} of groups) {
		await unless(
			close(
				context,
				id,
				inbound.filter((rule) => isMirrorRule(rule) && bearsMark(context.fleet, rule.tags)),
			),
			'InvalidGroup.NotFound',
		);
	}
	context.forget(accountLook);
}

/** A mirror of Docker Hub for the workers: on the manager, or one that is named and only looked at. */
export const registryMirrorStep: Step<'registry-mirror', MirrorNeeds, 'record' | 'permissions'> = {
	name: 'registry-mirror',
	title: 'Registry mirror',
	needs: ['network', 'security-groups', 'manager', 'connection', 'host-key'],
	after: ['record', 'permissions'],
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
