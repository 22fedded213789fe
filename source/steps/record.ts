import {flagOf, isKey, unheeded} from '../answers/all.ts';
import type {Change, Context, Finding, Found, Looking, Note, Removal, Report, Step} from '../engine/step.ts';
import {type Answers, type Given, mark, names} from '../fleet.ts';
import {Problem, unless} from '../problem.ts';
import {aws, tagArguments} from './aws-cli.ts';
import {differs} from './finding.ts';
import {identityLook} from './identity.ts';
import {longestLateness, spreading} from './late.ts';
import {accountLook, managersOf} from './looks/account.ts';
import {type FleetRecord, parameterTagsLook, readRecord, recordLook} from './looks/record.ts';
import {makeParameter} from './parameter.ts';
import {changesBetween, fleetAnswers, notSet, recordValue} from './recorded.ts';
import {bearsMark, missingTags, tagChanges, tagList} from './tags.ts';

/** Something that was done to a fleet and changes no answer, as a version of the record says it in its description. */
type HistoryNote = {done: string; who: string};

/** A note as the record's history keeps it: `drained by alice@laptop at 2026-11-24T09:05Z`. `at` is milliseconds since 1970. */
const noteText = ({done, who}: HistoryNote, at: number): string => `${done} by ${who} at ${new Date(at).toISOString().slice(0, 16)}Z`;

/** The note in a description; undefined where it says something else. */
export function readNote(description: string): HistoryNote | undefined {
	const [, done, who] = /^(.+?) by (.+) at \d{4}-\d\d-\d\dT\d\d:\d\dZ$/.exec(description) ?? [];
	return done === undefined || who === undefined ? undefined : {done, who};
}

declare module '../engine/step.ts' {
	interface Found {
		record: {version: number};
	}
}

/** Most answers that a sentence names. */
const mostNamed = 5;

/** What differs, those that both have an answer to first. */
function list(changes: readonly Change[]): string {
	const inBoth = ({from, to}: Change): boolean => from !== notSet && to !== notSet;
	const sorted = [...changes.filter(inBoth), ...changes.filter((change) => !inBoth(change))];
	const named = sorted.slice(0, mostNamed).map(({what, from, to}) => `${what} is ${from} there and ${to} here`);
	return [...named, ...(sorted.length > mostNamed ? [`${sorted.length - mostNamed} more`] : [])].join(', ');
}

const otherAnswers = (name: string, changes: Change[], advice: string): Problem =>
	new Problem({code: 'record-other-answers', message: `The fleet's record ${name} is already there with other answers: ${list(changes)}.`, advice});

const theirsNow = 'Somebody else sets this fleet up. Run the same command again once they are done; it then goes on from their answers.';

/** A setup takes a few minutes: what somebody wrote that lately, while no manager stands, is a run of theirs that goes on. */
const runMinutes = 10;

/** Whether somebody else wrote the record a moment ago and hasn't come as far as a manager. */
async function isTheirsNow(context: Context, {at, version}: FleetRecord): Promise<boolean> {
	const {clock, fleet} = context;
	if (at === undefined || clock.now() - at > runMinutes * 60_000) return false;
	if (managersOf(fleet, await context.look(accountLook)).length > 0) return false;
	const [writer, {arn}] = await Promise.all([writerOf(context, version), context.look(identityLook)]);
	return writer !== undefined && writer !== arn;
}

/** The fleet's parameters that bear its mark, with their tags; none where the answers have no tags that they could lack. */
async function taggedParameters(context: Context): Promise<{name: string; tags: Record<string, string>}[]> {
	const {answers, fleet} = context;
	if (Object.keys(answers.tags).length === 0) return [];
	const own = [names.record(fleet), ...(answers.tokenStore === 'ssm' ? [names.token(fleet)] : [])];
	const seen = await Promise.all(own.map(async (name) => ({name, tags: await context.look(parameterTagsLook(name))})));
	return seen.flatMap(({name, tags}) => (tags && bearsMark(fleet, tags) ? [{name, tags}] : []));
}

async function setTags(context: Context): Promise<void> {
	const {answers, cloud} = context;
	for (const {name, tags} of await taggedParameters(context)) {
		const Tags = tagList(missingTags(answers, tags));
		if (Tags.length > 0) await cloud.call('AddTagsToResource', {ResourceType: 'Parameter', ResourceId: name, Tags});
		context.forget(parameterTagsLook(name));
	}
}

/** Another executor brings its own answers along, and has no use for those of the one before: these go without saying, unless somebody gave them. */
const told = (changes: readonly Change[], {sources}: Context): Change[] =>
	changes.filter(({from, to, what}) => {
		const isGiven = isKey(what) && sources[what] !== undefined && sources[what] !== 'default' && sources[what] !== 'record';
		return isGiven || !changes.some((change) => change.what === 'executor') || (from !== notSet && to !== notSet);
	});

