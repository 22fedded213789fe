import type {AnswerKey, Answers} from '../fleet.ts';
import {accessQuestions} from './access.ts';
import {accountQuestions} from './account.ts';
import {cacheQuestions} from './cache.ts';
import {imageQuestions} from './image.ts';
import {jobQuestions} from './jobs.ts';
import {networkQuestions} from './network.ts';
import type {AnyQuestion, Question} from './question.ts';
import {runnerQuestions} from './runner.ts';
import {scalingQuestions} from './scaling.ts';
import {softwareQuestions} from './software.ts';
import {workerQuestions} from './workers.ts';

/** Every key has its question: one that hasn't doesn't compile. */
type Questions = {readonly [Key in AnswerKey]: Question<Key>};

/** Every question by its key, in the order of asking. A rule between two answers belongs to the later one. */
export const questions: Questions = {
	profile: accountQuestions.profile,
	region: accountQuestions.region,
	fleet: accountQuestions.fleet,
	executor: accountQuestions.executor,
	subnet: networkQuestions.subnet,
	image: imageQuestions.image,
	sshUser: imageQuestions.sshUser,
	managerType: workerQuestions.managerType,
	securityGroup: networkQuestions.securityGroup,
	sshFrom: networkQuestions.sshFrom,
	keyPair: accessQuestions.keyPair,
	privateKey: accessQuestions.privateKey,
	access: accessQuestions.access,
	permissionsBoundary: accessQuestions.permissionsBoundary,
	rolePath: accessQuestions.rolePath,
	cache: cacheQuestions.cache,
	cacheDays: cacheQuestions.cacheDays,
	workerType: workerQuestions.workerType,
	workerImage: imageQuestions.workerImage,
	workerSshUser: imageQuestions.workerSshUser,
	workerDisk: workerQuestions.workerDisk,
	spot: workerQuestions.spot,
	spotPrice: workerQuestions.spotPrice,
	limit: scalingQuestions.limit,
	concurrent: scalingQuestions.concurrent,
	idleCount: scalingQuestions.idleCount,
	idleTime: scalingQuestions.idleTime,
	maxGrowthRate: scalingQuestions.maxGrowthRate,
	maxBuilds: scalingQuestions.maxBuilds,
	checkInterval: scalingQuestions.checkInterval,
	schedule: scalingQuestions.schedule,
	privileged: jobQuestions.privileged,
	disableCache: jobQuestions.disableCache,
	dockerImage: jobQuestions.dockerImage,
	workerProfile: workerQuestions.workerProfile,
	machineOptions: workerQuestions.machineOptions,
	runnerConfig: jobQuestions.runnerConfig,
	tags: accessQuestions.tags,
	gitlabUrl: runnerQuestions.gitlabUrl,
	gitlabCa: runnerQuestions.gitlabCa,
	runner: runnerQuestions.runner,
	project: runnerQuestions.project,
	group: runnerQuestions.group,
	runnerName: runnerQuestions.runnerName,
	runnerTags: runnerQuestions.runnerTags,
	runUntagged: runnerQuestions.runUntagged,
	tokenStore: runnerQuestions.tokenStore,
	gitlabRunnerVersion: softwareQuestions.gitlabRunnerVersion,
	dockerMachineVersion: softwareQuestions.dockerMachineVersion,
	engineInstall: softwareQuestions.engineInstall,
	downloads: softwareQuestions.downloads,
	sshAddress: networkQuestions.sshAddress,
};

/** The same as a list, in the order of asking. */
export const inOrder: readonly AnyQuestion[] = Object.values(questions);

/** Keys of a complete set of answers; the others stay absent unless somebody gives them. */
export const isRequired = (key: AnswerKey): boolean => questions[key].default !== undefined;

/** Whether nothing is missing. */
export const isComplete = (given: Partial<Answers>): given is Answers => inOrder.every(({id}) => given[id] !== undefined || !isRequired(id));
