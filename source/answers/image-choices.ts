import {isProblem} from '../problem.ts';
import type {Cloud, Output} from '../world/cloud/port.ts';
import {type Architecture, architectures, lines, wantedImage} from './publishers.ts';
import {type Asking, type Choice, choice, isText} from './question.ts';

type Described = NonNullable<Output<'DescribeImages'>['Images']>[number];

/** A choice of an image, and what its publisher or its owner calls it. */
export type ImageChoice = Choice<string> & {description: string};

/** What is looked at for a hint alone: what can't be read is left out, but for a bug of ours or a session that is over. */
async function ifTold<Result>(work: Promise<Result>): Promise<Result | undefined> {
	try {
		return await work;
	} catch (error) {
		if (isProblem(error) && error.fault !== 'bug' && !isProblem(error, 'session-expired', 'no-credentials', 'wrong-credentials')) return undefined;
		throw error;
	}
}

/** The newest image that a publisher names for an architecture. */
async function newestOf(cloud: Cloud, name: string, architecture: Architecture): Promise<string | undefined> {
	const wanted = wantedImage(name);
	if (!('publisher' in wanted)) return undefined;
	const answer = await ifTold(cloud.call('GetParameter', {Name: wanted.publisher.parameter(architecture)}));
	return answer?.Parameter?.Value;
}

/** What an instance type runs; x86_64 where that isn't told. */
async function architectureOf(cloud: Cloud, type: string | undefined): Promise<Architecture> {
	if (type === undefined) return 'x86_64';
	const answer = await ifTold(cloud.call('DescribeInstanceTypes', {Filters: [{Name: 'instance-type', Values: [type]}]}));
	const runs = answer?.InstanceTypes?.[0]?.ProcessorInfo?.SupportedArchitectures ?? [];
	return architectures.find((one) => runs.includes(one)) ?? 'x86_64';
}

/** An id in the middle of which is cut what nobody compares. */
const shortId = (id: string): string => (id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id);

/** `12 days old`. Milliseconds since 1970. */
function ageWords(created: string | undefined, now: number): string | undefined {
	const days = created === undefined ? Number.NaN : Math.floor((now - Date.parse(created)) / 86_400_000);
	if (Number.isNaN(days)) return undefined;
	return days < 1 ? 'new today' : `${days} ${days === 1 ? 'day' : 'days'} old`;
}

/** What there is to know of an image besides. */
function detailsOf(seen: Described, now: number): NonNullable<ImageChoice['details']> {
	const tags = (seen.Tags ?? []).map(({Key, Value}) => `${Key}=${Value}`);
	const root = seen.RootDeviceName ?? '';
	const disk = seen.BlockDeviceMappings?.find(({DeviceName}) => DeviceName === root)?.Ebs?.VolumeSize;
	const until = seen.DeprecationTime?.slice(0, 10);
	const ends = until === undefined ? undefined : `${Date.parse(until) <= now ? 'deprecated since' : 'supported until'} ${until}`;
	return [
		['Name', seen.Name ?? 'none'],
		['Id', [seen.ImageId, ends].filter(Boolean).join(', ')],
		['Tags', `${tags.length === 0 ? 'none' : tags.join(', ')}; root ${[root, disk && `${disk} GiB`].filter(Boolean).join(', ')}`],
	];
}

const factsOf = ({Architecture: architecture, ImageId: id, CreationDate: created}: Described, now: number): string =>
	[architecture?.padEnd(6), id && shortId(id), ageWords(created, now)].filter(Boolean).join('  ');

/** The publishers' images of these lines that run on a type, then this account's own that are tagged for runners, newest first, then those of the other architecture. */
export async function imageChoices({cloud, now}: Asking, among: readonly string[], type: string | undefined): Promise<ImageChoice[]> {
	const offered = lines.filter(({name}) => among.includes(name));
	const [own, usual, ids] = await Promise.all([
		cloud.call('DescribeImages', {Owners: ['self'], Filters: [{Name: 'tag:type', Values: ['gitlab-runner']}]}),
		architectureOf(cloud, type),
		Promise.all(
			offered.flatMap(({name, label}) =>
				architectures.map(async (architecture) => ({name, label, architecture, id: await newestOf(cloud, name, architecture)})),
			),
		),
	]);
	const known = ids.map(({id}) => id).filter(isText);
	const described = known.length === 0 ? undefined : await ifTold(cloud.call('DescribeImages', {ImageIds: known, IncludeDeprecated: true}));
	const seenOf = (id: string | undefined) => described?.Images?.find(({ImageId}) => ImageId === id);
	const published = (isUsual: boolean): ImageChoice[] =>
		ids.flatMap(({name, label, architecture, id}) => {
			const seen = seenOf(id);
			if ((architecture === usual) !== isUsual || (!isUsual && !seen)) return [];
			const value = isUsual ? name : `${name}-${architecture}`;
			return [{...choice(value, value, seen ? factsOf(seen, now()) : label), ...(seen ? {details: detailsOf(seen, now())} : {}), description: label}];
		});
	const mine = (own.Images ?? [])
		.toSorted((one, other) => (other.CreationDate ?? '').localeCompare(one.CreationDate ?? ''))
		.flatMap((seen): ImageChoice[] => {
			if (!seen.ImageId) return [];
			const label = `${seen.Name ?? ''} ${seen.ImageId}`.trim();
			const version = seen.Tags?.find(({Key}) => Key === 'version')?.Value;
			const whose = version ? `yours, version ${version}` : 'yours';
			const hint = [seen.Architecture, whose, ageWords(seen.CreationDate, now())].filter(Boolean).join('  ');
			return [{...choice(seen.ImageId, label, hint), details: detailsOf(seen, now()), description: label}];
		});
	return [...published(true), ...mine, ...published(false)];
}
