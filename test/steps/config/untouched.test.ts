import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Answers} from '../../../source/fleet.ts';
import {savedByRunner} from '../../../source/simulated/host/runner-save.ts';
import {mergeConfig} from '../../../source/steps/config/merge.ts';
import {isTable, parseConfig, same, type Table, tablesAt, type Value} from '../../../source/world/host/toml.ts';
import {someConfig} from '../../executors/docker-machine/some-answers.ts';

const schedule = [{periods: ['* * 9-17 * * mon-fri *'], timezone: 'Europe/Berlin', idleCount: 2, idleTime: 1800}];
const begun = mergeConfig(undefined, {...someConfig({schedule}), token: {token: 'glrt-t3_ours', id: 42, obtainedAt: Date.UTC(2026, 10, 24)}}).text;

/** What may change by an answer of ours; written down here once more, since the table itself is under test. */
const ours = {
	globals: ['concurrent', 'check_interval', 'listen_address', 'log_format', 'shutdown_timeout', 'machine.shutdown_drain.enabled'],
	entry: [
		...['name', 'url', 'executor', 'limit', 'request_concurrency', 'docker.image', 'docker.privileged', 'docker.disable_cache', 'docker.volumes'],
		...['cache.Type', 'cache.Path', 'cache.Shared', 'cache.s3.BucketName', 'cache.s3.BucketLocation', 'cache.s3.AuthenticationType'],
		...[
			'machine.IdleCount',
			'machine.IdleTime',
			'machine.MaxBuilds',
			'machine.MaxGrowthRate',
			'machine.MachineDriver',
			'machine.MachineName',
			'machine.autoscaling',
		],
	],
};

/** A table without the keys of some paths, and without the tables that are empty then. */
function without(table: Table, paths: readonly string[], at = ''): Table {
	const kept: Table = {};
	for (const [key, value] of Object.entries(table)) {
		const path = at === '' ? key : `${at}.${key}`;
		if (paths.includes(path)) continue;
		const left = isTable(value) ? without(value, paths, path) : value;
		if (!isTable(left) || Object.keys(left).length > 0) kept[key] = left;
	}
	return kept;
}

const isOursOption = (option: Value): boolean => typeof option === 'string' && /^(amazonec2-(?!monitoring)|engine-install-url)/.test(option);

/** All that an owner may call theirs. */
function theirs(text: string): Table {
	const file = parseConfig(text, 'config.toml');
	const {runners: _runners, ...globals} = file;
	const runners = tablesAt(file, 'runners').map((runner) => {
		if (runner.name !== 'gitlab-runners') return runner;
		const {machine, ...rest} = without(runner, ours.entry);
		const options = isTable(machine) && Array.isArray(machine.MachineOptions) ? machine.MachineOptions : [];
		return {...rest, machine: {...(isTable(machine) ? machine : {}), MachineOptions: options.filter((option) => !isOursOption(option))}};
	});
	return {...without(globals, ours.globals), runners};
}

let count = 0;
const unique = (word: string): string => {
	count += 1;
	return `${word}${count}`;
};

/** Something in a line that looks like TOML, in a comment or a text. */
const odd = fc.constantFrom('plain', 'a # in it', '[[runners]]', '[x]', 'k = "v"', "it's", '"', '\\', 'ü → 東', '#!', "'''", '"""', 'glrt-x');
const value = fc.oneof(
	odd.map((text) => JSON.stringify(text)),
	fc.integer({min: -9, max: 99}).map(String),
	fc.constantFrom(
		'1.0',
		'0.5',
		'true',
		'false',
		'2026-11-24T08:00:00Z',
		'1979-05-27',
		'"15m0s"',
		'[]',
		'[1, 2]',
		'[ "a", "b" ]',
		'{a = 1, b = {c = "d"}}',
		'"""\n[[runners]]\n# no comment\n"""',
		"'a\\b'",
	),
);

type Edit = (text: string) => string;

const atLine = (text: string, where: number, make: (line: string, lines: string[], index: number) => string[]): string => {
	const lines = text.split('\n');
	const index = Math.min(lines.length - 1, Math.floor(where * lines.length));
	lines.splice(index, 1, ...make(lines[index] ?? '', lines, index));
	return lines.join('\n');
};

/** Ends of multi-line texts and lists aren't known to these edits, so they keep away from what would break them. */
const ifTomlStill =
	(edit: Edit): Edit =>
	(text) => {
		const edited = edit(text);
		try {
			parseConfig(edited, 'edited');
			return edited;
		} catch {
			return text;
		}
	};

