import type {Event, EventName, Happening} from '../../engine/events.ts';

/** An event of one name, with its payload. */
export type EventOf<Name extends EventName> = Extract<Event, {event: Name}>;

/** A problem as data. */
export type ProblemSeen = Omit<EventOf<'problem'>, 'event' | 'at'>;

/** What a check found, as told. */
export type FindingSeen = Omit<EventOf<'step.found'>, 'event' | 'at' | 'step'>;

/** A stage of a worker that is tried: one bar of the waterfall. Milliseconds since 1970. */
export type StageSeen = {stage: string; from: number; until?: number};

export type DownloadSeen = {what: string; bytes: number; of?: number};

/** One step as far as it has been told of. Times are milliseconds since 1970. */
export type StepSeen = {
	readonly name: string;
	readonly title: string;
	/** It only takes away what is left of something. */
	readonly leftover?: true;
	readonly needs: readonly string[];
	/** Seconds it took in this person's earlier runs. */
	readonly usual?: number;
	readonly state: 'pending' | 'looking' | 'found' | 'working' | 'done' | 'failed' | 'skipped';
	readonly finding?: FindingSeen;
	/** What is being done now, or what was done. */
	readonly says?: string;
	readonly from?: number;
	/** When it last told something new. */
	readonly saidAt?: number;
	readonly seconds?: number;
	readonly stages: readonly StageSeen[];
	readonly downloads: readonly DownloadSeen[];
	/** The last lines of the tool below. */
	readonly log: readonly string[];
	readonly again?: {problem: ProblemSeen; seconds: number; at: number};
	readonly problem?: ProblemSeen;
	readonly because?: readonly string[];
};

/** Everything a screen shows, reduced from events alone: a recorded run replays to the same. */
export type RunState = {
	readonly phase: 'before' | 'plan' | 'run' | 'over';
	readonly doing?: 'apply' | 'remove';
	readonly target?: Omit<EventOf<'fleet.known'>, 'event' | 'at'>;
	/** All steps that have been told of. */
	readonly all: readonly StepSeen[];
	/** Those that say something: without the ones for what is left of something, where nothing is. */
	readonly steps: readonly StepSeen[];
	/** Counts of the last plan that ended. */
	readonly plan?: Omit<EventOf<'plan.ended'>, 'event' | 'at'>;
	/** When the run started, in milliseconds since 1970. */
	readonly from?: number;
	readonly run?: Omit<EventOf<'run.ended'>, 'event' | 'at'>;
	/** The session has expired, and what needs AWS waits. `from` in milliseconds since 1970. */
	readonly paused?: {problem: ProblemSeen; from: number};
	readonly notes: readonly Omit<EventOf<'note'>, 'event' | 'at'>[];
	/** Problems in the order they came; of a step, if it is one's. */
	readonly problems: readonly {step?: string; problem: ProblemSeen}[];
	readonly standing?: Omit<EventOf<'standing.listed'>, 'event' | 'at'>;
	readonly job?: Omit<EventOf<'job.seen'>, 'event' | 'at'>;
	readonly ended?: Omit<EventOf<'ended'>, 'event' | 'at'>;
	/** The document that was shown last. */
	readonly document?: Omit<EventOf<'document'>, 'event' | 'at'>;
};

export const beginning: RunState = {phase: 'before', all: [], steps: [], notes: [], problems: []};

/** Lines of a tool below that are kept for each step. */
export const logKept = 200;

/** The event with its moment, as faces and schema know it. */
export const stamped = (happening: Happening, now: number): Event => ({...happening, at: new Date(now).toISOString()});

/** A step's title in the middle of a line: `cache bucket`; one that begins with a name, such as `SSH` or `Auto Scaling group`, stays. */
export const inLine = (title: string): string => (/^\p{Lu}(\p{Lu}|\p{Ll}* \p{Lu})/u.test(title) ? title : title.charAt(0).toLowerCase() + title.slice(1));

type StepTold = {name: string; title?: string; leftover?: true | undefined};

const fresh = ({name, title = name.replaceAll('-', ' '), leftover}: StepTold): StepSeen => ({
	...{name, title, needs: [], state: 'pending', stages: [], downloads: [], log: []},
	...(leftover ? {leftover} : {}),
});

/** The state with these steps too where it has them no more: lines of an earlier plan or run keep the titles of theirs. */
export const knowing = (state: RunState, steps: readonly StepTold[]): RunState => ({
	...state,
	all: [...state.all, ...steps.filter(({name}) => !state.all.some((one) => one.name === name)).map(fresh)],
});

