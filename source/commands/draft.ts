import {usualFleet} from '../answers/account.ts';
import {inOrder, isKey} from '../answers/all.ts';
import {flagsOf, take} from '../answers/value.ts';
import type {Walk} from '../answers/walk.ts';
import type {LeftAnswers} from '../faces/face.ts';
import type {AnswerKey, Given} from '../fleet.ts';
import {many} from '../panel/formats.ts';
import {commandLine} from '../world/host/quote.ts';
import {whenWords} from '../world/laptop/settings.ts';
import type {Session} from './session.ts';

/** What a draft is kept and found with. */
type Keeping = Pick<Session, 'settings' | 'demo'> & {world: Pick<Session['world'], 'clock' | 'timeZone'>};

/** What of these can be kept, and taken again: answers of the right shape, of which none is a secret. */
function sound(answers: Readonly<Record<string, unknown>>): Given {
	const given: Given = {};
	for (const [key, value] of Object.entries(answers)) if (isKey(key)) take(given, key, value);
	return given;
}

/** What was answered, a preset's answers, flags and defaults that were agreed to included. */
const answeredIn = (answers: Given, left: readonly AnswerKey[]): AnswerKey[] =>
	inOrder.flatMap(({id}) => (answers[id] !== undefined || left.includes(id) ? [id] : []));

/** Keeps what a person has answered so far; gives how many answers are kept: 0 where there are none, or they can't be. */
export async function keepDraft({settings, world, demo}: Keeping, {layers, left}: Walk): Promise<number> {
	const answers = sound({...layers.preset, ...layers.flag, ...layers.typed});
	if (demo || Object.keys(layers.typed ?? {}).length + left.length === 0) return 0;
	const at = new Date(world.clock.now()).toISOString();
	await settings.remember({draft: {at, answers, left: [...left]}});
	const {draft} = await settings.read();
	return draft?.at === at ? answeredIn(answers, left).length : 0;
}

/**
 * The draft that was kept: the answers of somebody who left the questions, never a secret. Nothing where there is none, or where the command line is about
 * another fleet or begins from a preset.
 */
export async function keptDraft({
	settings,
	options,
	parsed: {given},
	world,
	demo,
}: Keeping & Pick<Session, 'options' | 'parsed'>): Promise<LeftAnswers | undefined> {
	const {draft} = await settings.read();
	if (demo || !draft || options.preset !== undefined || Number.isNaN(Date.parse(draft.at))) return undefined;
	const answers = sound(draft.answers);
	const left = draft.left.filter(isKey);
	const isOther = (key: 'region' | 'profile'): boolean => given[key] !== undefined && answers[key] !== undefined && given[key] !== answers[key];
	if (isOther('region') || isOther('profile') || (given.fleet !== undefined && given.fleet !== (answers.fleet ?? usualFleet))) return undefined;
	const keys = answeredIn(answers, left);
	if (keys.length === 0) return undefined;
	const {timeZone, clock} = world;
	const when = whenWords(Date.parse(draft.at), clock.now());
	const time = new Intl.DateTimeFormat('en-GB', {timeZone: timeZone(), hour: '2-digit', minute: '2-digit'}).format(Date.parse(draft.at));
	const where = [answers.region, answers.fleet].filter(Boolean).join(', ');
	return {
		answers,
		left,
		says: `${many(keys.length, 'answer')} of ${when === 'today' ? time : when}${where === '' ? '' : ` (${where})`}`,
	};
}

/** The draft is over: a setup was agreed to, or somebody begins anew. */
export async function forgetDraft({settings, demo}: Pick<Session, 'settings' | 'demo'>): Promise<void> {
	if (demo || (await settings.read()).draft === undefined) return;
	await settings.remember({draft: undefined});
}

/** The command that begins with these answers. */
export function commandWith({options}: Session, {layers: {flag, typed}}: Walk): string {
	const preset = options.preset === undefined ? [] : ['--preset', options.preset];
	return commandLine('gitlab-runner-aws', 'setup', ...preset, ...flagsOf({...flag, ...typed}));
}
