import {askedBy, isOfAnother, offered} from '../executors/offered.ts';
import type {AnswerKey, Answers, AnswerValue, Given, Source} from '../fleet.ts';
import * as access from './access.ts';
import * as account from './account.ts';
import * as image from './image.ts';
import * as cache from './jobs.ts';
import * as jobs from './jobs.ts';
import * as network from './network.ts';
import type {AnyQuestion, Question, RecordsOf} from './question.ts';
import * as mirror from './registry-mirror.ts';
import * as runner from './runner.ts';
import * as software from './runner.ts';
import * as scaling from './scaling.ts';
import * as schedule from './schedule.ts';
import * as workers from './workers.ts';

type OfExecutors = (typeof offered)[number]['questions'];

/** The questions of all executors that are asked in this place. */
const ofExecutors = <Place extends keyof OfExecutors>(place: Place): OfExecutors[Place][number][] => offered.flatMap(({questions}) => [...questions[place]]);

/** Every question, in the order of asking. A rule between two answers belongs to the later one. */
const all = [
	account.profile,
	account.region,
	account.fleet,
	account.executor,
	network.subnet,
	image.image,
	image.sshUser,
	workers.managerType,
	network.securityGroup,
	network.sshFrom,
	access.keyPair,
	access.privateKey,
	access.access,
	access.permissionsBoundary,
	access.rolePath,
	cache.cache,
	cache.cacheDays,
	workers.workerType,
	image.workerImage,
	image.workerSshUser,
	workers.workerDisk,
	workers.spot,
	workers.spotPrice,
	scaling.limit,
	scaling.concurrent,
	scaling.idleCount,
	scaling.idleTime,
	...ofExecutors('scaling'),
	scaling.maxBuilds,
	scaling.checkInterval,
	schedule.schedule,
	jobs.privileged,
	jobs.disableCache,
	jobs.dockerImage,
	jobs.bakeImages,
	mirror.registryMirror,
	mirror.registryMirrorDisk,
	mirror.registryMirrorUser,
	workers.workerProfile,
	...ofExecutors('workers'),
	jobs.runnerConfig,
	access.tags,
	runner.gitlabUrl,
	runner.gitlabCa,
	runner.runner,
	runner.project,
	runner.group,
	runner.runnerName,
	runner.runnerTags,
	runner.runUntagged,
	runner.tokenStore,
	software.gitlabRunnerVersion,
	...ofExecutors('software'),
	software.downloads,
	network.sshAddress,
] as const;

declare module '../fleet.ts' {
	interface Records extends RecordsOf<typeof all> {}
}

/** A question, which means nothing where it is of one executor and another one is answered. */
const ofItsOwn = <One extends AnyQuestion>(one: One): One => ({
	...one,
	when: (given: Given) => !isOfAnother(one.id, given) && one.when?.(given) !== false,
});

/** Every question, in the order of asking. */
export const inOrder: readonly AnyQuestion[] = all.map((one: AnyQuestion) => ofItsOwn(one));

/** What was given on this command line, by a flag or a preset, and changes nothing beside the other answers, with whose alone it is where it's another executor's. */
export const unheeded = (given: Given, sources: Partial<Record<AnswerKey, Source>>): {key: AnswerKey; by: 'flag' | 'preset'; of: string | undefined}[] =>
	inOrder.flatMap(({counts, id, when}) => {
		const by = sources[id];
		return (by === 'flag' || by === 'preset') && !counts && when?.(given) === false ? [{key: id, by, of: askedBy(id, given)}] : [];
	});

/** Every question by its key. */
export const questions = Object.fromEntries(inOrder.map((one) => [one.id, one])) as {readonly [Key in AnswerKey]: Question<Key, AnswerValue<Key>>};

/** Whether a text is the key of an answer. */
export const isKey = (key: string): key is AnswerKey => Object.hasOwn(questions, key);

/** The flag of an answer's key: `managerType` → `--manager-type`. */
export const flagOf = (key: AnswerKey): string => `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The key of each flag, without its hyphens. */
export const keyOfFlag: ReadonlyMap<string, AnswerKey> = new Map(inOrder.map(({id}) => [flagOf(id).slice(2), id]));

/** The answer that an answer goes along with as long as nobody gives it one of its own. */
export const followed = (key: string): AnswerKey | undefined => (isKey(key) ? questions[key].follows : undefined);

/** Whether nothing is missing. */
export const isComplete = (given: Partial<Answers>): given is Answers => inOrder.every(({id, required}) => given[id] !== undefined || !required);
