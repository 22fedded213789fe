import {age, bytes, clockWords, money, runnerWords} from '../../panel/formats.ts';
import {costs} from '../../panel/live/costs.ts';
import {sourceOrder} from '../../panel/live/status.ts';
import {verdictOf} from '../../panel/live/verdict.ts';
import {whyWaiting} from '../../panel/live/why-waiting.ts';
import {mirrorWords} from '../../panel/mirror.ts';
import {countRows, type WorkerRow} from '../../panel/rows.ts';
import {ageOf} from '../../panel/seen.ts';
import {type Snapshot, sourceTitles} from '../../panel/snapshot.ts';
import {logText} from './log-text.ts';
import {startLinesIn} from './start-times.ts';
import {jobWords, machineWords, madeWords, managerWords, runnerWord, stateWords, versionsTold, whoWords} from './status-words.ts';

const mostRefused = 10;
const mostChanges = 10;
const mostLog = 15;

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]);

function evidence(snapshot: Snapshot, rows: readonly WorkerRow[], now: number): string[] {
	const counts = countRows(rows);
	const why = whyWaiting(snapshot, now, rows);
	const metrics = snapshot.runner.value?.metrics;
	const {mirror, resources} = snapshot.host.value ?? {};
	const spent = costs(snapshot, rows, now);
	return [
		`runner ${metrics?.version ?? ''} ${runnerWord(snapshot).word}, manager ${managerWords(snapshot, now)}`.replace(/ {2,}/g, ' '),
		`jobs: ${jobWords(why, true)}; ${why.waiting.says}`,
		`machines: ${machineWords(snapshot, counts)}${stateWords(counts) === '' ? '' : `: ${stateWords(counts)}`}`,
		...(resources
			? [
					`manager: ${bytes(resources.diskFree)} of ${bytes(resources.diskTotal)} disk free, ${bytes(resources.memoryFree)} of ${bytes(resources.memoryTotal)} memory free, load ${resources.load1.toFixed(2)} on ${resources.cpus} CPUs`,
				]
			: []),
		...(mirror ? [`mirror: ${mirrorWords(mirror)}`] : []),
		`costs: ${spent.perHour === undefined ? 'not known' : `about ${money(spent.perHour)} an hour`}${spent.today ? `, about ${money(spent.today.usd)} today` : ''}${spent.month ? `, about ${money(spent.month.usd)} this month, known since ${clockWords(spent.month.since, now)}` : ''}`,
	];
}

function refusals({journal}: Snapshot, now: number): string[] {
	return (journal.value?.refused ?? [])
		.slice(-mostRefused)
		.reverse()
		.map(({at, machine, refusal}) =>
			[
				clockWords(at, now),
				machine ?? '',
				refusal.code,
				refusal.requestId === undefined ? '' : `request ${refusal.requestId}`,
				refusal.text.replace(/\s+/g, ' ').slice(0, 300),
			]
				.filter(Boolean)
				.join('  '),
		);
}

function failures({journal}: Snapshot, now: number): string[] {
	return (journal.value?.jobs.ended ?? [])
		.filter(({ok}) => !ok)
		.slice(-mostRefused)
		.reverse()
		.map(({at, job, project, machine, why, error = ''}) =>
			[clockWords(at, now), `#${job}`, project, machine, why, runnerWords(error).slice(0, 300)].filter((part) => part !== undefined && part !== '').join('  '),
		);
}

const sources = (snapshot: Snapshot, now: number): string[] =>
	sourceOrder.map((name) => {
		const seen = snapshot[name];
		const old = ageOf(seen, now);
		const told = seen.off ?? (old === undefined ? 'nothing told' : `${age(old)} old`);
		return `${sourceTitles[name]}: ${told}${seen.problem ? `, ${seen.problem.message}` : ''}`;
	});

/**
 * One page for the team: verdict, evidence, why jobs wait, the last refused creates with AWS's request ids, recent changes and who made them, the
 * log's last warnings, config.toml without its secrets. Pure; `now` is milliseconds since 1970.
 */
export function reportText(snapshot: Snapshot, rows: readonly WorkerRow[], now: number): string {
	const verdict = verdictOf(snapshot, now, rows);
	const why = whyWaiting(snapshot, now, rows);
	const changes = versionsTold(snapshot.record.value).slice(0, mostChanges);
	const warned = snapshot.log.map(({at, message}) => ({at, ...logText(message)})).filter(({level}) => level !== 'info');
	return [
		`${snapshot.fleet ?? 'manager without our mark'} in ${snapshot.region}, ${new Date(now).toISOString()}`,
		`Verdict: ${verdict.is === 'healthy' ? 'healthy' : verdict.is === 'trouble' ? 'not healthy' : 'not known'}. ${verdict.says}`,
		...section('Evidence', evidence(snapshot, rows, now)),
		...section(
			why.asks,
			why.causes.map(({says, source}) => `${says} (${sourceTitles[source]})`),
		),
		...section('Start times', startLinesIn(snapshot, now)),
		...section('Last refused creates', refusals(snapshot, now)),
		...section(
			'Recent changes',
			changes.map((version) => `${clockWords(version.at, now)}  ${whoWords(version)}  ${madeWords(version)}`),
		),
		...section('The last jobs that failed', failures(snapshot, now)),
		...section(
			'Warnings of the log',
			warned.slice(-mostLog).map(({at, text}) => `${clockWords(at, now)}  ${text.slice(0, 300)}`),
		),
		...section('Sources', sources(snapshot, now)),
		...section(
			'config.toml, its secrets hidden',
			(snapshot.host.value?.config?.text ?? '')
				.trimEnd()
				.split('\n')
				.filter((line) => line !== ''),
		),
		'',
	].join('\n');
}