/** The step of that name, or one that nothing has been told of. */
export const stepIn = (state: RunState, name: string): StepSeen => state.all.find((step) => step.name === name) ?? fresh({name});

/** Whether a step has anything to say to a person: of what is left of something only one that has found any, or takes it away. */
export const saysSomething = ({leftover, finding, saidAt}: StepSeen): boolean =>
	!leftover || saidAt !== undefined || !['ready', 'waiting', undefined].includes(finding?.is);

const withSteps = <State extends Omit<RunState, 'all' | 'steps'>>(state: State, all: readonly StepSeen[]): State & Pick<RunState, 'all' | 'steps'> => ({
	...state,
	all,
	steps: all.filter(saysSomething),
});

function withStep(state: RunState, name: string, change: (step: StepSeen) => StepSeen): RunState {
	if (state.all.some((step) => step.name === name))
		return withSteps(
			state,
			state.all.map((step) => (step.name === name ? change(step) : step)),
		);
	return withSteps(state, [...state.all, change(fresh({name}))]);
}

const closed = (stages: readonly StageSeen[], at: number): readonly StageSeen[] =>
	stages.map((stage) => (stage.until === undefined ? {...stage, until: at} : stage));

/** Words of a finding: what was found, or what it waits for, or what blocks it. */
export function wordsOf(finding: FindingSeen, state: RunState): string {
	if (finding.is === 'waiting' && finding.for?.length === 0 && finding.says) return finding.says;
	if (finding.is === 'waiting') return `after ${(finding.for ?? []).map((name) => inLine(stepIn(state, name).title)).join(', ') || 'what it needs'}`;
	return finding.says || (finding.problem?.message ?? '');
}

function download(downloads: readonly DownloadSeen[], {what, bytes, of}: EventOf<'step.download'>): readonly DownloadSeen[] {
	const seen: DownloadSeen = of === undefined ? {what, bytes} : {what, bytes, of};
	return downloads.some((one) => one.what === what) ? downloads.map((one) => (one.what === what ? seen : one)) : [...downloads, seen];
}

function planned(state: RunState, event: EventOf<'plan.started'>): RunState {
	const {plan: _plan, run: _run, ...rest} = state;
	return withSteps(
		{...rest, phase: 'plan'},
		event.steps.map((step) => ({...fresh(step), ...keptFinding(state, step.name)})),
	);
}

function keptFinding(state: RunState, name: string): Pick<StepSeen, 'finding'> {
	const finding = state.all.find((step) => step.name === name)?.finding;
	return finding ? {finding} : {};
}

function begun(state: RunState, event: EventOf<'run.started'>, at: number): RunState {
	const {run: _run, ...rest} = goingOn(state);
	const steps = event.steps.map(({needs, usual, ...step}) => ({
		...fresh(step),
		...keptFinding(state, step.name),
		needs,
		...(usual === undefined ? {} : {usual}),
	}));
	return withSteps({...rest, phase: 'run', doing: event.doing, from: at}, steps);
}

function found(state: RunState, {event: _event, at: _at, step, ...finding}: EventOf<'step.found'>): RunState {
	return withStep(state, step, (seen) => {
		if (state.phase !== 'run') return {...seen, finding, state: 'found'};
		// In a run a check that finds its step so has nothing to do there.
		return finding.is === 'ready' && seen.state === 'pending' ? {...seen, finding, state: 'done', says: finding.says} : {...seen, finding};
	});
}

function failed(state: RunState, event: EventOf<'step.failed'>, at: number): RunState {
	const next = withStep(state, event.step, ({again: _again, ...seen}) => ({
		...seen,
		state: 'failed',
		problem: event.problem,
		seconds: event.seconds,
		saidAt: at,
		stages: closed(seen.stages, at),
	}));
	return {...next, problems: [...state.problems.filter(({step}) => step !== event.step), {step: event.step, problem: event.problem}]};
}

function started(state: RunState, step: string, at: number): RunState {
	const next = withStep(state, step, ({needs, usual, finding, ...seen}) => ({
		...fresh(seen),
		needs,
		...(usual === undefined ? {} : {usual}),
		...(finding ? {finding} : {}),
		state: 'working',
		from: at,
		saidAt: at,
	}));
	return {...next, problems: state.problems.filter((one) => one.step !== step)};
}

/** The state without a pause. */
function goingOn({paused: _paused, ...state}: RunState): RunState {
	return state;
}

