import pLimit from 'p-limit';
import type {AnyStep, Context, Finding, Found, Look, Note, Step} from '../engine/step.ts';
import {type Answers, mark, names} from '../fleet.ts';
import {ifAnswered, isDenied, isProblem, Problem} from '../problem.ts';
import type {Action, Input, OperationName, Output} from '../world/cloud/port.ts';
import {aws} from './aws-cli.ts';
import {blocked} from './finding.ts';
import {identityLook, principalLook} from './identity.ts';
import {launchInput} from './launch.ts';
import {type LinkedRole, linkedRoleLook} from './linked-role.ts';
import {accountLook, managersOf} from './looks/account.ts';
import {recordLook} from './looks/record.ts';
import {neededActions} from './needed-actions.ts';
import {bearsMark, tagList} from './tags.ts';

declare module '../engine/step.ts' {
	interface Found {
		permissions: {checked: boolean};
	}
}

type PermissionsNeeds = Pick<Found, 'identity' | 'network' | 'images'>;

/** What was learnt of actions: those that AWS refuses, and why some couldn't be asked about. */
type Learnt = {denied: Action[]; notes: Note[]};

/** What a dry run of something that stands already may answer. */
const standing = ['InvalidGroup.Duplicate', 'InvalidKeyPair.Duplicate'];

/** A dry run: AWS answers `DryRunOperation` where it would have carried the call out (AWS, "Error codes for the Amazon EC2 API"). */
async function dryRun<Name extends OperationName>({cloud}: Context, name: Name, input: Input<Name>): Promise<Learnt> {
	try {
		await cloud.call(name, {...input, DryRun: true});
		return {denied: [], notes: []};
	} catch (error) {
		if (isProblem(error, 'DryRunOperation', ...standing)) return {denied: [], notes: []};
		if (isDenied(error)) return {denied: await deniedIn({cloud}, error, `ec2:${name}`), notes: []};
		if (isProblem(error) && !error.again && error.fault === 'outside')
			return {denied: [], notes: [{says: `Whether ec2:${name} is allowed isn't known: ${error.message}`}]};
		throw error;
	}
}

