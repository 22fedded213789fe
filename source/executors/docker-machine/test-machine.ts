import type {Context, Finding, Found, Note, Report, Step} from '../../engine/step.ts';
import {markKeys, names} from '../../fleet.ts';
import {accountLook, type Instance} from '../../steps/looks/account.ts';
import {forgetHost, lookAtHost, managerOf} from '../../steps/looks/host.ts';
import {connectToChange, connectToInstall, reach, reachingActions, untilVerified} from '../../steps/reaching.ts';
import {tagList} from '../../steps/tags.ts';
import {commandLine} from '../../world/host/quote.ts';
import {until} from '../../world/laptop/clock.ts';
import type {HostFacts} from '../scripts.ts';
import {dockerMachineByHand, workerUserData} from './docker-machine.ts';
import {machineProblem} from './failures.ts';
import {namesVersion, pinnedEngine} from './limits.ts';
import {proofOf, spotCap} from './machine-options.ts';
import {isSecretOption} from './scripts/secret-options.ts';
import {openTestMachineScript, type TestMachine, type TestMachineOutcome, testMachineScript} from './scripts/test-machine.ts';
import {workerMachines} from './worker-machines.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'test-machine': {proof: string};
	}
}

/** Seconds until a test machine is given up: docker-machine's own waits come to about as much (docs/facts.md, "docker-machine: stages"). */
const limitSeconds = 1200;

type TestMachineNeeds = 'network' | 'images' | 'manager' | 'connection' | 'docker-machine';
type TestMachineAfter = 'security-groups' | 'security-group-rules' | 'manager-profile' | 'credentials' | 'spot-role' | 'registry-mirror';

/** What is to be proven: the runner's options as they will stand in config.toml, and their hash. */
async function toProve(context: Context, found: Pick<Found, TestMachineNeeds>) {
	const instance = await managerOf(context, found);
	const {trust} = await reach(context, instance);
	// What is there for the person alone is read once the host key is verified: until then nobody has written it.
	const facts: Pick<HostFacts, 'config' | 'engine'> = trust === 'unverified' ? {} : await lookAtHost(context, instance);
	const {extra, image, options} = await workerMachines(context, found, facts);
	const all = [...options, ...extra];
	return {
		instance,
		engineNow: facts.engine,
		options: all,
		proof: proofOf(all, {dockerMachine: context.answers.dockerMachineVersion}, image.id, workerUserData),
	};
}

/** Docker's version on a machine, and when that machine was made, by the manager's clock in milliseconds since 1970. */
type Engine = {version: string; madeAt: number};

/** What the last test machine had, as the manager's tag keeps it; undefined where it didn't tell. */
function engineKept(text: string | undefined): Engine | undefined {
	const [version, at] = text?.split(' ') ?? [];
	const madeAt = Date.parse(at ?? '');
	return version === undefined || Number.isNaN(madeAt) ? undefined : {version, madeAt};
}

/** Workers that were made after the proof have another version of Docker than the one that was proven: its install script has gone on. */
const hasGoneOn = (kept: Engine | undefined, now: Engine | undefined): boolean =>
	kept !== undefined && now !== undefined && now.madeAt > kept.madeAt && now.version !== kept.version;

function engineNotes({answers: {engineInstall}}: Context): Note[] {
	if (engineInstall === 'image' || namesVersion(engineInstall)) return [];
	return [
		{
			says: `Docker on workers isn't pinned: ${engineInstall} installs what is newest on the day that a worker is made.`,
			advice: `Pin it with \`--engine-install ${pinnedEngine}\`.`,
		},
	];
}

async function check(context: Context, found: Pick<Found, TestMachineNeeds>): Promise<Finding<Found['test-machine']>> {
	const {engineNow, instance, proof} = await toProve(context, found);
	const notes = engineNotes(context);
	const {spot, workerType} = context.answers;
	const what = `one ${workerType}${spot ? ' on spot' : ''}`;
	const proven = instance.tags[markKeys.proven];
	const kept = engineKept(instance.tags[markKeys.engine]);
	if (proven === undefined) return {is: 'missing', notes, says: `${what}, as the runner will make them; it's paid for some minutes`};
	const change = (from: string, to: string) => ({what: 'test machine', from, to, how: 'live' as const});
	const changes = [
		...(proven === proof ? [] : [change('proven with other options', `${what} with these`)]),
		...(hasGoneOn(kept, engineNow) ? [change(`proven with Docker ${kept?.version}`, `Docker ${engineNow?.version}, which new workers have`)] : []),
	];
	if (changes.length > 0) return {is: 'different', notes, resource: {proof: proven}, says: `workers have changed: ${what} is tried again`, changes};
	const docker = kept === undefined ? '' : ` on Docker ${kept.version}`;
	return {is: 'ready', notes, resource: {proof}, says: `${what} came up, ran a container${docker} and went away`};
}