/** Flags that were given and change nothing, and what a preset says without effect: nobody is to believe that they did. */
function unheededNotes({answers, sources}: Context): Note[] {
	const all = unheeded(answers, sources);
	const because = (of: string | undefined, many = false): string =>
		of === undefined
			? `${many ? 'they mean' : 'it means'} nothing beside the other answers`
			: `only ${of} goes by ${many ? 'them' : 'it'}, and the executor is ${answers.executor}`;
	const ofPreset = all.filter(({by}) => by === 'preset');
	return [
		...all.filter(({by}) => by === 'flag').map(({key, of}) => ({says: `${flagOf(key)} changes nothing here: ${because(of)}.`})),
		...[...new Set(ofPreset.map(({of}) => of))].map((of) => {
			const keys = ofPreset.filter((one) => one.of === of).map(({key}) => `\`${key}\``);
			const isMany = keys.length > 1;
			return {says: `The preset's ${keys.join(', ')} ${isMany ? 'change' : 'changes'} nothing here: ${because(of, isMany)}.`};
		}),
	];
}

async function check(context: Context): Promise<Finding<Found['record']>> {
	const {answers, fleet, sources} = context;
	const name = names.record(fleet);
	const record = await context.look(recordLook);
	recordValue(fleetAnswers(answers, sources), record?.born ?? now(context));
	const notes = unheededNotes(context);
	if (!record) return {is: 'missing', says: `${name}, so that any teammate can open this fleet`, notes};
	const resource = {version: record.version};
	const answered = told(changesBetween(record.answers, fleetAnswers(answers, sources)), context);
	const changes = answered.some(({what}) => what === 'tags')
		? answered
		: [
				...answered,
				...tagChanges(
					answers,
					(await taggedParameters(context)).map(({tags}) => tags),
				),
			];
	if (changes.length === 0) return {is: 'ready', resource, says: `version ${record.version}`, notes};
	const never = changes.filter(({how}) => how === 'never');
	if (never.length > 0) {
		return {is: 'blocked', problem: otherAnswers(name, never, 'Answer as the record does, or name another fleet with `--fleet`.')};
	}
	if (answered.length > 0 && (await isTheirsNow(context, record))) {
		return {is: 'blocked', problem: otherAnswers(name, changes, theirsNow)};
	}
	return differs(resource, changes, notes);
}

const now = ({clock}: Context): string => new Date(clock.now()).toISOString();

/** Makes the parameter, never over another: the first of two wins, and the other is told what it holds. */
async function make(context: Context, report: Report): Promise<void> {
	const {answers, fleet, sources} = context;
	const name = names.record(fleet);
	const input = {
		Name: name,
		Value: recordValue(fleetAnswers(answers, sources), now(context)),
		Type: 'String',
		Tier: 'Standard',
		Tags: tagList(answers.tags, mark(fleet, 'record')),
	} as const;
	const seen = async () => {
		context.forget(recordLook);
		return context.look(recordLook);
	};
	const record = await makeParameter(context, input, seen, (says) => report({says}));
	context.forget(recordLook);
	const changes = record ? changesBetween(record.answers, fleetAnswers(answers, sources)) : [];
	if (changes.length > 0) throw otherAnswers(name, changes, theirsNow);
}

/** The versions of the record that AWS keeps, newest first. */
async function versionsOf({cloud, fleet}: Looking) {
	const {Parameters = []} = await cloud.call('GetParameterHistory', {Name: names.record(fleet)});
	return Parameters.toSorted((one, other) => (other.Version ?? 0) - (one.Version ?? 0));
}

/** The answers of the last version that says something else than these; undefined where there is none. Throws as `readRecord` does. */
export async function answersBefore(context: Looking, answers: Given): Promise<Given | undefined> {
	for (const {Value = ''} of await versionsOf(context)) {
		const earlier = readRecord(context.fleet, Value);
		if (changesBetween(answers, earlier).length > 0) return earlier;
	}
	return undefined;
}

/** Who wrote a version of the record, as far as AWS tells. */
async function writerOf(context: Context, version: number): Promise<string | undefined> {
	const user = (await versionsOf(context)).find(({Version}) => Version === version)?.LastModifiedUser;
	return user && user !== 'N/A' ? user : undefined;
}

/** Writes another version of the record, and gives its number: SSM has no compare-and-set (docs/facts.md, "SSM Parameter Store"). */
async function write({cloud, fleet, forget}: Looking, answers: Given, born: string | undefined, Description?: string): Promise<number | undefined> {
	const Value = recordValue(answers, born);
	const {Version} = await cloud.call('PutParameter', {Name: names.record(fleet), Value, Overwrite: true, Tier: 'Standard', ...(Description && {Description})});
	forget(recordLook);
	return Version;
}

/** The record as it is now. Throws a Problem where there is none. */
export async function standingRecord({fleet, forget, look}: Looking): Promise<FleetRecord> {
	forget(recordLook);
	const record = await look(recordLook);
	if (record) return record;
	throw new Problem({code: 'no-record', message: `The fleet's record ${names.record(fleet)} isn't there, so nothing can be recorded.`});
}

