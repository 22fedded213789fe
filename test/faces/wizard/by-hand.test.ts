import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {test} from 'node:test';
import {commandRows} from '../../../source/faces/ui/screens/by-hand.ts';
import {presetsUsed} from '../../../source/world/laptop/settings.ts';

const run = (script: string): string => execFileSync('/bin/sh', ['-c', script], {encoding: 'utf8'});

const commands = [
	'printf \'%s|\' --tags Key=gitlab-runner-aws:fleet,Value=ci Key=gitlab-runner-aws:part,Value=record --value \'{"version":1,"answers":{"region":"us-east-1","tags":{"CostCenter":"4 2"},"downloads":"http://127.0.0.1/a/very/long/folder/of/files"}}\' --end',
	`printf '%s|' ${'x'.repeat(150)} after`,
	"printf '%s|' 'it'\\''s quoted' plain",
	`printf '%s|' --input='{"a":"${'b'.repeat(90)}","it'\\''s":"${'c '.repeat(60)}"}' ''`,
	'printf done',
];

test('a command by hand fits every width, and pasted as it stands it means the same', () => {
	for (const command of commands) {
		for (const columns of [40, 56, 76, 116, 196]) {
			const rows = commandRows(command, columns);
			assert.equal(run(rows.join('\n')), run(command), `${columns} columns`);
			for (const row of rows) assert.ok(row.length <= columns, row);
		}
	}
});

test('a preset’s last use is said as a person says it, and one that can’t be read counts as none', async () => {
	const now = Date.parse('2026-11-24T01:00:00Z');
	const used = {a: '2026-11-24T00:10:00Z', b: '2026-11-23T23:50:00Z', c: '2026-11-20T12:00:00Z', d: '2026-01-02T12:00:00Z', e: 'soon'};
	const words = await presetsUsed({read: async () => ({presetsUsed: used}), remember: async () => {}}, now);
	assert.deepEqual(words, {a: 'today', b: 'yesterday', c: '4 days ago', d: '2026-01-02'});
});
