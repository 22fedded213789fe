import {scheduleIn, type Week, weekOf} from '../../../answers/schedule.ts';
import {signOf} from '../../words/glyphs.ts';
import {type Row, row, type Span} from '../row.ts';
import type {View} from '../screen.ts';

/** The hours written above a week, each over its column. */
const scale = '0     6     12    18';

/** An hour's idle workers in one column; more than nine are a plus. */
const cell = (idle: number | undefined, dot: string): string => (idle === undefined ? dot : idle > 9 ? '+' : String(idle));

/** One row of hours; those of a window stand out. */
function hourSpans(hours: Week['days'][number]['hours'], {look}: View): Span[] {
	return hours.map((idle) => ({
		text: cell(idle, signOf('dot', look)),
		...(idle === undefined ? {role: 'quiet' as const} : {role: 'accent' as const, bold: true}),
	}));
}

/** Days alike beside each other, as `Mon-Fri`. */
function grouped({days}: Week): {name: string; hours: Week['days'][number]['hours']}[] {
	const groups: {first: string; last: string; hours: Week['days'][number]['hours']}[] = [];
	for (const {day, hours} of days) {
		const before = groups.at(-1);
		if (before && before.hours.join() === hours.join()) before.last = day;
		else groups.push({first: day, last: day, hours});
	}
	return groups.map(({first, last, hours}) => ({name: first === last ? first : `${first}-${last}`, hours}));
}

/** The week that a schedule makes, an hour a column, a day a row; days alike share one where there is less room. Nothing where no window is. */
export function weekRows(value: unknown, height: number, view: View): Row[] {
	const week = weekOf(scheduleIn(value) ?? [], view.now);
	if (!week) return [];
	const each = week.days.map(({day, hours}) => ({name: day, hours}));
	const days = each.length + 2 <= height ? each : grouped(week);
	if (days.length + 2 > height) return [];
	const usual = view.wizard.answers.find(({key}) => key === 'idleCount')?.value;
	const rows = days.map(({name, hours}): Row => ({...row(`   ${name.padEnd(9)}`, ...hourSpans(hours, view)), drawing: true}));
	const legend = `   idle workers by hour, ${week.timezone}; ${signOf('dot', view.look)} as always${usual === undefined ? '' : `, ${usual}`}`;
	return [{...row({text: `   ${' '.repeat(9)}${scale}`, role: 'quiet'}), drawing: true}, ...rows, {...row({text: legend, role: 'quiet'}), drawing: true}];
}
