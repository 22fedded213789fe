import {actWords} from '../../panel/acts/typed.ts';

/** An option that isn't an answer's flag. `value` is its name in help; without it the option is a switch. */
export type CommandOption = {
	readonly flag: string;
	readonly value?: string;
	readonly help: string;
	/** Fixed values, for completion. */
	readonly values?: readonly string[];
};

/** A command: what it does, what it takes, how it is used. */
export type CommandSpec = {
	readonly name: CommandName;
	readonly does: string;
	/** Words after the command, as usage shows them. */
	readonly takes?: string;
	/** Fixed first words, for completion and for naming the nearest. */
	readonly words?: readonly string[];
	/** What its first words do. */
	readonly says?: readonly (readonly [word: string, does: string])[];
	/** The least and the most number of words. */
	readonly count: readonly [least: number, most: number];
	readonly options: readonly CommandOption[];
	/** Which answers help and completions list: all, those that say which fleet and how to reach it, or none. What is given besides is read all the same. */
	readonly answers: 'all' | 'fleet' | 'none';
	readonly examples: readonly (readonly [command: string, does: string])[];
};

export type CommandName =
	| 'setup'
	| 'plan'
	| 'status'
	| 'orphans'
	| 'destroy'
	| 'ssh'
	| 'smoke'
	| 'bake'
	| 'presets'
	| 'demo'
	| 'policy'
	| 'completions'
	| 'help';

/** Whether a command's help and completions list an answer, by what commands that make no fleet need it for. */
export const lists = ({answers, options}: Pick<CommandSpec, 'answers' | 'options'>, {tells}: {tells?: 'fleet' | 'reach' | 'gitlab'}): boolean =>
	answers === 'all' ||
	(answers === 'fleet' && (tells === 'fleet' || tells === 'reach' || (tells === 'gitlab' && options.some(({flag}) => flag === 'gitlab-token-file'))));

/** What this laptop remembers without asking AWS, for completing it. */
export const rememberedKinds = ['preset', 'own-preset', 'profile', 'fleet'] as const;
export type Remembered = (typeof rememberedKinds)[number];

/** Whether it is something that this laptop remembers. */
export const isRemembered = (word: string | undefined): word is Remembered => rememberedKinds.some((kind) => kind === word);

const secretOptions: readonly CommandOption[] = [
	{flag: 'token-file', value: 'FILE|-', help: "Reads the runner's token from a file, or from standard input. Or set GITLAB_RUNNER_TOKEN."},
	{flag: 'gitlab-token-file', value: 'FILE|-', help: 'Reads a GitLab token from a file, or from standard input. Or set GITLAB_TOKEN.'},
	{flag: 'docker-hub-token-file', value: 'FILE|-', help: 'Reads the access token of --registry-mirror-user at Docker Hub; DOCKER_HUB_TOKEN otherwise.'},
	{flag: 'access-key-file', value: 'FILE|-', help: "Reads the manager's AWS access key, for --access access-keys: id and secret."},
];

/** Options of every command. */
export const everywhere: readonly CommandOption[] = [
	{flag: 'preset', value: 'NAME|FILE', help: 'Takes answers from a preset.'},
	{flag: 'yes', help: 'Agrees to what is shown, and never asks.'},
	{flag: 'plain', help: 'Plain lines instead of screens; also the calm way for screen readers.'},
	{flag: 'json', help: 'Prints one JSON event a line and nothing else, and never asks.'},
	{flag: 'no-color', help: 'No colour. Or set NO_COLOR.'},
	{flag: 'help', help: 'Says what a command does.'},
	{flag: 'version', help: 'Prints the version.'},
];

