import type {ParameterState} from './account.ts';
import {onlyKnows, required, tagList} from './asked.ts';
import type {Handlers, Here} from './here.ts';
import {refusal} from './refusal.ts';
import {judgedTags, tagWith} from './tag-rules.ts';

const wellFormed = /^(?!\/?(aws|ssm))[a-zA-Z0-9_.\-/]{1,1000}$/i;
/** Bytes of a value by tier (PutParameter). */
const most = {Standard: 4096, Advanced: 8192} as const;
/** After a delete, how long the same name is refused, in milliseconds. */
const afterDelete = 30_000;

/** The parameter as it can be seen by now: a new one comes late. */
const seen = (name: string, {region, now}: Here): ParameterState | undefined => {
	const parameter = region.parameters.get(name);
	return parameter && parameter.seenFrom <= now ? parameter : undefined;
};

function parameterOf(name: string | undefined, here: Here): ParameterState {
	const parameter = seen(required(name, 'Name'), here);
	if (!parameter) throw refusal('ParameterNotFound', `Parameter ${name} not found.`);
	return parameter;
}

/** A SecureString's value that is not asked for in clear is ciphertext. */
const cipher = (value: string) => `AQICAH${Buffer.from(value).toString('hex').split('').reverse().join('')}`;

const shown = (parameter: ParameterState, version: ParameterState['versions'][number], {region, account}: Here, clear: boolean | undefined) => ({
	Name: parameter.name,
	Type: parameter.type,
	Value: parameter.type === 'SecureString' && !clear ? cipher(version.value) : version.value,
	Version: version.version,
	LastModifiedDate: new Date(version.at),
	ARN: `arn:aws:ssm:${region.name}:${account.id}:parameter${parameter.name.startsWith('/') ? '' : '/'}${parameter.name}`,
	DataType: 'text',
});

const lastOf = (parameter: ParameterState) => {
	const last = parameter.versions.at(-1);
	if (!last) throw new Error(`The parameter ${parameter.name} has no version.`);
	return last;
};

/** Parameter Store (docs/facts.md, "SSM Parameter Store"). */
export const ssm: Handlers<
	'GetParameter' | 'PutParameter' | 'DeleteParameter' | 'GetParameterHistory' | 'GetParametersByPath' | 'AddTagsToResource' | 'ListTagsForResource'
> = {
	GetParameter(input, here) {
		onlyKnows('GetParameter', input, ['Name', 'WithDecryption']);
		const [name, wanted] = required(input.Name, 'Name').split(':');
		const parameter = parameterOf(name, here);
		const version = wanted === undefined ? lastOf(parameter) : parameter.versions.find((one) => String(one.version) === wanted);
		if (!version) throw refusal('ParameterVersionNotFound', `Systems Manager could not find version ${wanted} of ${name}.`);
		return {Parameter: shown(parameter, version, here, input.WithDecryption)};
	},
	PutParameter(input, here) {
		onlyKnows('PutParameter', input, ['Name', 'Value', 'Type', 'Overwrite', 'Tags', 'Tier', 'Description', 'DataType', 'KeyId']);
		const {region, now} = here;
		const name = required(input.Name, 'Name');
		const value = required(input.Value, 'Value');
		if (!wellFormed.test(name))
			throw refusal(
				'ValidationException',
				`Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol.`,
			);
		if (input.Overwrite && input.Tags)
			throw refusal(
				'ValidationException',
				`Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.`,
			);
		if (/\{\{.*\}\}/s.test(value)) throw refusal('ValidationException', `Parameter value can't nest another parameter. Do not use "{{}}" in the value.`);
		const before = region.parameters.get(name);
		const tier = input.Tier ?? before?.tier ?? 'Standard';
		if (tier !== 'Standard' && tier !== 'Advanced') throw refusal('ValidationException', `This world has no tier ${tier}.`);
		if (Buffer.byteLength(value) > most[tier]) {
			throw refusal(
				'ValidationException',
				`${tier} tier parameters support a maximum parameter value of ${most[tier]} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.`,
			);
		}
		if (before && !input.Overwrite)
			throw refusal('ParameterAlreadyExists', 'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.');
		if (before && input.Type !== undefined && input.Type !== before.type)
			throw refusal('HierarchyTypeMismatchException', 'The specified parameter type cannot be changed.');
		const deleted = region.deletedParameters.get(name);
		if (!before && deleted !== undefined && now < deleted + afterDelete)
			throw refusal('ParameterAlreadyExists', 'The parameter already exists. It was deleted less than 30 seconds ago.');
		const type = before?.type ?? required(input.Type, 'Type');
		const versions = [
			...(before?.versions ?? []),
			{
				version: (before?.versions.at(-1)?.version ?? 0) + 1,
				value,
				at: now,
				by: here.by,
				description: input.Description ?? before?.versions.at(-1)?.description,
			},
		].slice(-100);
		region.parameters.set(name, {
			name,
			type,
			tier,
			tags: before?.tags ?? judgedTags('ssm', input.Tags),
			seenFrom: before?.seenFrom ?? now + here.late('parameter'),
			versions,
		});
		return {Version: versions.at(-1)?.version, Tier: tier};
	},
	DeleteParameter(input, here) {
		onlyKnows('DeleteParameter', input, ['Name']);
		const {name} = parameterOf(input.Name, here);
		here.region.parameters.delete(name);
		here.region.deletedParameters.set(name, here.now);
		return {};
	},
	GetParameterHistory(input, here) {
		onlyKnows('GetParameterHistory', input, ['Name', 'WithDecryption', 'MaxResults', 'NextToken']);
		const parameter = parameterOf(input.Name, here);
		return {
			Parameters: parameter.versions.map((version) => ({
				...shown(parameter, version, here, input.WithDecryption),
				LastModifiedUser: version.by,
				...(version.description === undefined ? {} : {Description: version.description}),
				Tier: parameter.tier,
				Labels: [],
				Policies: [],
			})),
		};
	},
	GetParametersByPath(input, here) {
		onlyKnows('GetParametersByPath', input, ['Path', 'Recursive', 'WithDecryption', 'MaxResults', 'NextToken']);
		const path = required(input.Path, 'Path');
		const prefix = path.endsWith('/') ? path : `${path}/`;
		const found = [...here.region.parameters.values()].filter(
			({name, seenFrom}) => seenFrom <= here.now && name.startsWith(prefix) && (input.Recursive || !name.slice(prefix.length).includes('/')),
		);
		return {Parameters: found.map((parameter) => shown(parameter, lastOf(parameter), here, input.WithDecryption))};
	},
	AddTagsToResource(input, here) {
		onlyKnows('AddTagsToResource', input, ['ResourceType', 'ResourceId', 'Tags']);
		const parameter = seen(required(input.ResourceId, 'ResourceId'), here);
		if (input.ResourceType !== 'Parameter' || !parameter)
			throw refusal('InvalidResourceId', 'The resource ID is not valid. Verify that you entered the correct ID and try again.');
		tagWith('ssm', parameter, input.Tags);
		return {};
	},
	ListTagsForResource(input, here) {
		onlyKnows('ListTagsForResource', input, ['ResourceType', 'ResourceId']);
		const parameter = seen(required(input.ResourceId, 'ResourceId'), here);
		if (input.ResourceType !== 'Parameter' || !parameter)
			throw refusal('InvalidResourceId', 'The resource ID is not valid. Verify that you entered the correct ID and try again.');
		return {TagList: tagList(parameter.tags)};
	},
};
