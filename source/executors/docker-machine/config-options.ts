import {type AnswerKey, markKeys} from '../../fleet.ts';
import {isSecretOption} from '../../host/secret-words.ts';
import {extraOptions, flagOf} from './machine-options.ts';

/** One option of docker-machine as it stands in MachineOptions; how the answers make them is in machine-options.ts. */
type Option = {
	readonly flag: string;
	/** The answer that it holds. */
	readonly answer?: AnswerKey;
	/** What docker-machine goes by where the option is absent. */
	readonly absent?: string;
	/** The answer in its value; as it is when left out. */
	readonly read?: (value: string) => unknown;
	/** It was made from the answer, and isn't the answer as it was given: an image's id for its name. */
	readonly resolved?: true;
	/** It means one manager alone, so no other is made with it. */
	readonly local?: true;
};

/** docker-machine's own list, `key,value,…`, less what every worker gets anyhow. */
function tagsIn(list: string): Record<string, string> | undefined {
	const ours: readonly string[] = ['Name', ...Object.values(markKeys)];
	const parts = list.split(',');
	const pairs = parts.flatMap((key, index) => (index % 2 === 0 && index + 1 < parts.length ? [[key, parts[index + 1] ?? ''] as const] : []));
	const tags = Object.fromEntries(pairs.filter(([key]) => key !== '' && !ours.includes(key)));
	return Object.keys(tags).length === 0 ? undefined : tags;
}

const rows: readonly Option[] = [
	// A fleet's place is its own, whatever is taken over of another.
	{flag: 'amazonec2-region', answer: 'region', resolved: true},
	{flag: 'amazonec2-subnet-id', answer: 'subnet', resolved: true},
	{flag: 'amazonec2-instance-type', answer: 'workerType', absent: 't2.micro'},
	{flag: 'amazonec2-ami', answer: 'workerImage', resolved: true},
	{flag: 'amazonec2-root-size', answer: 'workerDisk', absent: '16', read: Number},
	{flag: 'amazonec2-ssh-user', answer: 'workerSshUser', resolved: true},
	{flag: 'amazonec2-request-spot-instance', answer: 'spot', absent: 'false', read: (value) => value !== 'false'},
	// An omitted price is a cap of 0.50 USD an hour, an empty one the on-demand price.
	{flag: 'amazonec2-spot-price', answer: 'spotPrice', absent: '0.50', read: (value) => (value === '' ? 'on-demand' : Number(value))},
	{flag: 'amazonec2-iam-instance-profile', answer: 'workerProfile'},
	{flag: 'amazonec2-tags', answer: 'tags', read: tagsIn},
	{flag: 'engine-install-url', answer: 'engineInstall'},
	...['amazonec2-access-key', 'amazonec2-secret-key', 'amazonec2-session-token'].map((flag): Option => ({flag, local: true})),
	// It names files and pairs that are one manager's.
	...['amazonec2-keypair-name', 'amazonec2-ssh-keypath'].map((flag): Option => ({flag, local: true})),
];

const byFlag = new Map(rows.map((row) => [row.flag, row]));

/** The answer that an option holds. */
export const answerOfFlag = (flag: string): AnswerKey | undefined => byFlag.get(flag)?.answer;

/** What MachineOptions say in our answers; `secrets` where one of them was left out. */
export type OptionsRead = {
	answers: Partial<Record<AnswerKey, unknown>>;
	/** Answers that aren't what was answered: made from it, or mixed with what others wrote. */
	resolved: AnswerKey[];
	secrets: boolean;
};

/** Reads the options of amazonec2, whoever wrote them. Options that no answer holds are the answer `machineOptions`; secrets are never in it. */
export function optionsRead(options: readonly string[]): OptionsRead {
	const values = new Map(options.map((option) => [flagOf(option), option.slice(flagOf(option).length + 1)]));
	const answers: OptionsRead['answers'] = {};
	for (const {absent, answer, flag, read} of rows) {
		const value = values.get(flag) ?? absent;
		if (answer !== undefined && value !== undefined) answers[answer] = read ? read(value) : value;
	}
	if (answers.spot !== true) delete answers.spotPrice;
	const isOwn = (option: string): boolean => !isSecretOption(flagOf(option)) && byFlag.get(flagOf(option))?.local !== true;
	answers.machineOptions = extraOptions(options, []).filter(isOwn);
	return {
		answers,
		resolved: ['machineOptions', ...rows.flatMap(({answer, resolved}) => (answer && resolved ? [answer] : []))],
		secrets: options.some((one) => isSecretOption(flagOf(one))),
	};
}
