import * as z from 'zod';
import {matching, optional, programUrlPattern, question, words} from './question.ts';

const folderUrl = matching(new RegExp(`^${programUrlPattern}/?$`), 'the https URL of a folder');

/** The version that this release was proven with; never "latest". */
export const gitlabRunnerVersion = question(
	'gitlabRunnerVersion',
	matching(/^\d+\.\d+\.\d+$/, 'a version such as 19.3.0'),
)({
	title: 'Which version of GitLab Runner?',
	help: 'The one that this release was proven with, unless another is given. A newer one is a note, never an upgrade by itself.',
	kind: 'text',
	change: 'drain',
	mends: 'software',
	default: async () => ({value: '19.3.0', why: 'pinned by this release'}),
});

export const downloads = optional(
	'downloads',
	z.strictObject(
		{gitlabRunner: folderUrl, dockerMachine: folderUrl, registry: folderUrl.optional()},
		words('{gitlabRunner, dockerMachine}, and registry for a mirror: folder URLs'),
	),
)({
	title: "Where are the manager's programs downloaded from?",
	help: "gitlabRunner=URL,dockerMachine=URL, and registry=URL for a mirror: folders that hold one folder a version, instead of the publishers'. Checksums are verified all the same.",
	kind: 'json',
	change: 'live',
	holds: 'path',
});