/** The state after an event. Pure; time comes from the event. */
export function reduce(state: RunState, event: Event): RunState {
	const at = Date.parse(event.at);
	switch (event.event) {
		case 'fleet.known': {
			const {event: _event, at: _at, ...target} = event;
			return {...state, target};
		}
		case 'plan.started':
			return planned(state, event);
		case 'step.looking':
			return withStep(state, event.step, (seen) => (state.phase === 'run' ? seen : {...seen, state: 'looking', from: at}));
		case 'step.found':
			return found(state, event);
		case 'plan.ended': {
			const {event: _event, at: _at, ...plan} = event;
			return {...state, plan};
		}
		case 'run.started':
			return begun(state, event, at);
		case 'step.started':
			return started(state, event.step, at);
		case 'step.says':
			return withStep(state, event.step, ({again: _again, ...seen}) => ({...seen, says: event.says, saidAt: at}));
		case 'step.line':
			return withStep(state, event.step, (seen) => ({...seen, log: [...seen.log, event.line].slice(-logKept)}));
		case 'step.stage':
			return withStep(state, event.step, (seen) => ({...seen, saidAt: at, stages: [...closed(seen.stages, at), {stage: event.stage, from: at}]}));
		case 'step.download':
			return withStep(state, event.step, (seen) => ({...seen, saidAt: at, downloads: download(seen.downloads, event)}));
		case 'step.again':
			return withStep(state, event.step, (seen) => ({...seen, again: {problem: event.problem, seconds: event.seconds, at}}));
		case 'step.done':
			return withStep(state, event.step, ({again: _again, ...seen}) => ({
				...seen,
				state: 'done',
				says: event.says,
				seconds: event.seconds,
				stages: closed(seen.stages, at),
			}));
		case 'step.failed':
			return failed(state, event, at);
		case 'step.skipped':
			return withStep(state, event.step, (seen) => ({...seen, state: 'skipped', because: event.because}));
		case 'run.paused':
			return {...state, paused: {problem: event.problem, from: at}};
		case 'run.resumed':
			return goingOn(state);
		case 'run.ended': {
			const {event: _event, at: _at, ...run} = event;
			return {...goingOn(state), run};
		}
		case 'standing.listed': {
			const {event: _event, at: _at, ...standing} = event;
			return {...state, standing};
		}
		case 'note': {
			const {event: _event, at: _at, ...note} = event;
			return note.about === 'progress' || state.notes.some(({says}) => says === note.says) ? state : {...state, notes: [...state.notes, note]};
		}
		case 'job.seen': {
			const {event: _event, at: _at, ...job} = event;
			return {...state, job};
		}
		case 'ended': {
			const {event: _event, at: _at, ...ended} = event;
			return {...state, phase: 'over', ended};
		}
		case 'problem': {
			const {event: _event, at: _at, ...problem} = event;
			return {...state, problems: [...state.problems, {problem}]};
		}
		case 'document': {
			const {event: _event, at: _at, ...document} = event;
			return {...state, document};
		}
		case 'answer.given':
		case 'agreement.asked':
		case 'orphan.found':
		case 'orphan.removed':
			return state;
	}
}

/** Whether a removal waits for jobs, which its service's step does. */
export const waitsForJobs = ({doing, steps}: RunState): boolean =>
	doing === 'remove' && steps.some(({name, state}) => name === 'service' && state === 'working');

/** About how many seconds are left, by what each step usually takes along the longest chain of needs; undefined where too little is known. */
export function toGo(state: RunState, now: number): number | undefined {
	const left = new Map<string, number>();
	let known = false;
	const leftOf = (step: StepSeen, below: ReadonlySet<string>): number => {
		const seen = left.get(step.name);
		if (seen !== undefined) return seen;
		if (step.state === 'done' || step.state === 'failed' || step.state === 'skipped') return 0;
		if (step.usual !== undefined) known = true;
		const ran = step.state === 'working' && step.from !== undefined ? (now - step.from) / 1000 : 0;
		const own = Math.max(0, (step.usual ?? 0) - ran);
		const before = step.needs.filter((name) => !below.has(name)).map((name) => stepIn(state, name));
		const total = own + Math.max(0, ...before.map((need) => leftOf(need, new Set([...below, step.name]))));
		left.set(step.name, total);
		return total;
	};
	const most = Math.max(0, ...state.steps.map((step) => leftOf(step, new Set([step.name]))));
	return known && most > 0 ? most : undefined;
}
