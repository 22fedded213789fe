import {logIn} from '../cloud/login.ts';
import type {OpenContext} from '../engine/context.ts';
import {type Ended, type LivePlan, livePlan, type Turns, turns} from '../engine/live-plan.ts';
import {foundIn} from '../engine/plan.ts';
import {dockerMachine} from '../executors/docker-machine/executor.ts';
import type {ByHand, Interviewer, Login} from '../face.ts';
import type {Answers, Fleet} from '../fleet.ts';
import {commandLine} from '../host/quote.ts';
import {presetOf} from '../preset-form.ts';
import {isComplete} from '../questions/all.ts';
import type {SecretQuestion} from '../questions/question.ts';
import {gitlabTokenQuestion, runnerTokenQuestion} from '../questions/secrets.ts';
import type {Settled} from '../questions/settle.ts';
import type {Walk} from '../questions/walk.ts';
import {secretsNeeded} from '../secret-interview.ts';
import type {AnyStep, Looking} from '../step.ts';
import {accountLook} from '../steps/looks/account.ts';
import {recordLook} from '../steps/looks/record.ts';
import {type Costs, costs} from '../steps/prices.ts';
import {lookingAt, secretsFor} from './opening.ts';
import {tellPlace} from './place.ts';
import {costLines} from './proposal.ts';
import type {Session} from './session.ts';

/** Problems that are there only until the last question is answered, and how the plan says so. */
const notYet = {'runner-token-missing': 'token not given yet', 'gitlab-token-missing': 'GitLab token not given yet'};

/** What the walk stands on: one look at each fleet that it comes to, and the checks beside it. */
export type Ground = {
	plan: LivePlan /** Checks and choices call in turn. */;
	turn: Turns;
	lookingOf(fleet: Fleet, profile: string | undefined): OpenContext<Looking>;
	close(): Promise<void>;
};

/** Opens the ground for a walk. */
export function groundFor(session: Session): Ground {
	const open = new Map<string, OpenContext<Looking>>();
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
		void tellPlace(session, looking).catch(() => undefined);
		return looking;
	};
	const turn = turns();
	const plan = livePlan({
		turn,
		steps: dockerMachine.steps,
		open: ({fleet: name, region, profile}) => lookingOf({name, region}, profile),
		// A replacement is shown like any change here; it's agreed to by name before it is done.
		allowed: {replaceManager: true},
		emit: session.face.emit,
		notYet,
	});
	return {
		plan,
		turn,
		lookingOf,
		async close() {
			plan.close();
			await Promise.all([...open.values()].map((looking) => looking.close()));
		},
	};
}

/** What the screens' interview works with. */
export function interviewerFor(session: Session, {plan, lookingOf}: Ground, walk: Walk, at: Interviewer['at']): Interviewer {
	const {secrets, presets} = session;
	const accessKey = new Map<'accessKeyId' | 'accessKeySecret', string>();
	let gitlabShown: string | undefined;
	return {
		walk,
		at,
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
			if (id === 'runnerToken' || id === 'gitlabToken' || id === 'passphrase') secrets[id] = value;
			// Their questions say which GitLab they are for.
			if ((id === 'runnerToken' || id === 'gitlabToken') && gitlabShown !== undefined) session.nameGitlab(gitlabShown);
			if (id !== 'accessKeyId' && id !== 'accessKeySecret') return;
			accessKey.set(id, value);
			const [key, secret] = [accessKey.get('accessKeyId'), accessKey.get('accessKeySecret')];
			if (key !== undefined && secret !== undefined) secrets.accessKey = {id: key, secret};
		},
		byHand: (answers) => byHand(dockerMachine.steps, answers),
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
export async function costsOf({plan, context}: Pick<Ended, 'plan' | 'context'>): Promise<Costs | undefined> {
	const {network, images} = foundIn(plan);
	return network && images && costs(context, context.answers, {zone: network.zone, public: network.public, managerDiskGib: images.manager.diskGib});
}

async function costLinesOf(ended: Ended): Promise<readonly string[]> {
	const known = await costsOf(ended);
	return known
		? [
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