/** Throws a Problem where AWS says, of a dry run, that it won't let the caller do it. */
export async function refuseDenied<Name extends OperationName>(context: Context, name: Name, input: Input<Name>): Promise<void> {
	const {denied} = await dryRun(context, name, input);
	if (denied.length === 0) return;
	throw new Problem({
		code: 'not-allowed',
		message: `AWS refuses ${denied.map((action) => `\`${action}\``).join(', ')}.`,
		advice: 'Ask for that; `gitlab-runner-aws policy` prints the whole policy.',
	});
}

/** The action that was really refused: the answer for RunInstances may mean its tags, and says so in the encoded part alone. */
async function deniedIn({cloud}: Pick<Context, 'cloud'>, error: Problem, otherwise: Action): Promise<Action[]> {
	const said = rawMessage(error.cause);
	const named = /perform: ([a-z0-9-]+:\w+)/.exec(said)?.[1];
	if (named !== undefined) return [named as Action];
	const encoded = /Encoded authorization failure message: (\S+)/.exec(said)?.[1];
	if (encoded === undefined) return [otherwise];
	const answer = await ifAnswered(cloud.call('DecodeAuthorizationMessage', {EncodedMessage: encoded}));
	const action = 'result' in answer ? /"action":"([a-z0-9-]+:\w+)"/.exec(answer.result.DecodedMessage ?? '')?.[1] : undefined;
	return [action === undefined ? otherwise : (action as Action)];
}

const rawMessage = (cause: unknown): string =>
	typeof cause === 'object' && cause !== null && 'message' in cause && typeof cause.message === 'string' ? cause.message : '';

/** EC2's changing calls that can be tried with the parameters and tags of the real ones. */
async function dryRuns(context: Context, {images, network}: PermissionsNeeds): Promise<Learnt[]> {
	const {answers, fleet, host} = context;
	const tagged = (type: 'security-group' | 'key-pair', part: 'security-groups' | 'key-pair') => [
		{ResourceType: type, Tags: tagList(answers.tags, mark(fleet, part))},
	];
	const {publicKey} = await host.makeKey('ed25519', fleet.name);
	const pair = {
		KeyName: names.keyPair(fleet),
		PublicKeyMaterial: new TextEncoder().encode(publicKey),
		TagSpecifications: tagged('key-pair', 'key-pair'),
	};
	const group = {
		GroupName: names.workersGroup(fleet),
		Description: 'Workers',
		VpcId: network.vpcId,
		TagSpecifications: tagged('security-group', 'security-groups'),
	};
	return Promise.all([
		dryRun(context, 'RunInstances', launchInput(fleet, answers, {image: images.manager, network})),
		dryRun(context, 'CreateSecurityGroup', group),
		...(answers.keyPair === 'create' ? [dryRun(context, 'ImportKeyPair', pair)] : []),
	]);
}

/** Actions that are asked about together: all on one thing, since IAM refuses to be asked about sorts of things that differ. */
type ActionBatch = {actions: Action[]; resource: string | undefined; service?: string};

/**
 * Sorts of EC2's things that a setup makes, by the calls about them that no dry run can try before they are there: IAM is asked of one that isn't there yet,
 * as a policy has to allow it for the one that is made.
 */
const madeSorts: readonly [call: RegExp, thing: string][] = [
	[/SecurityGroup(Ingress|Egress)$|^DeleteSecurityGroup$/, 'security-group/sg-00000000000000000'],
	[/LaunchTemplate(Version)?$/, 'launch-template/lt-00000000000000000'],
	[/^(AssociateIamInstanceProfile|TerminateInstances)$/, 'instance/i-00000000000000000'],
	// It knows no single thing: a policy allows it for all or for none.
	[/^DescribeIamInstanceProfileAssociations$/, '*'],
];

/** What an action is judged on: least policies name it, and `*` would read as refused. Undefined where nothing can be named. */
function resourceOf(action: Action, {answers, fleet}: Context, {account, partition}: Found['identity']): string | undefined {
	const [service, name = ''] = action.split(':');
	const profile = `${answers.rolePath ?? '/'}${names.profile(fleet)}`;
	const arn = (at: string, what: string) => `arn:${partition}:${at}:${what}`;
	if (service === 's3') {
		const bucket = answers.cache === 'create' ? names.bucket(fleet, account) : answers.cache;
		return arn('s3::', /Object/.test(name) ? `${bucket}/${names.cachePath(fleet)}/object` : bucket);
	}
	if (service === 'ssm') return arn(`ssm:${fleet.region}:${account}`, `parameter${names.record(fleet)}`);
	if (service === 'autoscaling') return arn(`autoscaling:${fleet.region}:${account}`, `autoScalingGroup:*:autoScalingGroupName/${names.scalingGroup(fleet)}`);
	if (service === 'ec2') {
		const thing = madeSorts.find(([call]) => call.test(name))?.[1];
		return thing === '*' ? thing : thing && arn(`ec2:${fleet.region}:${account}`, thing);
	}
	if (service !== 'iam') return undefined;
	return arn(`iam::${account}`, `${/InstanceProfile/.test(name) ? 'instance-profile' : 'role'}${profile}`);
}

/** What differs in what IAM has to be told for it, though it's about the same thing. */
const apart = (action: Action): string => /:(PassRole|TagResource|CreateServiceLinkedRole)$/.exec(action)?.[1] ?? '';

/** The action by which a service's own role is made: each role is a question of its own. */
const makeLinkedRole: Action = 'iam:CreateServiceLinkedRole';

/** The actions in as few questions as IAM takes, as far as that is known. */
function questionsOf({actions: asked, roles}: PermissionsAsked, context: Context, identity: Found['identity']): ActionBatch[] {
	const {account, partition} = identity;
	const actions = [...new Set(asked)].filter((action) => /^(autoscaling|iam|s3|ssm|ec2):/.test(action)).sort();
	const groups = Map.groupBy(actions, (action) => `${action.split(':')[0]} ${resourceOf(action, context, identity)} ${apart(action)}`);
	const aboutRoles = roles.map(({name, service}) => ({
		actions: [makeLinkedRole],
		resource: `arn:${partition}:iam::${account}:role/aws-service-role/${service}/${name}`,
		service,
	}));
	return [...groups.values()].flatMap((group) =>
		group[0] === makeLinkedRole ? aboutRoles : [{actions: group, resource: group[0] && resourceOf(group[0], context, identity)}],
	);
}

/** Questions to IAM under way at once: it throttles soon. */
const atOnce = 5;

/** Asks IAM what the caller's policies say of some actions. Those that it won't be asked about together are asked about one by one. */
async function simulate(context: Context, arn: string, question: ActionBatch): Promise<Learnt> {
	const {actions, resource, service} = question;
	const text = (name: string, value: string) => ({ContextKeyName: name, ContextKeyType: 'string' as const, ContextKeyValues: [value]});
	const answer = await ifAnswered(
		context.cloud.call('SimulatePrincipalPolicy', {
			PolicySourceArn: arn,
			ActionNames: actions,
			...(resource === undefined ? {} : {ResourceArns: [resource]}),
			ContextEntries: [
				text('iam:PassedToService', 'ec2.amazonaws.com'),
				...(service === undefined ? [] : [text('iam:AWSServiceName', service)]),
				text('aws:RequestedRegion', context.fleet.region),
			],
		}),
	);
	if ('result' in answer) return judged(actions, answer.result.EvaluationResults ?? [], resource !== undefined);
	if (actions.length > 1 && /different authorization information/.test(answer.problem.message)) {
		const learnt: Learnt[] = [];
		for (const action of actions) learnt.push(await simulate(context, arn, {actions: [action], resource}));
		return together(learnt);
	}
	const what = actions.length === 1 ? actions[0] : `all that is needed of ${actions[0]?.split(':')[0]}`;
	return {denied: [], notes: [{says: `Whether ${what} is allowed isn't checked, since AWS doesn't tell: ${answer.problem.code}.`}]};
}

const together = (learnt: readonly Learnt[]): Learnt => ({denied: learnt.flatMap(({denied}) => denied), notes: learnt.flatMap(({notes}) => notes)});

type Result = NonNullable<Output<'SimulatePrincipalPolicy'>['EvaluationResults']>[number];

/**
 * Whether IAM refuses an action. What it says of the very resource counts, where it says that; what it can't say for want of context isn't known.
 * Where no resource can be named, only an explicit refusal counts: a policy that names its resources would read as refused.
 */
function isRefused({EvalDecision, MissingContextValues = [], ResourceSpecificResults = []}: Result, strict: boolean): boolean {
	const said = ResourceSpecificResults.length > 0 ? ResourceSpecificResults : [{EvalResourceDecision: EvalDecision, MissingContextValues}];
	const isClear = ({EvalResourceDecision, MissingContextValues: missing = []}: (typeof said)[number]): boolean =>
		EvalResourceDecision === 'explicitDeny' || (EvalResourceDecision === 'implicitDeny' && strict && missing.length === 0 && MissingContextValues.length === 0);
	return said.every(isClear);
}

const judged = (actions: readonly Action[], results: readonly Result[], strict: boolean): Learnt => ({
	denied: actions.filter((action) => results.some((result) => result.EvalActionName === action && isRefused(result, strict))),
	notes: [],
});

/** What IAM says of all that these answers' steps need; it's asked while network and images are looked at. */
const simulationsLook = (context: Context, asked: PermissionsAsked): Look<Learnt> => ({
	name: `policies ${JSON.stringify([asked, context.answers.cache, context.answers.rolePath])}`,
	load: () => simulations(context, asked),
});

async function simulations(context: Context, asked: PermissionsAsked): Promise<Learnt> {
	const identity = await context.look(identityLook);
	const principal = await ifAnswered(context.look(principalLook));
	if ('problem' in principal || 'unknown' in principal.result) {
		const why = 'problem' in principal ? principal.problem.code : 'unknown' in principal.result ? principal.result.unknown : '';
		return {denied: [], notes: [{says: `Whether IAM, S3 and SSM allow all that is needed isn't checked: ${why}.`}]};
	}
	const {arn} = principal.result;
	const limit = pLimit(atOnce);
	const questions = questionsOf(asked, context, identity);
	const learnt = together(await Promise.all(questions.map((question) => limit(() => simulate(context, arn, question)))));
	return {...learnt, notes: learnt.notes.slice(0, 1)};
}

