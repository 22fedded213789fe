import assert from 'node:assert/strict';
import {test} from 'node:test';
import {panelLayout} from '../../source/faces/ui/panel/draw.ts';
import {whyRows} from '../../source/faces/ui/panel/head.ts';
import type {PanelSeen} from '../../source/faces/ui/panel/seen.ts';
import {textOf} from '../../source/faces/ui/row.ts';
import {displayWidth} from '../../source/faces/words/width.ts';
import type {Cause} from '../../source/panel/causes/cause.ts';
import {good} from '../../source/panel/seen.ts';
import {sizes as usual} from '../faces/sizes.ts';
import {gitlabSees, healthy, journal, now, refused} from './seeing.ts';
import {linesOf, panelView, screenOf, seenOf} from './shown.ts';

const sizes = [...usual, [100, 30]] as const;

/** A sentence of two causes, the second of which is long. */
const longWhy = healthy({
	gitlab: good(gitlabSees([]), now),
	journal: good(
		journal(
			refused('InsufficientInstanceCapacity: There is no Spot capacity available'),
			{is: 'unhealthy', seconds: 3600, runner: 'ab12cd', at: now - 60_000},
			{
				is: 'gitlab-unreachable',
				error: `couldn't execute POST against https://gitlab.com/api/v4/jobs/request: ${'a long reason '.repeat(8)}`,
				runner: 'ab12cd',
				at: now,
			},
		),
		now,
	),
});

for (const [columns, rows] of sizes) {
	test(`at ${columns}x${rows} the sentence is whole where the table leaves room, and else its end is cut with a sign; its key stands beside it`, () => {
		const view = panelView(seenOf(longWhy), {columns, rows});
		const told = (most?: number): string[] => (view.panel ? whyRows(view.panel, view, most).map(textOf) : []);
		const joined = (lines: readonly string[]): string =>
			lines
				.join('')
				.replace(/ {3}s {2}ssh$/, '')
				.replace(/\s+/g, ' ')
				.trim();
		const full = told();
		for (let most = 1; most <= full.length; most++) {
			const lines = told(most);
			assert.ok(lines.length <= most);
			assert.match(lines.at(-1) ?? '', / {3}s {2}ssh$/);
			for (const line of lines) assert.ok(displayWidth(line) <= columns, line);
			if (most === full.length) assert.equal(joined(lines), joined(full));
			if (joined(lines) !== joined(full))
				assert.ok(joined(lines).endsWith('…') && joined(full).startsWith(joined(lines).replace(/ ?…$/, '')), lines.join('\n'));
		}
		const shown = linesOf(screenOf(), view);
		assert.ok(shown.join(' ').replace(/\s+/g, ' ').includes(joined(full)), shown.join('\n'));
	});
}

test('blank rows of a small table go to the sentence, and a long table keeps its own', () => {
	const at = (table: number | undefined) => panelLayout(60, 20, {why: 7, change: false, troubles: 0, table});
	assert.deepEqual([at(3).why, at(3).body], [7, 6]);
	assert.deepEqual([at(8).why, at(8).body], [5, 8]);
	assert.deepEqual([at(undefined).why, at(40).why], [3, 3]);
});

test('then they go to what is wrong with a source, which is told whole', () => {
	const at = (table: number) => panelLayout(60, 20, {why: 1, change: false, troubles: 3, table});
	assert.deepEqual([at(1).troubles, at(10).troubles, at(40).troubles], [3, 2, 1]);
	const problem = {code: 'ssh-refused', message: `127.78.0.2:22 refuses SSH: ${'nothing listens there '.repeat(4)}yet.`};
	const view = panelView(seenOf(healthy({host: {problem}})), {columns: 60, rows: 20});
	const shown = linesOf(screenOf(), view).join(' ').replace(/\s+/g, ' ');
	assert.match(shown, /! manager: nothing yet, 127\.78\.0\.2:22 refuses SSH: (nothing listens there ){4}yet\./);
});

test('where there is nothing to do for the first cause but to look on, the key is the second one’s', () => {
	const seen = seenOf(healthy());
	const causes: Cause[] = [
		{id: 'over-limit', rank: 'hampered', source: 'ec2', key: 'wait', says: '4 machines run, 1 more than the limit of 3 allows.'},
		{id: 'limit', rank: 'full', source: 'host', key: 'raise-limit', says: 'The limit is 3.'},
	];
	const view = panelView(seen, {columns: 120, rows: 40});
	const keyOf = (why: PanelSeen['why']): string =>
		view.panel
			? whyRows({...view.panel, why}, view)
					.map(textOf)
					.join(' ')
			: '';
	assert.match(keyOf({...seen.why, causes, troubles: []}), /\+ {2}raise limit$/);
	assert.match(keyOf({...seen.why, causes: causes.slice(0, 1), troubles: []}), /1 {2}workers$/);
});

test('the layout gives every row away, whatever is wished for', () => {
	for (const [columns, rows] of sizes)
		for (const why of [0, 1, 3, 8])
			for (const troubles of [0, 1, 5])
				for (const change of [true, false]) {
					const {
						head,
						gauges,
						why: whyRows,
						change: changeRows,
						troubles: troubleRows,
						tabs,
						body,
						news,
						keys,
					} = panelLayout(columns, rows, {why, change, troubles});
					assert.equal(head + gauges + whyRows + changeRows + troubleRows + tabs + body + news + keys, rows);
					assert.ok(body >= 6, `${columns}x${rows} has ${body} rows for the table`);
				}
});

test('what has been done is told in as many rows as it needs, where the table keeps a few', () => {
	const at = (table: number | undefined, rows = 20) => panelLayout(60, rows, {why: 7, change: false, troubles: 0, table, news: 2});
	assert.deepEqual([at(2).news, at(9).news, at(undefined).news, at(undefined, 12).news], [2, 2, 2, 2]);
	assert.equal(panelLayout(60, 20, {why: 7, change: false, troubles: 0, table: 9}).news, 1);
});
