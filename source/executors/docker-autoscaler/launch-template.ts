import {createHash} from 'node:crypto';
import type {Change, Context, Finding, Found, Note, Removal, Report, Step} from '../../engine/step.ts';
import {mark, names} from '../../fleet.ts';
import {Problem, unless} from '../../problem.ts';
import {aws, tagSpecification} from '../../steps/aws-cli.ts';
import {Blocked, differs, orBlocked} from '../../steps/finding.ts';
import {workerImage} from '../../steps/images.ts';
import {spreading, untilSeen, whenKnown} from '../../steps/late.ts';
import {diskKeyLook} from '../../steps/looks/keys.ts';
import {recordLook} from '../../steps/looks/record.ts';
import {mirrorUrl} from '../../steps/mirror-address.ts';
import {bearsMark, setMissingTags, tagChanges, tagList} from '../../steps/tags.ts';
import type {RequestLaunchTemplateData} from '../../world/cloud/port.ts';
import {scalingActions, scalingLook, type TemplateSeen} from './looks.ts';
import {scalingRole} from './scaling-role.ts';
import {templateChanges, templateData} from './template-data.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'launch-template': {id: string; version: number};
	}
}

type TemplateNeeds = 'network' | 'images' | 'security-groups';

/** The image of workers, which stays the one that the template names as long as it's of the line that is answered. */
export async function imageOfWorkers(context: Context, found: Pick<Found, 'images'>) {
	const {template} = await context.look(scalingLook);
	const standing = template && bearsMark(context.fleet, template.tags) ? template.data.ImageId : undefined;
	return workerImage(context, found.images.worker, standing);
}

/** What workers are to be launched with. */
export async function dataWanted(context: Context, found: Pick<Found, TemplateNeeds>): Promise<{data: RequestLaunchTemplateData; notes: Note[]}> {
	const {answers, fleet} = context;
	const [{image, notes}, mirror] = await Promise.all([imageOfWorkers(context, found), mirrorUrl(context, answers)]);
	const isPublic = found.network.workerSubnets.some((subnet) => subnet.public);
	return {data: templateData({answers, fleet, image, mirror, network: {public: isPublic}, workersGroupId: found['security-groups'].workersGroupId}), notes};
}

/** A key of the account's own encrypts disks only for whom its policy lets in, and here that is Auto Scaling. */
async function keyNotes(context: Context): Promise<Note[]> {
	const key = await context.look(diskKeyLook);
	const advice = `${scalingRole.name} needs \`kms:CreateGrant\` on it, by the key's own policy or a grant; without it workers end as soon as they are launched.`;
	if ('unknown' in key)
		return [{says: `Whether a key of yours encrypts workers' disks isn't known, since AWS doesn't tell (${key.unknown}).`, advice: `If one does, ${advice}`}];
	return key.arn === undefined ? [] : [{says: `Your key ${key.arn} encrypts workers' disks.`, advice}];
}

async function check(context: Context, found: Pick<Found, TemplateNeeds>): Promise<Finding<Found['launch-template']>> {
	const {answers, fleet} = context;
	const name = names.launchTemplate(fleet);
	const [{template}, {data, notes: image}, keys] = await Promise.all([context.look(scalingLook), dataWanted(context, found), keyNotes(context)]);
	const notes = [...image, ...keys];
	const says = `${name}: ${data.ImageId}, ${answers.workerDisk} GiB encrypted`;
	if (!template) return {is: 'missing', says, notes};
	if (!bearsMark(fleet, template.tags)) throw foreign(template);
	const changes: Change[] = [
		...templateChanges(template.data, data),
		...tagChanges(answers, [template.tags]).map((change) => ({...change, what: 'tags of it'})),
	];
	const resource = {id: template.id, version: template.version};
	if (changes.length > 0) return differs(resource, changes, notes);
	return {is: 'ready', resource, says: `${says}, version ${template.version}`, notes};
}

/** Somebody else's template of our name: it blocks, and is never touched. */
const foreign = ({id, name}: TemplateSeen): Blocked =>
	new Blocked(
		'InvalidLaunchTemplateName.AlreadyExistsException',
		`A launch template ${name} is already there (${id}), and it isn't this fleet's, so it stays as it is.`,
		'Name the fleet otherwise with `--fleet`, or delete that template where nobody uses it.',
	);

/** The same for the same template, so that a call made twice makes one; its name keeps any other from being made. */
const clientToken = (context: Context, born: string | undefined, data: RequestLaunchTemplateData): string =>
	createHash('sha256')
		.update([context.fleet.name, context.fleet.region, born ?? '', 'launch-template', JSON.stringify(data)].join('\n'))
		.digest('hex')
		.slice(0, 64);

