import type {HostPart} from '../executors/scripts.ts';
import {readPrometheus} from '../world/host/prometheus.ts';
import type {Unit} from '../world/host/unit.ts';
import {bytes, many} from './formats.ts';

/** What a mirror has served since its service was started, in images' parts: layers and manifests. */
type MirrorCounts = {
	/** Parts that workers asked for, and those of them that it had. */
	requests: number;
	hits: number;
	/** Bytes that it fetched from Docker Hub, and that it gave to workers. */
	pulledBytes: number;
	pushedBytes: number;
};

/** The mirror of Docker Hub on a manager. */
export type MirrorSeen = {
	service: Unit;
	/** Bytes of its own room. */
	disk: {free: number; total: number} | undefined;
	counts: MirrorCounts | undefined;
	/** Pulls that Docker Hub leaves, as it said last; neither number where no limit holds. */
	pulls: {remaining?: number | undefined; limit?: number | undefined; unlimited?: boolean | undefined} | undefined;
	/** Why Docker Hub tells nothing of them: its HTTP status, or that it isn't reached. */
	unasked: string | undefined;
};

function countsIn(text: string): MirrorCounts | undefined {
	const {sum} = readPrometheus(text, ['registry_proxy_']);
	const [requests, hits, pulledBytes, pushedBytes] = ['requests', 'hits', 'pulled_bytes', 'pushed_bytes'].map((name) => sum(`registry_proxy_${name}_total`));
	if (requests === undefined || hits === undefined || pulledBytes === undefined || pushedBytes === undefined) return undefined;
	return {requests, hits, pulledBytes, pushedBytes};
}

/** A manager's mirror as one round told it; undefined where it has none. */
export function mirrorOf(told: HostPart['mirror']): MirrorSeen | undefined {
	if (!told) return undefined;
	const {pulls} = told.kept ?? {};
	const unasked = pulls?.refused === undefined ? pulls?.silent : `it answers ${pulls.refused}`;
	return {
		service: told.service,
		disk: told.disk,
		counts: countsIn(told.metrics ?? ''),
		pulls: pulls && unasked === undefined ? pulls : undefined,
		unasked,
	};
}

/** Bytes that workers had of a mirror and that nobody fetched from Docker Hub for them. */
export const savedBytes = ({pulledBytes, pushedBytes}: MirrorCounts): number => Math.max(0, pushedBytes - pulledBytes);

/** `40 of 60 parts of images were there already, 1.2 GB less from Docker Hub`. */
const savedWords = (counts: MirrorCounts): string =>
	counts.requests === 0
		? 'no image asked of it yet'
		: `${counts.hits} of ${many(counts.requests, 'part')} of images ${counts.requests === 1 ? 'was' : 'were'} there already, ${bytes(savedBytes(counts))} less from Docker Hub`;

/** What a mirror saved, how full it is, and what Docker Hub leaves, in a line. */
export function mirrorWords({counts, disk, pulls, unasked}: MirrorSeen): string {
	const left = pulls?.remaining === undefined ? undefined : many(pulls.remaining, 'pull');
	return [
		...(counts ? [savedWords(counts)] : []),
		...(disk ? [`${bytes(disk.total - disk.free)} of ${bytes(disk.total)} taken`] : []),
		...(left === undefined ? [] : [`${left} left at Docker Hub${pulls?.limit === undefined ? '' : ` of ${pulls.limit}`}`]),
		...(pulls?.unlimited ? ['no limit of pulls at Docker Hub'] : []),
		...(unasked === undefined ? [] : [`how many pulls are left isn't known: ${unasked}`]),
	].join('; ');
}
