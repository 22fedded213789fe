import assert from 'node:assert/strict';
import {test} from 'node:test';
import {keysOf} from '../../source/faces/ui/keys.ts';
import type {Move, Screen} from '../../source/faces/ui/screen.ts';
import {good} from '../../source/panel/seen.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import {endedJobs, gitlabSees, healthy, minutes, nameAt, now, pending} from './seeing.ts';
import {busyFleet, linesOf, panelView, screenOf, seenOf} from './shown.ts';

test('details hold what narrow columns drop, and a worker that went is said to be gone', () => {
	const seen = seenOf(busyFleet(1));
	const [row] = seen.rows;
	const text = linesOf({is: 'panel-item', on: row?.key ?? ''}, panelView(seen, {columns: 60, rows: 24})).join('\n');
	for (const needed of [
		/State +busy/,
		/Job +#8000 acme\/api/,
		/https:\/\/gitlab\.com\/acme\/api\/-\/jobs\/8000/,
		/Instance +i-/,
		/Type +c5\.large, spot/,
		/Zone +us-east-2a/,
		/Cost +about/,
	])
		assert.match(text, needed);
	assert.match(linesOf({is: 'panel-item', on: nameAt(99)}, panelView(seen)).join('\n'), /It is gone/);
});

test('Enter on a job opens all that is known of it: the whole reason why it failed, its machine, how long it took', () => {
	const snapshot = busyFleet(1, {journal: good(endedJobs, now)});
	const view = panelView(seenOf(snapshot), {columns: 60, rows: 20});
	const [enter] = keysOf(screenOf({view: 'jobs', jobs: {at: 4, top: 0}}), view).filter(({press}) => press.includes('enter'));
	assert.deepEqual(enter?.act(), {push: {is: 'panel-item', on: `end 7002 ${now - minutes(4)}`}});
	const text = linesOf({is: 'panel-item', on: `end 7002 ${now - minutes(4)}`}, view).join('\n');
	assert.match(text, /^ status › job[^\n]*\n web #7002 {2}failed\n/);
	assert.match(text.replace(/[\s│]+/g, ' '), /Reason failed to pull image "acme\/build:1": manifest unknown GitLab says runner external dependency failure/);
	assert.match(text, /Took +4 s/);
	assert.match(text, /Machine +runner-/);
	// The log names no page: its GitLab and project do.
	assert.match(text, /https:\/\/gitlab\.com\/acme\/web\/-\/jobs\/7002/);
	const copies = keysOf({is: 'panel-item', on: `end 7002 ${now - minutes(4)}`}, view).find(({press}) => press.includes('c'));
	assert.deepEqual(copies?.act(), {panel: {do: 'copy', text: 'https://gitlab.com/acme/web/-/jobs/7002'}});
});

test('details that are more than the terminal has rows are gone through with PgDn', () => {
	const seen = seenOf(busyFleet(1));
	const view = panelView(seen, {columns: 60, rows: 12});
	let screen: Screen = {is: 'panel-item', on: seen.rows[0]?.key ?? ''};
	assert.match(linesOf(screen, view).at(-2) ?? '', /↓ \d+ more/);
	let text = '';
	for (let page = 0; page < 3; page++) {
		text += linesOf(screen, view).join('\n');
		const move: Move | undefined = keysOf(screen, view)
			.find(({press}) => press.includes('pagedown'))
			?.act();
		assert.ok(move && 'to' in move);
		screen = move.to;
	}
	for (const needed of [/State +busy/, /jobs\/8000/, /Instance +i-/, /Zone +us-east-2a/, /Cost +about/]) assert.match(text, needed);
});

test('a job whose details are open is followed from waiting to running to its end, and said to be gone after that', () => {
	const at = (snapshot: Snapshot): string => linesOf({is: 'panel-item', on: 'wait 8000'}, panelView(seenOf(snapshot))).join('\n');
	assert.match(at(healthy({gitlab: good(gitlabSees([pending(8000)]), now)})), /State +waiting[\s\S]*Tags +docker/);
	assert.match(at(busyFleet(1)), /State +running[\s\S]*https:\/\/gitlab\.com\/acme\/api\/-\/jobs\/8000/);
	assert.match(at(healthy()), /It is gone: neither GitLab nor the runner tells of it any more\./);
});
