import {age, figure, runnerWords, shortZone} from '../../panel/formats.ts';
import {isPreparing, type RunningJob} from '../../panel/jobs-now.ts';
import type {EndedJob} from '../../panel/journal/job-history.ts';
import {ageOfRow, type RowJob, type RowState, spentOfRow, type WorkerRow} from '../../panel/rows.ts';
import {type Column, gap} from './columns.ts';
import type {ColourRole, Mark} from './glyphs.ts';
import {displayWidth} from './width.ts';

/**
 * Why a worker isn't made or goes, by EC2's codes (the state reasons of its API reference and the codes of its errors) and by the program's own for what
 * isn't AWS. Short enough for a column.
 */
const known: Readonly<Record<string, string>> = {
	UserInitiatedShutdown: 'ended on request',
	InstanceInitiatedShutdown: 'it shut itself down',
	SpotInstanceTermination: 'AWS took it back (spot)',
	SpotInstanceShutdown: 'AWS stopped it (spot)',
	ScheduledStop: 'AWS stopped it, planned',
	InternalError: 'error inside AWS',
	VolumeLimitExceeded: 'disk quota used up',
	InsufficientInstanceCapacity: 'EC2 has no capacity',
	UnfulfillableCapacity: 'EC2 has no capacity',
	InsufficientHostCapacity: 'EC2 has no capacity',
	VcpuLimitExceeded: 'vCPU quota used up',
	InstanceLimitExceeded: 'vCPU quota used up',
	MaxSpotInstanceCountExceeded: 'spot quota used up',
	SpotMaxPriceTooLow: 'spot costs over the cap',
	InsufficientFreeAddressesInSubnet: 'subnet has no address',
	UnauthorizedOperation: 'not allowed by AWS',
	AccessDenied: 'not allowed by AWS',
	RequestLimitExceeded: 'AWS slows calls down',
	Throttling: 'AWS slows calls down',
	'docker-hub': 'Docker Hub refused it',
	'disk-full': 'manager has no disk left',
	killed: 'manager short of memory',
	'docker-install': "Docker can't be set up",
	'ssh-never': 'SSH never answered',
};

/** A code, with who is to blame before it and a message after it, where there are. */
const coded = /^(?:(Client|Server)\.)?([A-Za-z][A-Za-z-]*)(?:: (.+))?$/s;

/** A reason in words where its code is known, else the message that comes with it; what is no code stays as it is. */
export function reasonWords(reason: string): string {
	const [, blamed, code = '', message] = coded.exec(reason) ?? [];
	return (Object.hasOwn(known, code) ? known[code] : undefined) ?? (blamed === undefined ? reason : (message ?? reason));
}

/** The same for where there is room, with the code in brackets for searching. */
export const reasonWithCode = (code: string): string => (reasonWords(code) === code ? code : `${reasonWords(code)} (${code})`);

/** Columns of the workers' table. */
export type WorkerColumn = 'name' | 'state' | 'job' | 'type' | 'zone' | 'age' | 'usdPerHour' | 'spent' | 'instance' | 'market' | 'address';

/** The workers' table. Name and state never go, and the id of an instance, as many are called, is never cut. */
export const workerColumns: readonly Column<WorkerColumn>[] = [
	{id: 'name', title: 'NAME', align: 'left', width: 36, least: 19, rank: 0, grows: true, cuts: 'middle'},
	{id: 'state', title: 'STATE', align: 'left', width: 9, least: 9, rank: 0, cuts: 'end'},
	{id: 'job', title: 'JOB', align: 'left', width: 23, least: 23, rank: 1, cuts: 'end'},
	{id: 'type', title: 'TYPE', align: 'left', width: 11, least: 11, rank: 4, cuts: 'end'},
	{id: 'zone', title: 'ZONE', align: 'left', width: 4, least: 4, rank: 5, cuts: 'end'},
	{id: 'age', title: 'AGE', align: 'right', width: 6, least: 6, rank: 2, cuts: 'end'},
	{id: 'usdPerHour', title: '$/H', align: 'right', width: 6, least: 6, rank: 3, cuts: 'end'},
	{id: 'spent', title: 'SPENT $', align: 'right', width: 7, least: 7, rank: 6, cuts: 'end'},
	{id: 'market', title: 'MARKET', align: 'left', width: 9, least: 9, rank: 7, cuts: 'end'},
	{id: 'instance', title: 'INSTANCE', align: 'left', width: 19, least: 19, rank: 8, cuts: 'middle'},
	{id: 'address', title: 'ADDRESS', align: 'left', width: 15, least: 15, rank: 9, cuts: 'end'},
];

/** What the column of jobs is at least, where it makes room for names. */
const narrowJob = 12;

/**
 * The same where a name is typed (`ssh NAME`) and no key stands for it: names are whole, for which whatever is of less worth than the job falls away, and the
 * job is cut. Where there is no room even then, they are cut as they are elsewhere.
 */
export function columnsForNames(names: readonly string[], width: number): readonly Column<WorkerColumn>[] {
	const least = Math.max(...names.map(displayWidth));
	const [, ...others] = workerColumns.filter(({rank}) => rank < 2);
	const job = width - others.reduce((sum, {id, width}) => sum + gap + (id === 'job' ? 0 : width), least);
	if (job < narrowJob) return workerColumns;
	return workerColumns.map((column) => {
		if (column.grows) return {...column, least: Math.max(least, column.least)};
		return column.id === 'job' ? {...column, width: Math.min(job, column.width)} : column;
	});
}