/** Every command, in the order of help. */
export const commands: readonly CommandSpec[] = [
	{
		name: 'setup',
		does: 'Sets up a fleet. The same command repairs and changes it.',
		count: [0, 0],
		options: [
			...secretOptions,
			{flag: 'replace-manager', help: 'Lets a new manager take over, where a changed answer needs one.'},
			{flag: 'drain-timeout', value: 'DURATION', help: 'How long jobs on old workers may take to end where the executor is changed. 2h unless given.'},
		],
		answers: 'all',
		examples: [
			['gitlab-runner-aws setup', 'asks, shows what will be, makes it'],
			['gitlab-runner-aws setup --preset small --region us-east-2 --token-file token.txt --yes', 'asks nothing'],
			['gitlab-runner-aws setup --fleet gitlab-runners --limit 20', 'changes a fleet that stands'],
		],
	},
	{
		name: 'plan',
		does: 'Shows what setup would change, and changes nothing.',
		count: [0, 0],
		options: secretOptions,
		answers: 'all',
		examples: [['gitlab-runner-aws plan --fleet gitlab-runners', 'exits 0 when nothing would change, 3 when something would']],
	},
	{
		name: 'status',
		does: 'Shows a fleet live: workers, jobs, costs, and why jobs wait.',
		takes: '[CHANGE]',
		words: actWords.map(({typed}) => typed),
		says: actWords.map(({typed, does, ...more}) => ['takes' in more ? `${typed} ${more.takes}` : typed, does]),
		count: [0, 6],
		options: [
			{flag: 'watch', help: 'With --json or --plain: goes on, one line each time.'},
			{flag: 'manager', value: 'ID|choose', values: ['choose'], help: 'Opens any manager of workers, marked or not, and changes nothing.'},
			{flag: 'report', help: 'Prints one page of text for the team.'},
			{flag: 'drain-timeout', value: 'DURATION', help: 'In the panel: how long running jobs may take to end when the fleet is drained. 30m unless given.'},
			{flag: 'gitlab-token-file', value: 'FILE|-', help: 'Reads a GitLab token, for waiting jobs. Or set GITLAB_TOKEN.'},
		],
		answers: 'fleet',
		examples: [
			['gitlab-runner-aws status', 'opens the panel'],
			['gitlab-runner-aws status --json --watch', 'one document a line'],
			['gitlab-runner-aws status limit 20', 'shows what that changes, and does it once you agree'],
			['gitlab-runner-aws status drain now', 'takes no more jobs, and ends those that run'],
			['gitlab-runner-aws status undo', 'brings the answers before the last change back'],
		],
	},
	{
		name: 'orphans',
		does: 'Lists workers, images and leftovers that no live manager knows, with their cost.',
		count: [0, 0],
		options: [{flag: 'all-regions', help: 'Looks in every enabled region.'}],
		answers: 'fleet',
		examples: [['gitlab-runner-aws orphans --all-regions', 'whoever made them']],
	},
	{
		name: 'destroy',
		does: 'Takes a fleet away, and proves that nothing of it is left.',
		count: [0, 0],
		options: [
			{flag: 'with-cache', help: 'Deletes the cache bucket too.'},
			{flag: 'drain-timeout', value: 'DURATION', help: 'How long running jobs may take to end: 90s, 30m, 2h. 30m unless given.'},
			{flag: 'now', help: 'Lets no running job end first.'},
			{flag: 'gitlab-token-file', value: 'FILE|-', help: 'Reads a GitLab token, for deleting the runner. Or set GITLAB_TOKEN.'},
		],
		answers: 'fleet',
		examples: [
			['gitlab-runner-aws destroy --fleet gitlab-runners', 'lists what goes and asks'],
			['gitlab-runner-aws destroy --fleet gitlab-runners --with-cache --now --yes', 'everything, at once'],
		],
	},
	{
		name: 'ssh',
		does: 'Opens a shell on the manager, or on a worker through it.',
		takes: '[WORKER] [-- COMMAND]',
		count: [0, 1],
		options: [],
		answers: 'fleet',
		examples: [
			['gitlab-runner-aws ssh', 'the manager'],
			['gitlab-runner-aws ssh -- systemctl status gitlab-runner', "one command; exits with that command's code"],
		],
	},
	{
		name: 'smoke',
		does: 'Proves the whole chain with two jobs in GitLab: worker, images, cache, artifacts, service.',
		takes: '[PROJECT]',
		count: [0, 1],
		options: [{flag: 'gitlab-token-file', value: 'FILE|-', help: 'Reads a GitLab token with the scope api. Or set GITLAB_TOKEN.'}],
		answers: 'fleet',
		examples: [
			['gitlab-runner-aws smoke', "in a project of its own beside the runner's, which is deleted at the end"],
			['gitlab-runner-aws smoke acme/app', 'on a branch of that project, which is deleted at the end'],
		],
	},
	{
		name: 'bake',
		does: "Makes an image for workers with Docker and jobs' images in it, so that they start faster.",
		count: [0, 0],
		options: [
			{flag: 'list', help: 'Lists the images that were baked, and why each is kept.'},
			{flag: 'prune', help: 'Deletes all but the last two that were proven, and those in use.'},
		],
		answers: 'fleet',
		examples: [
			['gitlab-runner-aws bake', 'from the image that workers start from now, proven by a worker before they use it'],
			['gitlab-runner-aws bake --bake-images node:24,postgres:17', 'with these images in it too'],
			['gitlab-runner-aws bake --prune', 'deletes images that nobody uses'],
		],
	},
	{
		name: 'presets',
		does: 'Lists, shows, saves and removes presets.',
		takes: 'list | show NAME | save NAME | rm NAME',
		words: ['list', 'show', 'save', 'rm'],
		count: [0, 2],
		options: [
			{
				flag: 'from',
				value: 'ID|choose',
				values: ['choose'],
				help: "With save: from that manager's config.toml, whoever set it up; what becomes of each option is told.",
			},
		],
		answers: 'all',
		examples: [
			['gitlab-runner-aws presets', 'lists them'],
			['gitlab-runner-aws presets save mine --fleet gitlab-runners', 'saves a fleet that stands as a preset'],
			[
				'gitlab-runner-aws presets save theirs --from choose --executor docker-autoscaler',
				'what a manager set up by anyone would be as a fleet of this program',
			],
		],
	},
	{
		name: 'demo',
		does: 'Shows all of it on a simulated AWS: no account, no cost.',
		count: [0, 0],
		options: [],
		answers: 'none',
		examples: [
			['gitlab-runner-aws demo', 'an afternoon in a few minutes'],
			['gitlab-runner-aws demo --executor docker+machine', 'the same with the other executor'],
		],
	},
	{
		name: 'policy',
		does: 'Prints the IAM policy that a person needs for this.',
		count: [0, 0],
		options: [],
		answers: 'none',
		examples: [['gitlab-runner-aws policy', 'to paste into IAM']],
	},
	{
		name: 'completions',
		does: 'Prints completions for a shell.',
		takes: `bash | zsh | fish | values ${rememberedKinds.join('|')}`,
		words: ['bash', 'zsh', 'fish', 'values'],
		count: [1, 2],
		options: [],
		answers: 'none',
		examples: [
			['source <(gitlab-runner-aws completions bash)', 'for this shell; add the line to ~/.bashrc for all'],
			['source <(gitlab-runner-aws completions zsh)', 'the same in zsh, after compinit'],
			['gitlab-runner-aws completions fish | source', 'the same in fish'],
		],
	},
	{
		name: 'help',
		does: 'Says what a command does.',
		takes: '[COMMAND]',
		count: [0, 1],
		options: [],
		answers: 'none',
		examples: [['gitlab-runner-aws help setup', 'all that setup takes']],
	},
];
