import type {LaunchTemplate, LaunchTemplateVersion, RequestLaunchTemplateData} from '@aws-sdk/client-ec2';
import {copied} from '../../copied.ts';
import {filtered, onlyKnows, required, tagList, tagsFor} from '../asked.ts';
import type {Handlers, Here} from '../here.ts';
import {refusal} from '../refusal.ts';
import type {TemplateState} from './state.ts';

type TemplateNamed = {LaunchTemplateId?: string | undefined; LaunchTemplateName?: string | undefined};

/** A template by its id or its name; throws EC2's refusal where there is none. */
function templateOf({region}: Here, {LaunchTemplateId: id, LaunchTemplateName: name}: TemplateNamed): TemplateState {
	if (id !== undefined) {
		const template = region.templates.get(id);
		if (!template) throw refusal('InvalidLaunchTemplateId.NotFound', `The specified launch template, with template ID ${id}, does not exist.`);
		return template;
	}
	const template = [...region.templates.values()].find((one) => one.name === required(name, 'LaunchTemplateId or LaunchTemplateName'));
	if (!template) throw refusal('InvalidLaunchTemplateName.NotFoundException', `The specified launch template, with template name ${name}, does not exist.`);
	return template;
}

/** The number that a version's name stands for: `$Latest`, `$Default` (always the first here), or itself. */
export const numberOf = ({versions}: TemplateState, version: string): number =>
	version === '$Latest' ? versions.length : version === '$Default' ? 1 : Number(version);

/** What a version of a template says, or undefined where there is none. */
export const dataOf = (template: TemplateState, version: string): RequestLaunchTemplateData | undefined =>
	template.versions[numberOf(template, version) - 1]?.data;

function judgeData(data: RequestLaunchTemplateData | undefined): RequestLaunchTemplateData {
	const asked = required(data, 'LaunchTemplateData');
	onlyKnows('LaunchTemplateData', asked, [
		'ImageId',
		'InstanceType',
		'KeyName',
		'SecurityGroupIds',
		'NetworkInterfaces',
		'IamInstanceProfile',
		'BlockDeviceMappings',
		'MetadataOptions',
		'InstanceMarketOptions',
		'TagSpecifications',
		'UserData',
		'Monitoring',
		'EbsOptimized',
	]);
	if (Buffer.from(asked.UserData ?? '', 'base64').length > 16_384) throw refusal('InvalidUserData.Malformed', 'User data is limited to 16384 bytes');
	for (const {ResourceType} of asked.TagSpecifications ?? []) {
		tagsFor(ResourceType ?? '', asked.TagSpecifications, ['instance', 'volume', 'network-interface', 'spot-instances-request']);
	}
	return copied(asked);
}

const shown = ({createdAt, by, id, name, tags, versions}: TemplateState): LaunchTemplate => ({
	LaunchTemplateId: id,
	LaunchTemplateName: name,
	CreateTime: new Date(createdAt),
	CreatedBy: by,
	DefaultVersionNumber: 1,
	LatestVersionNumber: versions.length,
	Tags: tagList(tags),
});

function versionShown({id, name, versions}: TemplateState, number: number): LaunchTemplateVersion {
	const version = versions[number - 1];
	if (!version) throw new Error(`The launch template ${name} has no version ${number}.`);
	const {at, by, data, description} = version;
	return {
		LaunchTemplateId: id,
		LaunchTemplateName: name,
		VersionNumber: number,
		...(description === undefined ? {} : {VersionDescription: description}),
		CreateTime: new Date(at),
		CreatedBy: by,
		DefaultVersion: number === 1,
		LaunchTemplateData: data,
	};
}

const described = (description: string | undefined) => (description === undefined ? {} : {description});

/** Launch templates: what an Auto Scaling group launches from. A version never changes. */
export const launchTemplates: Handlers<
	'CreateLaunchTemplate' | 'CreateLaunchTemplateVersion' | 'DescribeLaunchTemplates' | 'DescribeLaunchTemplateVersions' | 'DeleteLaunchTemplate'
