import {isComplete} from '../answers/all.ts';
import {presetOf} from '../answers/preset-form.ts';
import type {SecretQuestion} from '../answers/question.ts';
import {weekOf} from '../answers/schedule.ts';
import {secretsNeeded} from '../answers/secret-interview.ts';
import {gitlabTokenQuestion, runnerTokenQuestion} from '../answers/secrets.ts';
import {answersSeen, cameFrom, type Settled} from '../answers/walk.ts';
import type {OpenContext} from '../engine/context.ts';
import {type EndedPlan, foundIn, type LivePlan, livePlan, type Plan, type Turns, turns} from '../engine/plan.ts';
import type {AnyStep, Context, Looking, Proposal} from '../engine/step.ts';
import {executorOf} from '../executors/list.ts';
import type {ByHand, Interviewer, Login} from '../faces/face.ts';
import {inLine} from '../faces/words/run-state.ts';
import {type Answers, type Fleet, markKeys} from '../fleet.ts';
import {many} from '../panel/formats.ts';
import {notCounted} from '../panel/price.ts';
import {managerDiskGib} from '../steps/launch.ts';
import {accountLook} from '../steps/looks/account.ts';
import {recordLook} from '../steps/looks/record.ts';
import {type CostEstimate, costs, monthHours} from '../steps/prices.ts';
import {logIn} from '../world/cloud/aws-files.ts';
import {commandLine} from '../world/host/quote.ts';
import {lookingAt, tellFleet} from './open.ts';
import {notGivenYet, secretsFor} from './secrets.ts';
import type {Session} from './session.ts';

/** What an interview on screens works with: one look at each fleet that it comes to, and the checks beside it. */
export type OpenInterview = {
	plan: LivePlan;
	/** Checks and choices call in turn. */
	turn: Turns;
	lookingOf(fleet: Fleet, profile: string | undefined): OpenContext<Looking>;
	/** Closes this too in the end. */
	keep(context: OpenContext<Looking>): void;
	close(): Promise<void>;
};

/** Opens what an interview works with; whoever opens it closes it. */
export function openInterview(session: Session): OpenInterview {
	const open = new Map<string, OpenContext<Looking>>();
	const kept: OpenContext<Looking>[] = [];
	let last = '';
	const lookingOf = (fleet: Fleet, profile: string | undefined): OpenContext<Looking> => {
		session.world.use(profile);
		const name = JSON.stringify([profile, fleet]);
		const looking = open.get(name) ?? lookingAt(session, fleet);
		open.set(name, looking);
		if (name === last) return looking;
		last = name;
		// Looked at ahead, side by side; whoever needs them meets their problems.
		void looking.look(accountLook).catch(() => undefined);
		void tellFleet(session, looking).catch(() => undefined);
		return looking;
	};
	const turn = turns();
	const plan = livePlan({
		turn,
		stepsOf: (answers) => executorOf(answers).steps,
		open: ({fleet: name, region, profile}) => lookingOf({name, region}, profile),
		// A replacement is shown like any change here; it's agreed to by name before it is done.
		allowed: {replaceManager: true, notYet: notGivenYet},
		emit: session.face.emit,
	});
	return {
		plan,
		turn,
		lookingOf,
		keep: (context) => void kept.push(context),
		async close() {
			plan.close();
			await Promise.all([...open.values(), ...kept].map((looking) => looking.close()));
		},
	};
}