/** `runner-test-<fleet>-<unix seconds>-<8 hex>`: found and removed as a worker should all else fail. */
function machineName({clock, fleet, random}: Context): string {
	const hex = Math.floor(random() * 0x1_0000_0000)
		.toString(16)
		.padStart(8, '0');
	return `runner-test-${fleet.name}-${Math.floor(clock.now() / 1000)}-${hex}`;
}

/** A changed policy is known everywhere in EC2 after some seconds, now and then two minutes: a launch is tried so often, so many seconds apart. */
const spreading = {tries: 10, pause: 15_000};

/** Whether AWS may refuse only because it doesn't know the policy yet that lets the manager make workers, or the manager its profile. */
const isLate = ({answers}: Context, outcome: TestMachineOutcome): boolean =>
	answers.access !== 'access-keys' &&
	outcome.is === 'failed' &&
	(/requires AWS credentials configured with|NoCredentialProviders/.test(outcome.detail) ||
		(answers.access === 'create' && /no identity-based policy allows/.test(outcome.detail)));

type RunTestMachine = (given: TestMachine) => Promise<TestMachineOutcome>;

/** How the manager is had make it: at once, or once its host key is verified where the person's own options hold a secret. */
async function runOn(context: Context, instance: Instance, options: readonly string[], report: Report): Promise<RunTestMachine> {
	if (options.some((option) => isSecretOption(option.split('=')[0] ?? ''))) {
		await untilVerified(context, instance, report);
		const connection = await connectToChange(context, instance);
		return (given) => connection.script(testMachineScript, given, report);
	}
	const connection = await connectToInstall(context, instance);
	return (given) => connection.script(openTestMachineScript, given, report);
}

/** Makes the test machine, again where the manager's rights have yet to spread. */
async function make(context: Context, run: RunTestMachine, options: string[], report: Report): Promise<TestMachineOutcome> {
	const {answers} = context;
	report({says: `one ${answers.workerType} being made (usually about 2 minutes)`});
	const attempt = (): Promise<TestMachineOutcome> => run({name: machineName(context), options, limitSeconds, image: answers.dockerImage});
	const waiting = (): void => report({says: "waiting until AWS knows the manager's rights"});
	return until(context, spreading, attempt, (outcome) => !isLate(context, outcome), waiting);
}

async function apply(context: Context, found: Pick<Found, TestMachineNeeds>, _finding: unknown, report: Report): Promise<void> {
	const {cloud} = context;
	const {instance, options, proof} = await toProve(context, found);
	const run = await runOn(context, instance, options, report);
	const outcome = await make(context, run, options, report).finally(() => forgetHost(context, instance));
	context.forget(accountLook);
	if (outcome.is === 'failed') throw machineProblem(outcome);
	const {at, engine, seconds} = outcome;
	// Whoever tells that it works has to be the manager.
	await untilVerified(context, instance, report);
	const kept: Record<string, string> = engine === undefined ? {} : {[markKeys.engine]: `${engine} ${new Date(at).toISOString()}`};
	await cloud.call('CreateTags', {Resources: [instance.id], Tags: tagList({[markKeys.proven]: proof, ...kept})});
	report({says: `proven in ${Math.round(seconds)} s${engine === undefined ? '' : `, with Docker ${engine}`}`});
}

/** One real worker with exactly the runner's options comes up, runs a container and goes away. */
export const testMachineStep: Step<'test-machine', TestMachineNeeds, TestMachineAfter> = {
	name: 'test-machine',
	title: 'Test machine',
	needs: ['network', 'images', 'manager', 'connection', 'docker-machine'],
	after: ['security-groups', 'security-group-rules', 'manager-profile', 'credentials', 'spot-role', 'registry-mirror'],
	actions: [...reachingActions, 'ec2:CreateTags', 'ec2:DescribeImages'],
	check,
	apply,
	commands(answers, fleet) {
		const spot = answers.spot ? ['--amazonec2-request-spot-instance', '--amazonec2-spot-price', spotCap(answers)] : [];
		const options = [
			...['--amazonec2-region', fleet.region, '--amazonec2-instance-type', answers.workerType],
			...['--amazonec2-security-group', names.workersGroup(fleet), '--amazonec2-security-group-readonly'],
			...['--amazonec2-use-private-address', '--amazonec2-root-size', String(answers.workerDisk), ...spot],
		];
		const byRoot = (...words: string[]): string => `${dockerMachineByHand} ${commandLine(...words)}`;
		return [
			byRoot('create', '--driver', 'amazonec2', ...options, 'test'),
			// What docker-machine is to run there is a command line of its own.
			byRoot('ssh', 'test', commandLine('sudo', 'docker', 'run', '--rm', answers.dockerImage, 'true')),
			byRoot('rm', '-y', 'test'),
		];
	},
};
