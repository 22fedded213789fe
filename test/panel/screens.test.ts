import assert from 'node:assert/strict';
import {test} from 'node:test';
import {spokenRows} from '../../source/faces/ui/frame.ts';
import {type PanelView, panelViews} from '../../source/faces/ui/panel/screen.ts';
import {textOf} from '../../source/faces/ui/row.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import {failing, good, off} from '../../source/panel/seen.ts';
import {nothingSeen} from '../../source/panel/snapshot.ts';
import {Problem} from '../../source/problem.ts';
import {smallSizes, sizes as usual} from '../faces/sizes.ts';
import {endedJobs, gitlabSees, healthy, host, journal, minutes, now, pending, refused, runnerSees} from './seeing.ts';
import {busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

const sizes = [...usual, [100, 30]] as const;

const down = new Problem({code: 'gitlab-failing', message: 'gitlab.com answers 502.', fault: 'outside', again: true});
const troubled = busyFleet(16, {gitlab: failing(good(gitlabSees([pending(1)]), now - minutes(3)), down, now - minutes(2))});

for (const [columns, rows] of sizes) {
	for (const view of panelViews) {
		test(`the ${view} view fills ${columns}x${rows} and no more: head, gauges, why jobs wait, views, keys`, () => {
			for (const snapshot of [busyFleet(5000), busyFleet(3), healthy(), troubled, nothingSeen('us-east-2', 'gitlab-runners')]) {
				const lines = linesOf(screenOf({view}), panelView(seenOf(snapshot), {columns, rows}));
				assert.equal(lines.length, rows);
				for (const line of lines) assert.ok(displayWidth(line) <= columns, `${displayWidth(line)}: ${line}`);
				assert.match(lines[0] ?? '', /^ gitlab-runners {2}us-east-2/);
				assert.match(lines.join('\n'), /1 workers.*2 jobs.*3 log.*4 config.*5 costs/);
				assert.match(lines.at(-1) ?? '', /q quit .*\? (?:keys|help)/);
			}
		});
	}

	test(`at ${columns}x${rows} a table of 5,000 shows its window, says how many more there are, and never drops name and state`, () => {
		const lines = linesOf(screenOf(), panelView(seenOf(busyFleet(5000)), {columns, rows}));
		const head = lines.find((line) => line.includes('NAME')) ?? '';
		assert.match(head, /NAME +STATE/);
		const shown = lines.filter((line) => /runner-.* busy/.test(line)).length;
		assert.ok(shown >= 5, `${shown} rows`);
		assert.ok(
			lines.some((line) => line.includes(`↓ ${(5000 - shown).toLocaleString('en-US')}`)),
			lines.join('\n'),
		);
	});

	test(`at ${columns}x${rows} the sentence on why jobs wait is there with its source and the key that acts`, () => {
		const text = linesOf(screenOf(), panelView(seenOf(busyFleet(16)), {columns, rows}))
			.join(' ')
			.replace(/\s+/g, ' ');
		assert.match(text, /Why are 3 jobs waiting\? The limit is 16 and all 16 machines are busy/);
		assert.match(text, /\+ raise limit/);
	});
}

for (const [columns, rows] of smallSizes) {
	test(`at ${columns}x${rows} each view of the panel has the fleet, the runner's state, why jobs wait with the key that acts, and its keys`, () => {
		for (const view of panelViews) {
			const lines = linesOf(screenOf({view}), panelView(seenOf(busyFleet(16)), {columns, rows}));
			assert.equal(lines.length, rows);
			for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
			assert.match(lines.slice(0, 2).join(' '), /^ gitlab-runners .*runner.* ✔ online/);
			assert.match(lines.join(' ').replace(/\s+/g, ' '), /Why are 3 jobs waiting\? The limit is 16 .*\+ raise limit/);
			assert.match(lines.join('\n'), new RegExp(`${panelViews.indexOf(view) + 1} ${view}`));
			assert.match(lines.at(-1) ?? '', /q quit .*\? (?:keys|help)/);
		}
		assert.match(linesOf(screenOf(), panelView(seenOf(busyFleet(16)), {columns, rows})).join('\n'), /› runner-.* busy/);
	});
}

test('a terminal that is too small is told what it needs, and what does at any size', () => {
	assert.deepEqual(linesOf(screenOf(), panelView(seenOf(busyFleet(3)), {columns: 50, rows: 10})), [
		'This needs 40 columns',
		'and 12 rows. It has',
		'50 and 10.',
		'With --plain any size does.',
	]);
});

test('the narrower the terminal, the fewer columns: by rank, so that age and price stay longest', () => {
	const headAt = (columns: number): string => linesOf(screenOf(), panelView(seenOf(busyFleet(3)), {columns})).find((line) => line.includes('NAME')) ?? '';
	assert.match(headAt(200), /NAME.*STATE.*JOB.*TYPE.*ZONE.*AGE.*\$\/H.*SPENT \$.*MARKET.*INSTANCE.*ADDRESS/);
	assert.match(headAt(80), /NAME.*STATE.*JOB.*AGE/);
	assert.doesNotMatch(headAt(80), /ZONE/);
	assert.doesNotMatch(headAt(60), /TYPE|ZONE|SPENT/);
});

test('a source that fails says so with its age, its cells go dim, and what it told stays', () => {
	const lines = linesOf(screenOf(), panelView(seenOf(troubled)));
	assert.ok(
		lines.some((line) => line.includes('! GitLab: 3 m old, gitlab.com answers 502.')),
		lines.join('\n'),
	);
	assert.match(lines.join('\n'), /runner-.* busy/);
});

test('the record’s last change stands there, with who and when', () => {
	const record = good([{version: 4, at: Date.UTC(2026, 10, 24, 3, 12), by: 'alice', changes: [{what: 'limit', from: '12', to: '16'}]}], now);
	assert.match(linesOf(screenOf(), panelView(seenOf(busyFleet(16, {record})))).join('\n'), /limit 12 → 16 by alice, 03:12 UTC/);
});

test('two causes are both told, the one to act on first coming first', () => {
	const snapshot = busyFleet(16, {journal: good(journal(refused('InsufficientInstanceCapacity: There is no Spot capacity available')), now)});
	const text = linesOf(screenOf(), panelView(seenOf(snapshot)))
		.join(' ')
		.replace(/\s+/g, ' ');
	assert.match(text, /EC2 has no spot capacity for c5\.large in us-east-2a.* Also: The limit is 16/);
	assert.match(text, /m move workers/);
});

test('jobs: those that wait come first, with how long and what they ask for', () => {
	const text = linesOf(screenOf({view: 'jobs'}), panelView(seenOf(busyFleet(2)))).join('\n');
	assert.match(text, /› api #1 test +waiting +tags docker +5 m/);
	assert.match(text, /api #8000 +running +step script +90 s/);
});

test('jobs: after those that run come the last ones, each with how it ended, how long it took, its machine and why it failed', () => {
	const snapshot = busyFleet(1, {journal: good(endedJobs, now)});
	const lines = linesOf(screenOf({view: 'jobs'}), panelView(seenOf(snapshot), {columns: 160}));
	const at = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
	assert.ok(at(/web #7002 +failed +failed to pull image "acme\/build:1": manifest unknown +4 s +runner-/) >= 0, lines.join('\n'));
	assert.ok(at(/api #7001 +passed +62 s +runner-/) > at(/web #7002/));
	assert.ok(at(/api #8000 +running/) < at(/web #7002/));
});

test('jobs: one that the runner has and that waits for its machine isn’t called running', () => {
	const pendingJob = {
		id: 8100,
		url: 'https://gitlab.com/acme/api/-/jobs/8100',
		project: 'acme/api',
		state: 'pending',
		stage: '',
		executorStage: '',
		seconds: 12,
	};
	const seen = seenOf(healthy({gitlab: good(gitlabSees([]), now), runner: good(runnerSees({creating: 1, jobs: 1, preparing: 1}, [pendingJob]), now)}));
	assert.match(linesOf(screenOf({view: 'jobs'}), panelView(seen)).join('\n'), /api #8100 +preparing +waits for its machine +12 s/);
	assert.match(linesOf(screenOf(), panelView(seen)).join('\n'), /0 running, 1 waiting for its machine 12 s, 0 waiting in GitLab/);
});

test('where no job waits, what is wrong is told all the same, with its key', () => {
	const crashed = {active: 'activating', sub: 'auto-restart', result: 'signal', status: 9, since: now - 40_000, restarts: 0};
	const seen = seenOf(healthy({gitlab: good(gitlabSees([]), now), host: good(host([], {service: crashed}), now), runner: off('It does not run.')}));
	const text = linesOf(screenOf(), panelView(seen)).join('\n').replace(/\s+/g, ' ');
	assert.match(text, /runner ✖ crashed/);
	assert.match(text, /No job waits \(GitLab, 2 projects\)\. GitLab Runner crashed 40 s ago \(killed by signal 9\)\./);
	assert.match(text, /R start it now/);
});

test('without a GitLab token the jobs view says what shows those that wait; how many is never said to be none', () => {
	const snapshot = busyFleet(0, {gitlab: off('Give GITLAB_TOKEN to see jobs that wait.')});
	const text = linesOf(screenOf({view: 'jobs'}), panelView(seenOf(snapshot))).join('\n');
	assert.match(text, /Give GITLAB_TOKEN to see jobs that wait\./);
	assert.match(text, /waiting not known/);
	assert.doesNotMatch(text, /0 waiting/);
});

test('an empty fleet says that idle is 0 and what starts a worker', () => {
	const snapshot = healthy({host: good(host([], {}, {idleCount: 0}), now)});
	assert.match(linesOf(screenOf(), panelView(seenOf(snapshot))).join('\n'), /No workers: the idle count is 0\. The next job starts one\./);
	const stopped = healthy({host: good(host([], {service: {active: 'inactive', since: now, restarts: 0}}), now)});
	assert.match(linesOf(screenOf(), panelView(seenOf(stopped))).join('\n'), /No workers: the runner is stopped, and takes no jobs\./);
});

const log = Array.from({length: 100}, (_, at) => ({
	at: now - (100 - at) * 1000,
	message: `{"level":"${at === 99 ? 'error' : 'info'}","msg":"line ${at}","job":${at}}`,
}));

test('the log is followed: its newest line is the last one shown; held, it stands still and says how many came', () => {
	const seen = seenOf({...busyFleet(1), log});
	const followed = linesOf(screenOf({view: 'log'}), panelView(seen));
	assert.match(followed.at(-3) ?? '', /line 99 +job=99/);
	const held = linesOf(screenOf({view: 'log', held: log[10]}), panelView(seen)).join('\n');
	assert.match(held, /held, \d+ newer lines/);
	assert.match(held, /line 10 /);
	assert.doesNotMatch(held, /line 99/);
});

test('config.toml is shown without its secrets, below what was changed', () => {
	const record = good([{version: 2, at: now - minutes(60), by: 'bob', changes: [], note: 'drained by bob@desk at 2026-11-24T11:00Z'}], now);
	const text = 'concurrent = 16\n[[runners]]\ntoken = "ab12cd…"\n';
	const config = {...host().config, hash: 'h', text, facts: host().config?.facts};
	const shown = linesOf(screenOf({view: 'config'}), panelView(seenOf(busyFleet(1, {record, host: good(host([], {config}), now)})))).join('\n');
	assert.match(shown, /version 2, 11:00 UTC: drained by bob@desk$/m);
	assert.match(shown, /token = "ab12cd…"/);
});

test('costs are about, since when, and what spot saves', () => {
	const text = linesOf(screenOf({view: 'costs'}), panelView(seenOf(busyFleet(10)))).join('\n');
	assert.match(text, /Now +about \$0\.\d+ an hour: manager \$0\.\d+, 10 workers/);
	assert.match(text, /Today +about \$\d/);
	assert.match(text, /Spot +saves about \$0\.51 an hour against on demand/);
	assert.match(text, /Today +about \$\S+\n +This month +about \$\S+\n +both without machines that had gone by \S+ UTC$/m);
});

test('costs and config.toml are whole at every size: long lines go on in the next row', () => {
	const text = `concurrent = 16\nnote = "${'a long value '.repeat(12)}end"\n`;
	const config = {...host().config, hash: 'h', text, facts: host().config?.facts};
	const snapshot = busyFleet(10);
	const seen = seenOf({...snapshot, host: good(host(snapshot.host.value?.machines, {config}), now)});
	for (const [columns, rows] of sizes) {
		for (const view of ['costs', 'config'] as const) {
			const lines = linesOf(screenOf({view}), panelView(seen, {columns, rows: rows + 30}));
			for (const line of lines.slice(4)) assert.doesNotMatch(line, /…$/);
		}
		assert.match(linesOf(screenOf({view: 'config'}), panelView(seen, {columns, rows: rows + 30})).join('\n'), /value end"/);
	}
});

test('a manager that is only looked at says so, and has no key that changes anything', () => {
	const seen = {...seenOf(busyFleet(2)), about: {title: 'i-0ab12cd34', region: 'us-east-2', every: 5, readOnly: 'Only looked at.'}};
	const lines = linesOf(screenOf(), panelView(seen));
	assert.match(lines[0] ?? '', /read-only/);
	assert.match(lines.at(-2) ?? '', /Only looked at\./);
	assert.doesNotMatch(lines.at(-1) ?? '', /limit|drain|ssh|move workers/);
	assert.doesNotMatch(lines.join('\n'), /raise limit/);
});

test('in ASCII nothing else is drawn', () => {
	for (const view of panelViews satisfies readonly PanelView[]) {
		const lines = linesOf(screenOf({view}), panelView(seenOf({...busyFleet(30), log}), {look: {colour: false, ascii: true}}));
		for (const line of lines) assert.match(line, /^[ -~]*$/);
	}
});

test('a screen reader hears words in order: no bars, no clock that goes on', () => {
	const view = panelView(seenOf(busyFleet(3)));
	const at = (ms: number): string =>
		spokenRows(screenOf(), {...view, now: now + ms})
			.map(textOf)
			.join('\n');
	assert.match(at(0), /runner .*running|online/);
	assert.match(at(0), /Why are 3 jobs waiting\?/);
	assert.doesNotMatch(at(0), /[▁-█⠋]/);
	assert.doesNotMatch(at(0), / ago/);
});