const where = fc.double({min: 0, max: 0.999, noNaN: true});
const edits: fc.Arbitrary<Edit> = fc.oneof(
	fc.tuple(where, odd).map(
		([at, says]): Edit =>
			(text) =>
				atLine(text, at, (line) => [`# ${unique('above')} ${says}`, line]),
	),
	fc.tuple(where, odd).map(
		([at, says]): Edit =>
			(text) =>
				atLine(text, at, (line) => (/^\s*[\w"-]+ *=|^\s*\[/.test(line) ? [`${line} # ${unique('beside')} ${says}`] : [line])),
	),
	fc.tuple(where, value).map(
		([at, what]): Edit =>
			(text) =>
				atLine(text, at, (line) => [line, `  ${unique('own_key_')} = ${what}`]),
	),
	where.map(
		(at): Edit =>
			(text) =>
				atLine(text, at, (line) => ['', line, '']),
	),
	where.map(
		(at): Edit =>
			(text) =>
				atLine(text, at, (line) => [`    ${line.trimStart()}`]),
	),
	fc.tuple(where, value).map(
		([at, what]): Edit =>
			(text) => {
				const name = unique('own-table-');
				return atLine(text, at, (line) => (/^\s*\[\[runners\]\]/.test(line) ? [`[${name}]`, `key = ${what}`, '', line] : [line]));
			},
	),
	value.map(
		(what): Edit =>
			(text) =>
				`${text}\n[${unique('own-table-')}.inner]\nkey = ${what} # at the end\n`,
	),
	fc.tuple(fc.boolean(), value).map(
		([first, what]): Edit =>
			(text) => {
				const entry = `# ${unique('about')} another runner\n[[runners]]\nname = "${unique('other')}"\nurl = "https://gitlab.example.com" # theirs\ntoken = "glrt-theirs"\nexecutor = "docker+machine"\nown = ${what}\n[runners.machine]\nMachineName = "theirs-%s"\nMachineOptions = ["amazonec2-region=eu-west-1"]\n[[runners.machine.autoscaling]]\nPeriods = ["* * * * * * *"]\n`;
				const at = text.search(/^[ \t]*\[\[runners\]\]/m);
				return first && at >= 0 ? `${text.slice(0, at)}${entry}\n${text.slice(at)}` : `${text}\n${entry}`;
			},
	),
	fc.constantFrom('engine-opt=mtu=1400', 'engine-registry-mirror=http://10.0.0.9:6000', 'amazonec2-monitoring', 'engine-label=a="b"').map(
		(option): Edit =>
			(text) =>
				text.replace(
					/(MachineOptions = \[ ?)("amazonec2-region=us-east-2)/,
					(_, head: string, tail: string) => `${head.trimEnd()}\n  # ${unique('why')}\n  ${JSON.stringify(option)}, # so\n  ${tail}`,
				),
	),
	fc.constant((text: string) => savedByRunner(text)),
);

const changes: fc.Arbitrary<Partial<Answers>> = fc.record(
	{
		limit: fc.integer({min: 1, max: 30}),
		concurrent: fc.integer({min: 1, max: 30}),
		idleCount: fc.integer({min: 0, max: 3}),
		maxBuilds: fc.constantFrom(0, 5),
		checkInterval: fc.constantFrom(3, 10),
		workerType: fc.constantFrom('c5.large', 'm5.xlarge'),
		spot: fc.boolean(),
		privileged: fc.boolean(),
		cache: fc.constantFrom('create', 'none'),
		dockerImage: fc.constantFrom('alpine:latest', 'busybox'),
		tags: fc.constantFrom({}, {team: 'ci'}),
		schedule: fc.constantFrom(schedule, [], [...schedule, {periods: ['* * * * * sat,sun *'], timezone: 'UTC', idleCount: 0, idleTime: 60}]),
	},
	{requiredKeys: []},
);

const commentsIn = (text: string): string[] => [...text.matchAll(/# ((?:above|beside|about|why)\d+)/g)].map(([, name = '']) => name);

test("what an owner or the runner's own save wrote into config.toml stays as it is through our change: values, tables, other runners, options, comments", () => {
	let told = 0;
	fc.assert(
		fc.property(fc.array(edits, {minLength: 1, maxLength: 8}), changes, (owners, answers) => {
			const before = owners.reduce((text, edit) => ifTomlStill(edit)(text), begun);
			const {changes: told_, commentsGo, text: after} = mergeConfig(before, someConfig({schedule, ...answers}));
			const [kept, now] = [theirs(before), theirs(after)];
			assert.ok(same(kept, now), `theirs changed:\n${before}\n—— became ——\n${after}`);
			assert.deepEqual(mergeConfig(after, someConfig({schedule, ...answers})).changes, [], after);
			if (told_.length === 0) assert.equal(after, before);
			if (commentsGo) told += 1;
			// A comment that stands beside or right above a key goes with it.
			const keepsAll = answers.cache !== 'none' && answers.spot !== false && answers.schedule?.length !== 0;
			if (!commentsGo && keepsAll) assert.deepEqual(commentsIn(after), commentsIn(before), `${before}\n—— became ——\n${after}`);
		}),
		{numRuns: 2000, seed: 8},
	);
	assert.ok(told < 20, `${told} of 2,000 files were written anew`);
});