/** Whether the fleet stands with all that EC2 and SSM know of it, and goes over to no other executor: then what it needs was allowed. */
async function stands(context: Context): Promise<boolean> {
	const {answers, fleet} = context;
	const [account, record] = await Promise.all([context.look(accountLook), context.look(recordLook)]);
	const group = (name: string) => account.groups.some((one) => one.name === name && bearsMark(fleet, one.tags));
	if (record?.answers.executor !== answers.executor) return false;
	return managersOf(fleet, account).length > 0 && group(names.workersGroup(fleet));
}

/** Of refused actions those that anything fails for: a service's own role need not be made where it is there. */
async function blocking(context: Context, denied: Action[], roles: readonly LinkedRole[]): Promise<Action[]> {
	if (!denied.includes(makeLinkedRole)) return denied;
	const there = await Promise.all(roles.map((role) => context.look(linkedRoleLook(role))));
	return there.every(({exists}) => exists === true) ? denied.filter((action) => action !== makeLinkedRole) : denied;
}

const who = (arn: string): string => arn.split(/[:/]/).at(-1) ?? arn;

function refusal(context: Context, {identity}: PermissionsNeeds, denied: Action[]): Finding<Found['permissions']> {
	const list = denied.map((action) => `\`${action}\``).join(', ');
	return blocked(
		'not-allowed',
		`${who(identity.arn)} may not do all that ${context.fleet.name} needs: AWS refuses ${list}.`,
		'Ask for those actions; `gitlab-runner-aws policy` prints the whole policy, and answers that name what exists need less.',
	);
}