/** What the screens' interview works with. */
export function interviewerFor(
	session: Session,
	{plan, lookingOf}: OpenInterview,
	{walk, at, reached, draft, home, alone}: Pick<Interviewer, 'walk' | 'at' | 'reached' | 'draft' | 'home' | 'alone'>,
): Interviewer {
	const {secrets, presets} = session;
	const accessKey = new Map<'accessKeyId' | 'accessKeySecret', string>();
	let gitlabShown: string | undefined;
	return {
		leadsTo: session.leadsTo,
		walk,
		at,
		reached,
		draft,
		home,
		alone,
		plan,
		record: async (fleet, profile) => (await lookingOf(fleet, profile).look(recordLook))?.answers,
		async secrets(answers) {
			gitlabShown = answers.gitlabUrl;
			const needed = secretsNeeded(await secretsFor(session, lookingOf({name: answers.fleet, region: answers.region}, answers.profile), answers));
			return needed.filter(({id}) => id !== 'accessKeyId' || !accessKey.has(id));
		},
		given(answers) {
			gitlabShown = answers.gitlabUrl;
			return secretGiven(session, answers);
		},
		give(id, value) {
			if (id === 'runnerToken' || id === 'gitlabToken' || id === 'passphrase' || id === 'dockerHubToken') secrets[id] = value;
			// Their questions say which GitLab they are for.
			if ((id === 'runnerToken' || id === 'gitlabToken') && gitlabShown !== undefined) session.nameGitlab(gitlabShown);
			if (id !== 'accessKeyId' && id !== 'accessKeySecret') return;
			accessKey.set(id, value);
			const [key, secret] = [accessKey.get('accessKeyId'), accessKey.get('accessKeySecret')];
			if (key !== undefined && secret !== undefined) secrets.accessKey = {id: key, secret};
		},
		byHand: (answers) => byHand(executorOf(answers).steps, answers),
		costs: costLinesOf,
		save: async (name, settled) => presets.save(name, presetFrom(settled)),
		get login() {
			return loginOf(session);
		},
	};
}

/** The login that renews the session in use, where some command does. */
export function loginOf({around, world}: Session): Login | undefined {
	const command = world.login();
	return command && {command: commandLine(...command), run: () => logIn(command, around.env)};
}

function secretGiven({secrets}: Session, answers: Answers): SecretQuestion | undefined {
	if (answers.runner === 'token') return secrets.runnerToken === undefined ? undefined : runnerTokenQuestion(answers);
	return secrets.gitlabToken === undefined ? undefined : gitlabTokenQuestion(answers);
}

function byHand(steps: readonly AnyStep[], answers: Answers): ByHand[] {
	const fleet = {name: answers.fleet, region: answers.region};
	return steps
		.filter((step) => step.when?.(answers) !== false)
		.map((step) => ({step: step.name, title: step.title, makes: step.apply !== undefined, lines: step.commands?.(answers, fleet) ?? []}));
}

/** What the answers cost where the fleet lives, once the network and the images are known. */
export async function costsOf({plan, context}: {plan: Plan; context: Context}): Promise<CostEstimate | undefined> {
	const {network, images} = foundIn(plan);
	if (!network || !images) return undefined;
	const zones = [...new Set(network.workerSubnets.map(({zone}) => zone))];
	return costs(context, context.answers, {zones, public: network.public, managerDiskGib: managerDiskGib(context.answers, images.manager)});
}

async function costLinesOf(ended: EndedPlan): Promise<readonly string[]> {
	const known = await costsOf(ended);
	return known
		? [
				costSummary(ended.answers, known, ended.context.clock.now()),
				...costLines(ended.answers, known, foundIn(ended.plan).network?.public ?? true),
				...known.notes.map(({says, advice}) => (advice === undefined ? says : `${says} ${advice}`)),
			]
		: [];
}

/** The preset of settled answers, the same as `presets save` makes. */
export function presetFrom({given, sources}: Settled): ReturnType<typeof presetOf> {
	if (!isComplete(given)) return {version: 1, description: '', answers: given};
	return presetOf(given, sources, `The answers of ${given.fleet} in ${given.region}.`);
}

const usd = (value: number | undefined, digits: number): string =>
	value === undefined ? 'unknown' : `$${value.toLocaleString('en-US', {minimumFractionDigits: digits, maximumFractionDigits: digits})}`;

/** Idle workers at an average moment of the week: those of the windows, else the usual number. `now` in milliseconds since 1970. */
function idleWorkers({idleCount, schedule}: Answers, now: number): number {
	const hours = weekOf(schedule, now)?.days.flatMap((day) => day.hours) ?? [];
	return hours.length === 0 ? idleCount : hours.reduce<number>((sum, idle) => sum + (idle ?? idleCount), 0) / hours.length;
}