/** Makes the template, or finds the one that somebody else's run of this fleet made a moment ago. */
async function create(context: Context, data: RequestLaunchTemplateData, report: Report): Promise<void> {
	const {answers, cloud, fleet} = context;
	const name = names.launchTemplate(fleet);
	report({says: `making ${name}`});
	const record = await context.look(recordLook);
	const call = () =>
		cloud.call('CreateLaunchTemplate', {
			LaunchTemplateName: name,
			LaunchTemplateData: data,
			TagSpecifications: [{ResourceType: 'launch-template', Tags: tagList(answers.tags, mark(fleet, 'launch-template'))}],
			ClientToken: clientToken(context, record?.born, data),
		});
	await unless(whenKnown(context, report, call), 'InvalidLaunchTemplateName.AlreadyExistsException', 'IdempotentParameterMismatch');
	const look = async (): Promise<TemplateSeen | undefined> => {
		context.forget(scalingLook);
		return (await context.look(scalingLook)).template;
	};
	const made = await untilSeen(context, look, () => report({says: `waiting until EC2 shows ${name}`}));
	if (made && bearsMark(fleet, made.tags)) return;
	if (made) throw foreign(made).problem;
	throw new Problem({
		code: 'InvalidLaunchTemplateName.NotFoundException',
		fault: 'outside',
		again: true,
		message: `AWS doesn't show the launch template ${name} yet.`,
		advice: 'Run the same command again.',
	});
}

async function apply(context: Context, found: Pick<Found, TemplateNeeds>, _finding: unknown, report: Report): Promise<void> {
	const {cloud} = context;
	const [{template}, {data}] = await Promise.all([context.look(scalingLook), dataWanted(context, found)]);
	if (!template) return create(context, data, report);
	if (!bearsMark(context.fleet, template.tags)) throw foreign(template).problem;
	if (templateChanges(template.data, data).length > 0) {
		report({says: `version ${template.version + 1} of ${template.name} being made`});
		await cloud.call('CreateLaunchTemplateVersion', {LaunchTemplateId: template.id, LaunchTemplateData: data});
	}
	await setMissingTags(context, [template]);
	context.forget(scalingLook);
}

async function own(context: Removal): Promise<TemplateSeen[]> {
	const {template} = await context.look(scalingLook);
	return template && bearsMark(context.fleet, template.tags) ? [template] : [];
}

async function remove(context: Removal, report: Report): Promise<void> {
	for (const {id, name} of await own(context)) {
		await unless(context.cloud.call('DeleteLaunchTemplate', {LaunchTemplateId: id}), 'InvalidLaunchTemplateId.NotFound');
		report({says: `${name} deleted`});
	}
	context.forget(scalingLook);
}

/** What workers are launched with: a change is a new version, which workers that run don't get. */
export const launchTemplateStep: Step<'launch-template', TemplateNeeds, 'record' | 'permissions' | 'quota' | 'registry-mirror'> = {
	name: 'launch-template',
	title: 'Launch template',
	needs: ['network', 'images', 'security-groups'],
	after: ['record', 'permissions', 'quota', 'registry-mirror'],
	actions: [
		...scalingActions,
		'ec2:DescribeImages',
		'ec2:GetEbsDefaultKmsKeyId',
		'ec2:CreateLaunchTemplate',
		'ec2:CreateLaunchTemplateVersion',
		'ec2:DeleteLaunchTemplate',
		'ec2:CreateTags',
	],
	settles: spreading,
	barred: async (context) => {
		const {template} = await context.look(scalingLook);
		return template && !bearsMark(context.fleet, template.tags) ? foreign(template).finding : undefined;
	},
	check: orBlocked(check),
	apply,
	stands: async (context) => (await own(context)).map(({id, name}) => ({id, says: `launch template ${name}`, goes: true})),
	remove,
	commands(answers, fleet) {
		const image = {id: 'IMAGE', architecture: 'x86_64', rootDevice: '/dev/xvda', diskGib: 0, user: 'ec2-user', name: ''} as const;
		const data = templateData({answers, fleet, image, network: {public: true}, workersGroupId: 'GROUP'});
		const named = ['--launch-template-name', names.launchTemplate(fleet), '--launch-template-data', JSON.stringify(data)];
		return [
			aws(
				fleet,
				'ec2',
				'create-launch-template',
				...named,
				'--tag-specifications',
				tagSpecification('launch-template', {...answers.tags, ...mark(fleet, 'launch-template')}),
			),
		];
	},
};
