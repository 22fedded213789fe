import type {Change, Context, Finding, Found, Note, Report, Step, StepName} from '../engine/step.ts';
import {installScript, type SoftwareFacts} from '../executors/scripts.ts';
import type {AnswerKey, Answers, Fleet} from '../fleet.ts';
import {Problem} from '../problem.ts';
import {commandLine} from '../world/host/quote.ts';
import type {Download, Install, InstallOutcome} from '../world/host/scripts/install.ts';
import {Blocked, differs, orBlocked} from './finding.ts';
import {forgetHost, lookAtSoftware, managerOf} from './looks/host.ts';
import {dropIn, gitlabRunnerByHand, gitlabRunnerDownload} from './programs.ts';
import {connectToInstall, reachingActions} from './reaching.ts';

declare module '../engine/step.ts' {
	interface Found {
		/** Versions of what is installed. */
		software: {gitlabRunner: string};
	}
}

/** What makes workers on the manager, beside GitLab Runner: its program, and what that needs there. */
export type MakerSoftware = {
	readonly program: string;
	version(answers: Answers): string;
	/** The version that is there. */
	installed(facts: SoftwareFacts): string | undefined;
	downloads(answers: Answers, machine: Pick<SoftwareFacts, 'machine'>): Download[];
	/** Files that it needs there. */
	readonly files: Install['files'];
	/** What its preparation on the manager wants to know, by names of its own. */
	wants?(answers: Answers, fleet: Fleet): Record<string, string>;
	/** The oldest GitLab Runner that it works with. */
	readonly leastRunner?: string;
	/** What isn't as the answers want it; `how` is what a change does that no running service may meet. */
	changes(context: Pick<Context, 'answers' | 'fleet'>, facts: SoftwareFacts, how: Change['how']): Change[];
	/** The rest by hand, once the programs are there. */
	commands(answers: Answers, fleet: Fleet): string[];
};

/** Seconds that a first boot may take (usually under a minute), and that running jobs may take when a program is replaced. */
const bootSeconds = 600;
const drainSeconds = 3600;

/** A program of another version than the answer `what` says. */
export const versionChange = (what: AnswerKey, from: string | undefined, to: string, how: Change['how']): Change[] =>
	from === to ? [] : [{what, from: from ?? 'not installed', to, how}];

/** A file of another text than it is to have. */
export const fileChange = (what: string, standing: string | undefined, wanted: string): Change[] =>
	standing === wanted ? [] : [{what, from: standing === undefined ? 'missing' : 'another text', to: 'as written by us', how: 'live'}];

/** Programs that are installed together: GitLab Runner, what makes workers, or both. */
type Programs = {runner: boolean; maker?: MakerSoftware | undefined};

/** A changed runner needs its service to stop, so running jobs end first. */
function changesOf(context: Context, {maker, runner}: Programs, facts: SoftwareFacts): Change[] {
	const {answers} = context;
	const running = facts.service.active === 'active' ? 'drain' : 'live';
	return [
		...(runner ? versionChange('gitlabRunnerVersion', facts.gitlabRunner, answers.gitlabRunnerVersion, running) : []),
		...(maker?.changes(context, facts, running) ?? []),
		...(runner && facts.unit === undefined ? [{what: 'systemd unit', from: 'missing', to: 'gitlab-runner.service', how: 'live' as const}] : []),
		...(runner ? fileChange('graceful stop', facts.dropIn, dropIn) : []),
	];
}

/** The runner's, where it's among the programs: what is true of the manager as a whole is told once. */
function notesOf({answers, fleet}: Context, {runner}: Programs, {cloudInit, credentialsHash, diskFreeGib}: SoftwareFacts): Note[] {
	if (!runner) return [];
	const left = answers.access !== 'access-keys' && credentialsHash !== undefined;
	return [
		...(left
			? [
					{
						says: "Root's AWS credentials file on the manager is still there, and what makes workers uses it rather than the instance profile.",
						advice: `gitlab-runner-aws ssh --fleet ${fleet.name} --region ${fleet.region} -- sudo rm /root/.aws/credentials`,
					},
				]
			: []),
		...(cloudInit.status === 'degraded' || cloudInit.status === 'error' ? [{says: `The manager's first boot ended with errors: ${cloudInit.detail}`}] : []),
		...(diskFreeGib < 1 ? [{says: `The manager has ${diskFreeGib} GiB free; its log and the runner's state need about 1.`}] : []),
	];
}

/** What is installed, as a step's own resource is made of it. */
async function check<Resource>(
	context: Context,
	programs: Programs,
	found: Pick<Found, 'manager'>,
	resourceOf: (facts: SoftwareFacts) => Resource,
): Promise<Finding<Resource>> {
	const {answers} = context;
	const {maker, runner} = programs;
	if (maker?.leastRunner !== undefined && isOlder(answers.gitlabRunnerVersion, maker.leastRunner)) throw runnerTooOld(answers, maker, maker.leastRunner);
	const facts = await lookAtSoftware(context, await managerOf(context, found));
	const changes = changesOf(context, programs, facts);
	const resource = resourceOf(facts);
	const says = [...(runner ? [`gitlab-runner ${answers.gitlabRunnerVersion}`] : []), ...(maker ? [`${maker.program} ${maker.version(answers)}`] : [])].join(
		', ',
	);
	const notes = notesOf(context, programs, facts);
	if (changes.length === 0) return {is: 'ready', resource, says, notes};
	const installed = [runner ? facts.gitlabRunner : undefined, maker?.installed(facts)];
	if (installed.every((version) => version === undefined)) return {is: 'missing', says};
	return differs(resource, changes);
}