/** Keeps in the record's history that something was done which changes no answer, and who did it. Throws a Problem when somebody wrote meanwhile. */
export async function recordNote(context: Looking, done: string): Promise<void> {
	const {answers, born, version} = await standingRecord(context);
	const written = await write(context, answers, born, noteText({done, who: context.who}, context.clock.now()));
	if (written === undefined || written === version + 1) return;
	throw new Problem({
		code: 'record-written-meanwhile',
		message: `Somebody else wrote version ${written - 1} of the record at the same moment; version ${written} holds these answers.`,
		advice: 'Look at the config view, and do it again if theirs is gone.',
	});
}

/** Writes the answers over those that were read, and tells when somebody wrote in between. */
async function change(context: Context, read: number, report: Report): Promise<void> {
	const {answers, sources} = context;
	const record = await context.look(recordLook);
	if (record && changesBetween(record.answers, fleetAnswers(answers, sources)).length === 0) return;
	const Version = (await write(context, fleetAnswers(answers, sources), record?.born)) ?? read + 1;
	if (Version === read + 1) return;
	const writer = (await writerOf(context, Version - 1)) ?? 'somebody';
	report({says: `${writer} wrote version ${Version - 1} meanwhile; version ${Version} holds these answers`});
}

async function apply(context: Context, _found: object, finding: Finding<Found['record']>, report: Report): Promise<void> {
	if (finding.is !== 'different') return make(context, report);
	await change(context, finding.resource.version, report);
	await setTags(context);
}

/** A setup that is broken off leaves things that AWS shows some seconds late; seconds that are enough but for rarities. */
const lateEnough = 15;

/**
 * Waits where a setup was begun a moment ago and hasn't come as far as a manager, so that what it left can be seen by the look that ends the
 * removal. A fleet with a manager was seen whole when that was launched.
 */
async function letAllShow({clock, fleet, look, signal}: Removal, report: Report): Promise<void> {
	const record = await look(recordLook).catch(() => undefined);
	if (record?.at === undefined || clock.now() - record.at > longestLateness) return;
	const born = record.born === undefined ? 0 : Date.parse(record.born);
	const {instances} = await look(accountLook);
	if (instances.some(({launchedAt, tags}) => launchedAt >= born && bearsMark(fleet, tags, 'manager'))) return;
	for (let left = lateEnough; left > 0; left -= 5) {
		report({says: `waiting ${left} s, since AWS shows late what the setup that was broken off has made`});
		await clock.sleep(5000, signal);
	}
}

async function remove(removal: Removal, report: Report): Promise<void> {
	const {cloud, fleet, forget} = removal;
	await letAllShow(removal, report);
	await unless(cloud.call('DeleteParameter', {Name: names.token(fleet)}), 'ParameterNotFound');
	if (await unless(cloud.call('DeleteParameter', {Name: names.record(fleet)}), 'ParameterNotFound')) report({says: `${names.record(fleet)} deleted`});
	forget(recordLook);
}

/** The parameters that stand, by what they are; their values are never read here, since one of them is a secret. */
async function stands({cloud, fleet}: Removal) {
	const parameter = async (name: string, says: string) => {
		const answer = await unless(cloud.call('GetParameterHistory', {Name: name}), 'ParameterNotFound');
		const version = answer?.Parameters?.at(-1)?.Version;
		return answer?.Parameters?.length ? [{id: name, says: version === undefined ? says : `${says}, version ${version}`, goes: true}] : [];
	};
	const [record, token] = await Promise.all([parameter(names.record(fleet), "the fleet's record"), parameter(names.token(fleet), "the runner's token")]);
	return [...record, ...token];
}

const commands = (answers: Answers, fleet: Parameters<typeof names.record>[0]): string[] => [
	aws(
		fleet,
		...['ssm', 'put-parameter', '--name', names.record(fleet), '--type', 'String', '--tier', 'Standard', '--value', recordValue(answers, undefined)],
		'--tags',
		...tagArguments({...answers.tags, ...mark(fleet, 'record')}),
	),
];

/** The fleet's record in SSM: what was decided, made first and removed last, so that any laptop can open, repair or remove the fleet. */
export const recordStep: Step<'record', never, 'identity' | 'permissions' | 'quota'> = {
	name: 'record',
	title: 'Record',
	needs: [],
	after: ['identity', 'permissions', 'quota'],
	// Fleets are found by the path of their records.
	actions: [
		'ssm:GetParameter',
		'ssm:GetParametersByPath',
		'ssm:GetParameterHistory',
		'ssm:ListTagsForResource',
		'ssm:PutParameter',
		'ssm:AddTagsToResource',
		'ssm:DeleteParameter',
	],
	settles: spreading,
	check,
	apply,
	stands,
	remove,
	commands,
};
