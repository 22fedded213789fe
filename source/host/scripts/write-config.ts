import {z} from 'zod';
import type {Script} from '../script.ts';

export type WriteConfig = {
	/** The whole text that config.toml is to hold. */
	text: string;
	/** SHA-256 of the text that `text` was made from, undefined when there was no file: another one there means that the runner rotated its token meanwhile. */
	from?: string | undefined;
	/** Kept across a replaced manager. */
	systemId?: string | undefined;
	/** PEM of GitLab's CA, and where it goes. */
	ca?: {path: string; text: string} | undefined;
	/** `[default]` section for root's AWS credentials file; undefined leaves the file alone. */
	credentials?: string | undefined;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('written'), hash: z.string()}),
	/** Someone else wrote between: look again. */
	z.object({is: z.literal('changed-meanwhile')}),
	/** `gitlab-runner lint` refused it; nothing was written. */
	z.object({is: z.literal('refused'), detail: z.string()}),
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type WriteConfigOutcome = z.infer<typeof outcome>;

/** Writes config.toml (0600, atomically, after `gitlab-runner lint`), keeps the one before as config.toml.previous. */
export const writeConfigScript: Script<WriteConfig, WriteConfigOutcome> = {name: 'write-config', changes: true, result: outcome, text: ''};
