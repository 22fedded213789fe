import type {Input, OperationName, Output} from '../cloud/port.ts';
import {type Answers, mark, names} from '../fleet.ts';
import {isProblem, Problem} from '../problem.ts';
import type {Action, Context, Finding, Found, Note, Step} from '../step.ts';
import {ifAnswered, isDenied} from './answering.ts';
import {aws} from './aws-cli.ts';
import {makeSshKey} from './ed25519.ts';
import {launchInput} from './launch.ts';
import {accountLook, managersOf} from './looks/account.ts';
import {principalLook} from './looks/principal.ts';
import {recordLook} from './looks/record.ts';
import {neededActions} from './needed-actions.ts';
import {bearsMark, tagList} from './tags.ts';

type Needs = Pick<Found, 'identity' | 'network' | 'images'>;

/** What was learnt of actions: those that AWS refuses, and why some couldn't be asked about. */
type Learnt = {denied: Action[]; notes: Note[]};

/** What a dry run of something that stands already may answer. */
const standing = ['InvalidGroup.Duplicate', 'InvalidKeyPair.Duplicate'];

/** A dry run: AWS answers `DryRunOperation` where it would have carried the call out (facts §17.6). */
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

/** The action that was really refused: the answer for RunInstances may mean its tags, and says so in code (facts §17.6). */
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
function dryRuns(context: Context, {images, network}: Needs): Promise<Learnt>[] {
	const {answers, fleet} = context;
	const tagged = (type: 'security-group' | 'key-pair', part: 'security-groups' | 'key-pair') => [
		{ResourceType: type, Tags: tagList(answers.tags, mark(fleet, part))},
	];
	const pair = {
		KeyName: names.keyPair(fleet),
		PublicKeyMaterial: new TextEncoder().encode(makeSshKey(fleet.name).publicKey),
		TagSpecifications: tagged('key-pair', 'key-pair'),
	};
	const group = {
		GroupName: names.workersGroup(fleet),
		Description: 'Workers',
		VpcId: network.vpcId,
		TagSpecifications: tagged('security-group', 'security-groups'),
	};
	return [
		dryRun(context, 'RunInstances', launchInput(fleet, answers, {image: images.manager, network})),
		dryRun(context, 'CreateSecurityGroup', group),
		...(answers.keyPair === 'create' ? [dryRun(context, 'ImportKeyPair', pair)] : []),
	];
}

/** What of a service's actions is judged on which resources: least policies name them, and `*` would read as refused. */
function resourcesOf({answers, fleet}: Context, {identity: {account, partition}}: Needs, service: string): string[] {
	const bucket = answers.cache === 'create' ? names.bucket(fleet, account) : answers.cache;
	const profile = names.profile(fleet);
	const path = answers.rolePath ?? '/';
	if (service === 's3') return [`arn:${partition}:s3:::${bucket}`, `arn:${partition}:s3:::${bucket}/${names.cachePath(fleet)}/object`];
	if (service === 'ssm') return [`arn:${partition}:ssm:${fleet.region}:${account}:parameter${names.record(fleet)}`];
	return [
		`arn:${partition}:iam::${account}:role${path}${profile}`,
		`arn:${partition}:iam::${account}:instance-profile${path}${profile}`,
		`arn:${partition}:iam::${account}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot`,
	];
}

/** Asks IAM what the caller's policies say of one service's actions; no answer is a note. */
async function simulate(context: Context, needs: Needs, arn: string, service: string, actions: Action[]): Promise<Learnt> {
	if (actions.length === 0) return {denied: [], notes: []};
	const text = (name: string, value: string) => ({ContextKeyName: name, ContextKeyType: 'string' as const, ContextKeyValues: [value]});
	const answer = await ifAnswered(
		context.cloud.call('SimulatePrincipalPolicy', {
			PolicySourceArn: arn,
			ActionNames: actions,
			...(service === 'ec2' ? {} : {ResourceArns: resourcesOf(context, needs, service)}),
			ContextEntries: [
				text('iam:PassedToService', 'ec2.amazonaws.com'),
				text('iam:AWSServiceName', 'spot.amazonaws.com'),
				text('aws:RequestedRegion', context.fleet.region),
			],
		}),
	);
	if ('problem' in answer)
		return {denied: [], notes: [{says: `Whether ${service}'s actions are allowed isn't checked, since AWS doesn't tell: ${answer.problem.code}.`}]};
	return judged(actions, answer.result.EvaluationResults ?? [], service !== 'ec2');
}

type Results = NonNullable<Output<'SimulatePrincipalPolicy'>['EvaluationResults']>;

