import {type OpenContext, openLooking, withAnswers} from '../engine/context.ts';
import {storedTokenLook} from '../executors/docker-machine/token.ts';
import type {AnswerKey, Answers, Fleet, Given, Source} from '../fleet.ts';
import {authorityFor} from '../gitlab/authority.ts';
import {fromEnvironment, interview} from '../interview.ts';
import type {Preset} from '../preset-form.ts';
import {isProblem} from '../problem.ts';
import type {Asking} from '../questions/question.ts';
import type {Layers} from '../questions/settle.ts';
import {interviewSecrets, type SecretInterview} from '../secret-interview.ts';
import {rememberPreset} from '../settings.ts';
import type {Context, Looking} from '../step.ts';
import {accountLook, managersOf} from '../steps/looks/account.ts';
import {identityLook} from '../steps/looks/identity.ts';
import {recordLook} from '../steps/looks/record.ts';
import {publicHalf} from '../steps/private-key.ts';
import {tellPlace} from './place.ts';
import {remembered} from './remembered.ts';
import type {Session} from './session.ts';
import {adaptersAt} from './world.ts';

/** A fleet whose answers are complete, ready for a plan. `stands` says whether the account has a record of it. */
export type Opened = {context: OpenContext<Context>; answers: Answers; sources: Partial<Record<AnswerKey, Source>>; stands: boolean};

/** The layers that need no look: flags, preset, environment. */
export async function layersOf(session: Session): Promise<Layers & {preset?: Given}> {
	const preset = await presetOf(session);
	return {flag: session.parsed.given, environment: fromEnvironment(session.around.env), ...(preset ? {preset: preset.answers} : {})};
}

async function presetOf({options, presets, settings, world, demo}: Session): Promise<Preset | undefined> {
	if (options.preset === undefined) return undefined;
	const preset = await presets.load(options.preset);
	if (!demo) await rememberPreset(settings, options.preset, world.clock.now());
	return preset;
}

/** What choices and defaults may look at, for the answers so far; reads are made once. `through` is what their calls go through, such as turns. */
export function askingFor(session: Session, through = (cloud: Asking['cloud']): Asking['cloud'] => cloud): (given: Given) => Asking {
	const clouds = new Map<string, Asking['cloud']>();
	return (given) => {
		session.world.use(given.profile);
		const region = given.region ?? 'us-east-1';
		const key = `${given.profile ?? ''} ${region}`;
		const cloud = clouds.get(key) ?? remembered(through(session.world.cloudAt(region, session.stops.soft)));
		clouds.set(key, cloud);
		return {cloud, given, now: session.world.clock.now, profiles: session.world.profiles, profileRegion: session.world.defaultRegion};
	};
}

/** Everything that can be looked at of a fleet, before its answers are known. */
export const lookingAt = (session: Session, fleet: Fleet): OpenContext<Looking> =>
	openLooking(adaptersAt(session.world, fleet.region, session.stops, session.who), {fleet, secrets: session.secrets, signal: session.stops.soft});

/**
 * Walks the interview and opens the fleet it leads to. The record, the caller and the account are looked at side by side as soon as region and name
 * are known. Throws a Problem (exit 2) that names the flags where something is missing and no one can be asked, before any call.
 */
export async function openFleet(session: Session, options: {everything?: boolean; secrets?: boolean} = {}): Promise<Opened> {
	const opened: OpenContext<Looking>[] = [];
	try {
		return await walked(session, opened, options);
	} catch (error) {
		await Promise.all(opened.map((looking) => looking.close()));
		throw error;
	}
}

/** What is opened on the way is added to `opened`. */
async function walked(
	session: Session,
	opened: OpenContext<Looking>[],
	{everything = false, secrets = true}: Parameters<typeof openFleet>[1] = {},
): Promise<Opened> {
	const layers = await layersOf(session);
	const at = (fleet: Fleet): OpenContext<Looking> => {
		const known = opened.find(({fleet: {name, region}}) => name === fleet.name && region === fleet.region);
		if (known) return known;
		const looking = lookingAt(session, fleet);
		opened.push(looking);
		// Looked at ahead, side by side with the record; whoever needs them meets their problems.
		for (const look of [identityLook, accountLook]) void looking.look<unknown>(look).catch(() => undefined);
		return looking;
	};
	const {answers, sources} = await interview({
		layers,
		asking: askingFor(session),
		everything,
		...(session.interactive ? {ask: session.face.ask} : {}),
		record: async (fleet) => (await at(fleet).look(recordLook))?.answers,
	});
	session.world.use(answers.profile);
	const here = at({name: answers.fleet, region: answers.region});
	await Promise.all(opened.map((looking) => looking === here || looking.close()));
	const gitlabCa = await authorityFor(here.disk, answers.gitlabCa, sources.gitlabCa);
	const context = withAnswers(here, {answers, sources, gitlabCa});
	if (secrets) await askSecrets(session, context);
	const {stands} = await tellPlace(session, context);
	return {context, answers, sources, stands};
}

async function askSecrets(session: Session, context: Context): Promise<void> {
	const interview = await secretsFor(session, context, context.answers);
	const secrets = await interviewSecrets({...interview, ...(session.interactive ? {ask: session.face.ask} : {})});
	const isGiven = (one: 'gitlabToken' | 'runnerToken'): boolean => secrets[one] !== session.secrets[one];
	// Their questions say which GitLab they are for.
	if (isGiven('gitlabToken') || isGiven('runnerToken')) session.nameGitlab(context.answers.gitlabUrl);
	// The context holds this very record.
	Object.assign(session.secrets, secrets);
}

/** What decides which secrets these answers need: what was given, and what the fleet has already. */
export async function secretsFor(session: Session, looking: Looking, answers: Answers): Promise<SecretInterview> {
	const kept = managersOf(looking.fleet, await looking.look(accountLook)).length > 0;
	const stored = answers.tokenStore === 'ssm' ? await looking.look(storedTokenLook) : undefined;
	if (stored !== undefined) session.hide(stored);
	return {answers, secrets: session.secrets, kept: {token: kept || stored !== undefined, accessKey: kept}, locked: await lockedKey(looking, answers)};
}

/** The path of the private key that was answered, when it has a passphrase that wasn't given. */
async function lockedKey({disk, secrets}: Looking, {privateKey: path}: Answers): Promise<string | undefined> {
	if (path === undefined || secrets.passphrase !== undefined) return undefined;
	try {
		publicHalf(await disk.read(path), path);
		return undefined;
	} catch (error) {
		if (isProblem(error, 'private-key-passphrase')) return path;
		// What else is wrong with it is the key pair's own finding, told with all the others.
		if (isProblem(error)) return undefined;
		throw error;
	}
}