async function check(context: Context, needs: PermissionsNeeds, asked: PermissionsAsked): Promise<Finding<Found['permissions']>> {
	if (await stands(context)) return {is: 'ready', resource: {checked: false}, says: 'not asked again, since the fleet stands'};
	const [tried, told] = await Promise.all([dryRuns(context, needs), context.look(simulationsLook(context, asked))]);
	const learnt = [...tried, told];
	const denied = await blocking(context, [...new Set(learnt.flatMap((one) => one.denied))].sort(), asked.roles);
	const notes = learnt.flatMap((one) => one.notes);
	if (denied.length > 0) return {...refusal(context, needs, denied), notes};
	const says = notes.length > 0 ? 'allowed as far as AWS tells' : 'all that the steps need is allowed';
	return {is: 'ready', resource: {checked: notes.length === 0}, says, notes};
}

/** What is asked about: actions, and the services' own roles among what is to be made. */
type PermissionsAsked = {actions: readonly Action[]; roles: readonly LinkedRole[]};

type FromAnswers<Part> = (answers: Answers) => readonly Part[];

const askedBy = ({answers}: Context, actions: FromAnswers<Action>, roles: FromAnswers<LinkedRole>): PermissionsAsked => ({
	actions: neededActions(actions(answers), answers),
	roles: roles(answers),
});

/**
 * That the caller may do what the steps need, before anything is made: EC2's calls as dry runs, IAM, S3 and SSM by asking IAM.
 * `steps` are all of the executor, of which the answers may want fewer, and `roles` services' own roles that they make; whoever makes the list of steps gives
 * them.
 */
export function permissionsStep(
	steps: () => readonly AnyStep[],
	roles: FromAnswers<LinkedRole>,
): Step<'permissions', 'identity' | 'network' | 'images', never> {
	const actions: FromAnswers<Action> = (answers) => [...new Set(steps().flatMap((step) => (step.when?.(answers) === false ? [] : step.actions)))];
	return {
		name: 'permissions',
		title: 'Permissions',
		needs: ['identity', 'network', 'images'],
		actions: ['iam:SimulatePrincipalPolicy', 'iam:GetRole', 'sts:DecodeAuthorizationMessage'],
		ahead: async (context) => (await stands(context)) || context.look(simulationsLook(context, askedBy(context, actions, roles))),
		check: (context, found) => check(context, found, askedBy(context, actions, roles)),
		commands: (answers, fleet) => [
			aws(fleet, 'iam', 'simulate-principal-policy', '--policy-source-arn', 'ARN', '--action-names', ...actions(answers)).replace(
				'ARN',
				'"$(aws sts get-caller-identity --query Arn --output text)"',
			),
		],
	};
}