/** A stage of a job as people say it: the runner's own word for it, but where that is the name of a program's part. */
export function stageWords(stage: string): string {
	if (stage.endsWith('_use_machine')) return 'getting its machine';
	if (stage.endsWith('_release_machine')) return 'giving its machine back';
	return stage.replaceAll('_', ' ');
}

/** `api #8812 test-unit`: the project's own name, the job's number, and its name, or in brackets its stage. */
function jobWords({id, project, name, stage}: RowJob): string {
	const what = name ?? (stage === undefined || stage === '' ? undefined : `(${stageWords(stage)})`);
	return [project?.split('/').at(-1), `#${id}`, what].filter((word) => word !== undefined && word !== '').join(' ');
}

/** What stands in the column of jobs where there is none: what the machine is doing. */
const doing = ({job, detail}: WorkerRow): string => (job ? jobWords(job) : reasonWords(detail ?? ''));

/** A row's texts, by column, at a time, and what it has cost up to another (milliseconds since 1970). Pure; what isn't known is a dash. */
export const workerCells = (row: WorkerRow, now: number, paidUntil = now): Record<WorkerColumn, string> => ({
	name: row.name,
	state: row.state === 'unknown' ? 'not known' : row.state,
	job: doing(row),
	type: row.type ?? '–',
	zone: shortZone(row.zone),
	age: age(ageOfRow(row, now)),
	usdPerHour: figure(row.usdPerHour),
	spent: figure(spentOfRow(row, paidUntil)),
	market: row.spot === undefined ? '–' : row.spot ? 'spot' : 'on demand',
	instance: row.instanceId ?? '–',
	address: row.address ?? '–',
});

/** The glyph and colour of a state: a second function beside the cells. */
const looks: Readonly<Record<RowState, {mark: Mark | undefined; role: ColourRole | undefined}>> = {
	busy: {mark: undefined, role: 'ready'},
	idle: {mark: undefined, role: undefined},
	creating: {mark: undefined, role: 'accent'},
	removing: {mark: undefined, role: 'quiet'},
	failed: {mark: 'failed', role: 'blocked'},
	stopped: {mark: 'note', role: 'warning'},
	orphan: {mark: 'note', role: 'warning'},
	unknown: {mark: 'waiting', role: 'quiet'},
};

/** A machine is up in a minute or two; one that is made for longer than this is stuck. In milliseconds. */
const stuckAfter = 15 * 60_000;

const isStuck = ({state, createdAt}: WorkerRow, now: number): boolean => state === 'creating' && createdAt !== undefined && now - createdAt > stuckAfter;

const isWrong = ({state}: WorkerRow): boolean => state === 'failed' || state === 'stopped' || state === 'orphan';

/** Whether somebody should look at a worker: it costs or should run jobs, and doesn't. `now` in milliseconds since 1970. */
export const needsAttention = (row: WorkerRow, now: number): boolean => isWrong(row) || isStuck(row, now);

/** After which time a row needs attention if nothing else is told of it: 0 where it does already. Milliseconds since 1970. */
export const attentionAfter = (row: WorkerRow): number =>
	isWrong(row) ? 0 : row.state === 'creating' && row.createdAt !== undefined ? row.createdAt + stuckAfter : Number.POSITIVE_INFINITY;

/** How a row's state is marked and coloured, at a time (milliseconds since 1970). */
export const lookOf = (row: WorkerRow, now: number): {mark: Mark | undefined; role: ColourRole | undefined} =>
	isStuck(row, now) ? {mark: 'note', role: 'warning'} : looks[row.state];

/** Columns of the jobs' table. */
export type JobColumn = 'job' | 'project' | 'state' | 'stage' | 'machine' | 'age';

/** The jobs' table. Why a job failed is what may be long. */
export const jobColumns: readonly Column<JobColumn>[] = [
	{id: 'job', title: 'JOB', align: 'left', width: 21, least: 12, rank: 0, cuts: 'end'},
	{id: 'state', title: 'STATE', align: 'left', width: 9, least: 9, rank: 0, cuts: 'end'},
	{id: 'stage', title: 'STAGE OR REASON', align: 'left', width: 22, least: 15, rank: 0, grows: true, cuts: 'end'},
	{id: 'age', title: 'TIME', align: 'right', width: 6, least: 6, rank: 1, cuts: 'end'},
	{id: 'machine', title: 'MACHINE', align: 'left', width: 24, least: 24, rank: 3, cuts: 'middle'},
	{id: 'project', title: 'PROJECT', align: 'left', width: 24, least: 24, rank: 4, cuts: 'middle'},
];

/** The texts of a job that the runner has taken; `worker` is the row that runs it, where that is known. */
export const jobCells = (job: RunningJob, worker: WorkerRow | undefined): Record<JobColumn, string> => ({
	job: jobWords({id: job.id, project: job.project, name: worker?.job?.name}),
	state: isPreparing(job) ? 'preparing' : job.state || '–',
	stage: isPreparing(job) ? 'waits for its machine' : stageWords(job.executorStage && job.stage === 'prepare_executor' ? job.executorStage : job.stage) || '–',
	age: age(job.seconds),
	machine: worker?.name ?? '–',
	project: job.project ?? '–',
});

/** The texts of a job that is over: how it ended and why, and how long it took. */
export const endedJobCells = ({job, project, ok, error, why, seconds, machine}: EndedJob): Record<JobColumn, string> => ({
	job: jobWords({id: job, project}),
	state: ok ? 'passed' : 'failed',
	stage: ok ? '' : error === undefined ? (why?.replaceAll('_', ' ') ?? '–') : runnerWords(error),
	age: age(seconds),
	machine: machine ?? '–',
	project: project ?? '–',
});
