import {hostPattern} from '../world/gitlab/url.ts';
import {count, matching, optional, question} from './question.ts';

/** What dockerd takes for a mirror: the root of a host, without a path or a login (docs/facts.md, "Registry mirror"). */
const mirrorPattern = `https?://(${hostPattern})(:\\d{1,5})?/?`;

/** Whether a text is the URL of a mirror. */
export const isMirrorUrl = (text: string): boolean => new RegExp(`^${mirrorPattern}$`).test(text);

export const registryMirror = question(
	'registryMirror',
	matching(new RegExp(`^(none|create|${mirrorPattern})$`), "none, create, or a mirror's URL such as https://mirror.example.com, without a path"),
)({
	title: "Do workers take Docker Hub's images from a mirror?",
	help: 'create keeps them on the manager: a job that needs one again has it at once, and it counts as no pull at Docker Hub. A URL names a mirror that is there. Images of other registries are fetched as before.',
	kind: 'choice',
	change: 'live',
	mends: 'registry-mirror',
	default: 'none',
	known: ['none', 'create'],
	choices: async () => [
		{value: 'none', label: 'none', hint: 'each worker asks Docker Hub'},
		{value: 'create', label: 'create', hint: 'a mirror on the manager'},
	],
});

export const registryMirrorDisk = question(
	'registryMirrorDisk',
	count(1, 1000, 'GiB'),
)({
	title: "How much room does the manager's mirror get?",
	help: "It takes no more, and drops what was used longest ago when it's nearly full. A manager's disk is made larger by that much; one that stands gives what it has free.",
	kind: 'number',
	unit: 'GiB',
	change: 'live',
	when: ({registryMirror: where}) => where === 'create',
	default: 20,
});

export const registryMirrorUser = optional(
	'registryMirrorUser',
	matching(/^[a-z0-9][a-z0-9_-]{1,99}$/, "a Docker ID or an organisation's name: small letters, digits, - and _"),
)({
	title: 'As whom does the mirror pull from Docker Hub?',
	help: "Without it pulls count against the manager's address. Its access token is given with `--docker-hub-token-file`, and kept on the manager alone. Jobs then see what that user sees.",
	kind: 'text',
	change: 'live',
	when: ({registryMirror: where}) => where === 'create',
});
