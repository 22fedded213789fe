import {z} from 'zod';
import type {Script} from '../script.ts';

/** A program to install: `checksums` is the URL of its release.sha256, matched by the file's base name. */
export type Download = {name: 'gitlab-runner' | 'docker-machine'; version: string; url: string; checksums: string; path: string};

export type Install = {
	/** Seconds that cloud-init may take. */
	bootSeconds: number;
	downloads: Download[];
	/** Text of the systemd drop-in with the graceful stop. */
	dropIn: string;
	/** Workers' user data, and its path. */
	userData: {path: string; text: string};
	/** Seconds that running jobs may take to end before a running service's program is replaced. */
	drainSeconds: number;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done')}),
	/** `boot-failed`, `boot-slow`, `download-failed`, `checksum-wrong`, `disk-full`, `drain-slow`, `command-failed` */
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type InstallOutcome = z.infer<typeof outcome>;

/** Waits for the first boot, then brings programs, unit, drop-in, certificates and user data to what is wanted. Does only what isn't so yet. */
export const installScript: Script<Install, InstallOutcome> = {name: 'install', changes: true, result: outcome, text: ''};
