import {markKeys} from '../../fleet.ts';
import {ifAnswered, unless} from '../../problem.ts';
import {longestBuild} from '../../steps/bake/builder.ts';
import {longestImaging} from '../../steps/bake/image.ts';
import {type Instance, lives} from '../../steps/looks/account.ts';
import {type BakedImage, type BakedThings, lookAtBaked} from '../../steps/looks/baked-images.ts';
import {recordRead} from '../../steps/looks/record.ts';
import type {Cloud} from '../../world/cloud/port.ts';
import {fleetsLeft, type Leftover, type Region, verdict} from '../leftovers.ts';
import {isBuilder} from '../paid.ts';
import type {RegionAccess} from './managers.ts';

/** Images that were baked for any fleet, and their snapshots. */
export type BakedSeen = Pick<BakedThings, 'images' | 'snapshots'>;

/** What was baked in a region for whatever fleet; nothing for who isn't allowed to look. */
export const lookAtAllBaked = async (cloud: Cloud): Promise<BakedSeen> => (await unless(lookAtBaked(cloud), 'not-allowed')) ?? {images: [], snapshots: []};

/** Who else starts machines from an image: that, in a few words, by the image's id. `unread`: why not all of it is known. */
export type ImageUsers = {fleets: ReadonlyMap<string, string>; instances: ReadonlyMap<string, string>; unread: string | undefined};

/** The longest that a run of `bake` needs its builder for, with some minutes for launching it, in milliseconds. */
const longestBake = longestBuild + longestImaging + 900_000;

/** A fleet that nobody has any more leaves its builder; of one that stands nobody waits for a builder that is older than any bake. */
function builderLeft(region: Region, images: readonly BakedImage[], instance: Instance): Leftover | undefined {
	const {id, launchedAt, tags, type, zone} = instance;
	const fleet = tags[markKeys.fleet];
	if (!lives(instance) || !isBuilder(instance)) return undefined;
	const left = fleetsLeft(region, 'image builder', fleet, {id, name: id, createdAt: launchedAt});
	if (left?.is !== 'known') return left && {...left, type, zone};
	const making = images.find((image) => image.builder === id && image.state === 'pending');
	const isOld = region.now - launchedAt >= longestBake;
	const judged = making
		? verdict('known', `image ${making.id} is being made of it`)
		: isOld
			? verdict('orphan', `no bake of fleet ${fleet} takes that long`)
			: verdict('not-known', `a bake of fleet ${fleet} may be at it`);
	return {...left, ...judged, type, zone};
}

/** An image whose fleet is gone stays as long as anybody else starts machines from it, or may. */
function imageLeft(region: Region, {fleets, instances, unread}: ImageUsers, image: BakedImage): Leftover | undefined {
	const {fleet, id, sizeGib, snapshotIds} = image;
	const left = fleetsLeft(region, 'image', fleet, image);
	if (!left) return undefined;
	const [user, runs] = [fleets.get(id), instances.get(id)];
	const doubt = runs ?? unread;
	const used = user !== undefined ? verdict('known', user) : doubt !== undefined ? verdict('not-known', doubt) : {};
	return {...left, ...(left.is === 'orphan' ? used : {}), sizeGib, snapshotIds};
}

/** Builders, images and snapshots without an image, each judged by whether somebody has its fleet. What bears no mark is nobody's here. Pure. */
export const judgeBaked = (region: Region, {images, snapshots}: BakedSeen, users: ImageUsers): Leftover[] =>
	[
		...region.instances.map((instance) => builderLeft(region, images, instance)),
		...images.map((image) => imageLeft(region, users, image)),
		...snapshots.map((snapshot) => {
			const left = snapshot.isLeft ? fleetsLeft(region, 'snapshot', snapshot.fleet, {...snapshot, name: snapshot.id}) : undefined;
			return left && {...left, sizeGib: snapshot.sizeGib};
		}),
	].filter((left) => left !== undefined);

const nobody: ImageUsers = {fleets: new Map(), instances: new Map(), unread: undefined};

/** Which images the records and launch templates of fleets that stand name, and which instances that don't go themselves were started from. */
async function usersIn(access: RegionAccess, region: Region, going: ReadonlySet<string>): Promise<ImageUsers> {
	const standing = new Set([...region.fleets, ...region.managers.flatMap(({fleet}) => fleet ?? [])]);
	const unread: string[] = [];
	const fleets = new Map<string, string>();
	const records = [...standing].map(async (name) => {
		const context = access.open({name, region: region.region});
		try {
			const {answers, unread: why} = await recordRead(context);
			if (why) unread.push(`the record of fleet ${name} can't be read`);
			for (const id of [answers.workerImage, answers.image]) if (id !== undefined) fleets.set(id, `fleet ${name} starts machines from it`);
		} finally {
			await context.close();
		}
	});
	const {scaling} = region.leftovers;
	if (!scaling) unread.push("launch templates can't be looked at");
	const templates = (scaling?.templates ?? []).map(async ({id: LaunchTemplateId, name, tags}) => {
		if (!standing.has(tags[markKeys.fleet] ?? '')) return;
		const answer = await ifAnswered(access.cloud.call('DescribeLaunchTemplateVersions', {LaunchTemplateId}));
		if ('problem' in answer) unread.push(`the launch template ${name} can't be read`);
		else
			for (const {LaunchTemplateData} of answer.result.LaunchTemplateVersions ?? [])
				fleets.set(LaunchTemplateData?.ImageId ?? '', `launch template ${name} names it`);
	});
	await Promise.all([...records, ...templates]);
	const running = region.instances.filter((one) => lives(one) && !going.has(one.id));
	return {fleets, instances: new Map(running.map(({id, imageId}) => [imageId, `${id} runs from it`])), unread: unread[0]};
}

/**
 * What `bake` left in a region, besides all else that was judged there. Whom an image is of use to is asked for only where its own fleet is gone.
 * Throws AWS's Problems, and `Stopped`.
 */
export async function bakedLeft(access: RegionAccess, region: Region, seen: BakedSeen, others: readonly Leftover[]): Promise<Leftover[]> {
	const judged = judgeBaked(region, seen, nobody);
	if (!judged.some(({is, kind}) => is === 'orphan' && kind === 'image')) return judged;
	const going = new Set([...others, ...judged].filter(({is}) => is === 'orphan').map(({id}) => id));
	return judgeBaked(region, seen, await usersIn(access, region, going));
}