/** What a fleet of these answers costs in one sentence: while no job runs, and at the most. `now` in milliseconds since 1970. */
export function costSummary(answers: Answers, {manager, most, worker}: CostEstimate, now: number): string {
	const idle = idleWorkers(answers, now);
	const atRest = manager === undefined || (idle > 0 && worker === undefined) ? undefined : manager + idle * (worker ?? 0);
	const month = (hourly: number | undefined): string => usd(hourly === undefined ? undefined : hourly * monthHours, 0);
	return `About ${month(atRest)} a month while no job runs${idle > 0 ? ', its idle workers included' : ''}, and at most about ${month(most)} with ${many(answers.limit, 'worker')} all month.`;
}

/** What a fleet of these answers costs, in sentences; guesses are marked "about". */
export function costLines(answers: Answers, {manager, worker, workerOnDemand, most, mostNow}: CostEstimate, isPublic: boolean): string[] {
	const {idleCount, limit, managerType, spot, spotPrice, workerType} = answers;
	const month = (hourly: number | undefined): string => usd(hourly === undefined ? undefined : hourly * monthHours, 0);
	return [
		`The manager: about ${month(manager)} a month with disk and address.`,
		`A worker: about ${usd(worker, 3)} an hour${spot ? ` on spot now (${usd(workerOnDemand, 3)} on demand)` : ''}, with disk and address.`,
		`At most about ${month(most)} a month, if ${limit === 1 ? 'its one worker' : `all ${limit} workers`} ran all month${spot ? ` at ${spotPrice === 'on-demand' ? 'the on-demand price' : `the cap of ${usd(spotPrice, 3)}`}; at today's spot price about ${month(mostNow)}` : ''}.`,
		idleCount === 0
			? `A job waits about 1 m 40 s for its worker; with one idle worker it starts at once, for about ${month(worker)} a month.`
			: `${idleCount} idle ${idleCount === 1 ? 'worker' : 'workers'} all month: about ${month(worker === undefined ? undefined : worker * idleCount)}; jobs start at once while one is idle.`,
		notCounted({types: [managerType, workerType], privately: !isPublic}),
	];
}

/** The titles of the steps whose findings are of a sort. */
const titles = (plan: Plan, steps: readonly AnyStep[], ...sorts: string[]): string =>
	steps
		.filter(({apply, leftover, name}) => apply && sorts.includes(plan.get(name)?.is ?? '') && (!leftover || sorts.includes('extra')))
		.map(({title}) => inLine(title))
		.join(' · ');

/** Every answer with where it came from. */
function answerLines(answers: Answers, sources: Context['sources']): string[] {
	const given = answersSeen({given: answers, sources, why: {}, wrong: []});
	const width = Math.max(...given.map(({key}) => key.length));
	const values = Math.min(40, Math.max(...given.map(({value}) => value.length)));
	return given.map((answer) => `  ${answer.key.padEnd(width)}  ${answer.value.padEnd(values)}  (${cameFrom(answer)})`);
}

/** What a run is going to do, before anybody agrees to it. */
export function proposalOf(plan: Plan, steps: readonly AnyStep[], context: Context, costs: CostEstimate | undefined): Proposal {
	const {answers, fleet, sources} = context;
	const list = (label: string, text: string): string[] => (text === '' ? [] : [`${label}  ${text}`]);
	return {
		says: `The fleet ${fleet.name} in ${fleet.region} is made so:`,
		details: [
			...list('Make  ', titles(plan, steps, 'missing', 'waiting')),
			...list('Change', titles(plan, steps, 'different')),
			...list('Remove', titles(plan, steps, 'extra')),
			...list('Keep  ', titles(plan, steps, 'ready')),
			...[...plan.values()].flatMap(({is, notes = []}) => (is === 'extra' ? notes.map(({says}) => says) : [])),
			'',
			...answerLines(answers, sources),
			'',
			...(costs ? costLines(answers, costs, foundIn(plan).network?.public ?? true) : []),
			`Nothing is touched that doesn't bear ${markKeys.fleet}=${fleet.name}, but for what you named.`,
		],
	};
}