/**
 * Each action fits one of the resources only: it is allowed when any of them says so, or when nothing is known for want of context.
 * Where no resource can be named, only an explicit refusal counts: a policy that names its resources would read as refused.
 */
function judged(actions: Action[], results: Results, strict: boolean): Learnt {
	const refused = new Set<string>();
	for (const {EvalActionName = '', EvalDecision, MissingContextValues = [], ResourceSpecificResults = []} of results) {
		const some = ResourceSpecificResults.some(({EvalResourceDecision}) => EvalResourceDecision === 'allowed');
		const unclear = EvalDecision === 'implicitDeny' && (!strict || MissingContextValues.length > 0);
		if (EvalDecision !== 'allowed' && !some && !unclear) refused.add(EvalActionName);
	}
	return {denied: actions.filter((action) => refused.has(action)), notes: []};
}

async function simulations(context: Context, needs: Needs, actions: readonly Action[]): Promise<Learnt> {
	const principal = await ifAnswered(context.look(principalLook));
	if ('problem' in principal || 'unknown' in principal.result) {
		const why = 'problem' in principal ? principal.problem.code : 'unknown' in principal.result ? principal.result.unknown : '';
		return {denied: [], notes: [{says: `Whether IAM, S3 and SSM allow all that is needed isn't checked: ${why}.`}]};
	}
	const {arn} = principal.result;
	const of = (service: string) => [...new Set(actions)].filter((action) => action.startsWith(`${service}:`)).sort();
	const learnt = await Promise.all(['iam', 's3', 'ssm', 'ec2'].map((service) => simulate(context, needs, arn, service, of(service))));
	return {denied: learnt.flatMap(({denied}) => denied), notes: learnt.flatMap(({notes}) => notes).slice(0, 1)};
}

/** Whether the fleet stands with all that EC2 and SSM know of it: then what it needs was allowed. */
async function stands(context: Context): Promise<boolean> {
	const {fleet} = context;
	const [account, record] = await Promise.all([context.look(accountLook), context.look(recordLook)]);
	const group = (name: string) => account.groups.some((one) => one.name === name && bearsMark(fleet, one.tags));
	return record !== undefined && managersOf(fleet, account).length > 0 && group(names.workersGroup(fleet));
}

const who = (arn: string): string => arn.split(/[:/]/).at(-1) ?? arn;

function refusal(context: Context, {identity}: Needs, denied: Action[]): Finding<Found['permissions']> {
	const list = denied.map((action) => `\`${action}\``).join(', ');
	return {
		is: 'blocked',
		problem: new Problem({
			code: 'not-allowed',
			message: `${who(identity.arn)} may not do all that ${context.fleet.name} needs: AWS refuses ${list}.`,
			advice: 'Ask for those actions; the readme has the whole policy, and answers that name what exists need less.',
		}),
	};
}

async function check(context: Context, needs: Needs, actions: readonly Action[]): Promise<Finding<Found['permissions']>> {
	if (await stands(context)) return {is: 'so', resource: {checked: false}, says: 'not asked again, since the fleet stands'};
	const learnt = await Promise.all([...dryRuns(context, needs), simulations(context, needs, actions)]);
	const denied = [...new Set(learnt.flatMap((one) => one.denied))].sort();
	const notes = learnt.flatMap((one) => one.notes);
	if (denied.length > 0) return {...refusal(context, needs, denied), notes};
	const says = notes.length > 0 ? 'allowed as far as AWS tells' : 'all that the steps need is allowed';
	return {is: 'so', resource: {checked: notes.length === 0}, says, notes};
}

/**
 * That the caller may do what the steps need, before anything is made: EC2's calls as dry runs, IAM, S3 and SSM by asking IAM.
 * `actions` are those of the steps that the answers want; whoever makes the list of steps gives it.
 */
export const permissionsStep = (actions: (answers: Answers) => readonly Action[]): Step<'permissions', 'identity' | 'network' | 'images', never> => ({
	name: 'permissions',
	title: 'Permissions',
	needs: ['identity', 'network', 'images'],
	actions: ['iam:SimulatePrincipalPolicy', 'iam:GetRole', 'sts:DecodeAuthorizationMessage'],
	check: (context, found) => check(context, found, neededActions(actions(context.answers), context.answers)),
	commands: (answers, fleet) => [
		aws(fleet, 'iam', 'simulate-principal-policy', '--policy-source-arn', 'ARN', '--action-names', ...actions(answers)).replace(
			'ARN',
			'"$(aws sts get-caller-identity --query Arn --output text)"',
		),
	],
});