> = {
	CreateLaunchTemplate(input, here) {
		onlyKnows('CreateLaunchTemplate', input, ['LaunchTemplateName', 'LaunchTemplateData', 'VersionDescription', 'TagSpecifications', 'ClientToken', 'DryRun']);
		const {region, account, now, by} = here;
		const name = required(input.LaunchTemplateName, 'LaunchTemplateName');
		if (!/^[\w().\-/]{3,128}$/.test(name)) throw refusal('InvalidLaunchTemplateName.MalformedException', `Invalid launch template name: ${name}`);
		const data = judgeData(input.LaunchTemplateData);
		const asked = JSON.stringify({...input, ClientToken: undefined});
		const before = region.templateTokens.get(input.ClientToken ?? '');
		const first = before && region.templates.get(before.id);
		if (before && before.asked !== asked)
			throw refusal('IdempotentParameterMismatch', 'The client token you have provided is associated with a different set of parameters.');
		if (first) return {LaunchTemplate: shown(first)};
		if ([...region.templates.values()].some((template) => template.name === name))
			throw refusal('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
		const template: TemplateState = {
			id: account.newId('lt'),
			name,
			tags: tagsFor('launch-template', input.TagSpecifications),
			createdAt: now,
			by,
			seenFrom: now + here.late('seeing'),
			knownFrom: now + here.late('template'),
			versions: [{data, ...described(input.VersionDescription), at: now, by}],
		};
		region.templates.set(template.id, template);
		if (input.ClientToken !== undefined) region.templateTokens.set(input.ClientToken, {asked, id: template.id});
		return {LaunchTemplate: shown(template)};
	},
	CreateLaunchTemplateVersion(input, here) {
		onlyKnows('CreateLaunchTemplateVersion', input, ['LaunchTemplateId', 'LaunchTemplateName', 'LaunchTemplateData', 'VersionDescription', 'DryRun']);
		const template = templateOf(here, input);
		template.versions.push({data: judgeData(input.LaunchTemplateData), ...described(input.VersionDescription), at: here.now, by: here.by});
		return {LaunchTemplateVersion: versionShown(template, template.versions.length)};
	},
	DescribeLaunchTemplates(input, here) {
		onlyKnows('DescribeLaunchTemplates', input, ['LaunchTemplateIds', 'LaunchTemplateNames', 'Filters', 'MaxResults', 'NextToken']);
		const {region, now} = here;
		const seen = [...region.templates.values()].filter(({seenFrom}) => seenFrom <= now);
		const asked: TemplateNamed[] = [
			...(input.LaunchTemplateIds ?? []).map((LaunchTemplateId) => ({LaunchTemplateId})),
			...(input.LaunchTemplateNames ?? []).map((LaunchTemplateName) => ({LaunchTemplateName})),
		];
		const named = asked.map((one) => templateOf({...here, region: {...region, templates: new Map(seen.map((each) => [each.id, each]))}}, one));
		const filters = {'launch-template-name': ({name}: TemplateState) => name};
		const found = filtered('DescribeLaunchTemplates', asked.length > 0 ? named : seen, input.Filters, filters, ({tags}) => tags);
		return {LaunchTemplates: found.map(shown)};
	},
	DescribeLaunchTemplateVersions(input, here) {
		onlyKnows('DescribeLaunchTemplateVersions', input, ['LaunchTemplateId', 'LaunchTemplateName', 'Versions', 'MaxResults', 'NextToken']);
		const template = templateOf(here, input);
		const wanted = input.Versions?.map((version) => numberOf(template, version)) ?? template.versions.map((_version, index) => index + 1).reverse();
		const missing = wanted.find((number) => !template.versions[number - 1]);
		if (missing !== undefined)
			throw refusal(
				'InvalidLaunchTemplateId.VersionNotFound',
				`Could not find the specified version ${missing} for the launch template with ID ${template.id}.`,
			);
		return {LaunchTemplateVersions: wanted.map((number) => versionShown(template, number))};
	},
	DeleteLaunchTemplate(input, here) {
		onlyKnows('DeleteLaunchTemplate', input, ['LaunchTemplateId', 'LaunchTemplateName', 'DryRun']);
		const template = templateOf(here, input);
		here.region.templates.delete(template.id);
		return {LaunchTemplate: shown(template)};
	},
};