/** Whether a version of numbers comes before another. */
const isOlder = (version: string, other: string): boolean => version.localeCompare(other, 'en', {numeric: true}) < 0;

const runnerTooOld = ({executor, gitlabRunnerVersion}: Answers, {program}: MakerSoftware, least: string): Blocked =>
	new Blocked(
		'runner-too-old',
		`${executor} needs GitLab Runner ${least} or newer for ${program}, and ${gitlabRunnerVersion} is answered.`,
		`Add \`--gitlab-runner-version ${least}\`.`,
		{says: `use GitLab Runner ${least} instead`, answers: {gitlabRunnerVersion: least}},
	);

/** What went wrong while installing, told. */
function problemOf(outcome: Extract<InstallOutcome, {is: 'failed'}>, {answers, fleet}: Context, instanceId: string): Problem {
	const {code, detail} = outcome;
	const told: Record<string, {message: string; advice: string}> = {
		'boot-failed': {
			message: `The manager's first boot failed: ${detail}`,
			advice: `End it with \`aws --region ${fleet.region} ec2 terminate-instances --instance-ids ${instanceId}\`; the same command then makes another.`,
		},
		'boot-slow': {
			message: `The manager's first boot hasn't ended after ${bootSeconds / 60} minutes: ${detail}`,
			advice: 'Run the same command again; it goes on waiting.',
		},
		'download-failed': {
			message: `A download on the manager doesn't work: ${detail}`,
			advice: 'Check that its subnet reaches the internet, or name a mirror with `--downloads`.',
		},
		'checksum-wrong': {
			message: `A downloaded program isn't what its publisher says, so it wasn't installed: ${detail}`,
			advice: answers.downloads ? 'Check the mirror that `--downloads` names.' : 'Run the same command again; if it stays so, tell the publisher.',
		},
		'disk-full': {message: `The manager's disk is full: ${detail}`, advice: 'Make room there with `gitlab-runner-aws ssh`, then run the same command again.'},
		'drain-slow': {
			message: `${detail === '1' ? '1 job still runs' : `${detail} jobs still run`} after ${drainSeconds / 60} minutes, and the new version waits for the end. No new job is taken meanwhile.`,
			advice: 'Run the same command again; it goes on.',
		},
	};
	const {message, advice} = told[code] ?? {
		message: `The manager can't be set up: ${detail}`,
		advice: 'Run the same command again; it looks first and goes on.',
	};
	return new Problem({code, message, advice, fault: code === 'download-failed' ? 'outside' : 'told', again: code === 'download-failed'});
}

function installOf({answers, fleet}: Context, {maker, runner}: Programs, facts: SoftwareFacts): Install {
	return {
		executor: answers.executor,
		wants: maker?.wants?.(answers, fleet),
		bootSeconds,
		drainSeconds,
		dropIn,
		downloads: [...(runner ? [gitlabRunnerDownload(answers, facts)] : []), ...(maker?.downloads(answers, facts) ?? [])],
		files: maker?.files ?? [],
	};
}

async function apply(context: Context, programs: Programs, found: Pick<Found, 'manager'>, report: Report): Promise<void> {
	const instance = await managerOf(context, found);
	const facts = await lookAtSoftware(context, instance);
	const connection = await connectToInstall(context, instance);
	const outcome = await connection.script(installScript, installOf(context, programs, facts), report).finally(() => forgetHost(context, instance));
	if (outcome.is === 'failed') throw problemOf(outcome, context, instance.id);
}

/** The lines by which programs are installed by hand. */
function commandsFor({maker, runner}: Programs, answers: Answers, fleet: Fleet): string[] {
	const onManager = {machine: 'x86_64'};
	const fetch = (one: Download) => {
		const file = one.url.split('/').at(-1) ?? '';
		return [
			commandLine('curl', '-fsSLO', one.url),
			`${commandLine('curl', '-fsSL', one.checksums)} | ${commandLine('grep', ` .*${file}$`)}`,
			commandLine('sha256sum', file),
			commandLine('sudo', 'install', '-m', '755', file, one.path),
		];
	};
	return [
		'cloud-init status --wait',
		...(runner ? fetch(gitlabRunnerDownload(answers, onManager)) : []),
		...(maker?.downloads(answers, onManager).flatMap(fetch) ?? []),
		...(runner ? [`${gitlabRunnerByHand} install --user=gitlab-runner --working-directory=/home/gitlab-runner`] : []),
		...(maker?.commands(answers, fleet) ?? []),
		...(runner ? ['sudo systemctl daemon-reload'] : []),
	];
}

/** What a step does that installs programs, whatever its name; `resourceOf` makes its resource of what is installed then. */
export const programsParts = <Resource>(programs: Programs, resourceOf: (facts: SoftwareFacts) => Resource) => ({
	actions: reachingActions,
	check: orBlocked((context: Context, found: Pick<Found, 'manager'>) => check(context, programs, found, resourceOf)),
	apply: (context: Context, found: Pick<Found, 'manager'>, _finding: unknown, report: Report) => apply(context, programs, found, report),
	commands: (answers: Answers, fleet: Fleet) => commandsFor(programs, answers, fleet),
});

/** GitLab Runner with its unit and graceful stop, and what makes workers where a runner is needed to install that; after steps that install the rest. */
export const softwareStep = <After extends StepName = never>(maker?: MakerSoftware, ...after: After[]): Step<'software', 'manager' | 'connection', After> => ({
	name: 'software',
	title: 'Software',
	needs: ['manager', 'connection'],
	after,
	...programsParts({runner: true, maker}, ({gitlabRunner = ''}) => ({gitlabRunner})),
});
