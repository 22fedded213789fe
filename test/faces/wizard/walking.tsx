import assert from 'node:assert/strict';
import {render} from 'ink-testing-library';
import type {SecretQuestion} from '../../../source/answers/question.ts';
import {gitlabTokenQuestion, runnerTokenQuestion} from '../../../source/answers/secrets.ts';
import type {Layers, Settled} from '../../../source/answers/walk.ts';
import type {Happening} from '../../../source/engine/events.ts';
import type {EndedPlan, SourcedAnswers} from '../../../source/engine/plan.ts';
import type {Agreed, Interviewer} from '../../../source/faces/face.ts';
import {App} from '../../../source/faces/ui/app.tsx';
import {makeController} from '../../../source/faces/ui/controller.ts';
import type {Answers, Given} from '../../../source/fleet.ts';
import {asking} from '../../answers/stub.ts';
import {shown} from '../shown.ts';
import {start} from '../states.ts';

/** Keys as a terminal sends them. */
export const keys = {
	enter: '\r',
	left: '\u001b[D',
	right: '\u001b[C',
	up: '\u001b[A',
	down: '\u001b[B',
	tab: '\t',
	escape: '\u001b',
	ctrlC: '\u0003',
	ctrlO: '\u000f',
	ctrlF: '\u0006',
	ctrlN: '\u000e',
} as const;

/** An account in which there is a little of everything that questions offer. */
export const littleCloud = (calls: string[] = [], answering: () => Promise<void> = async () => {}) => ({
	region: 'us-east-2',
	ahead: () => 0,
	async call(name: string) {
		calls.push(name);
		await answering();
		const answers: Record<string, unknown> = {
			DescribeRegions: {Regions: [{RegionName: 'us-east-2'}, {RegionName: 'eu-west-1'}]},
			DescribeSecurityGroups: {SecurityGroups: [{GroupId: 'sg-0123456789abcdef0', GroupName: 'old', VpcId: 'vpc-1'}]},
			DescribeKeyPairs: {KeyPairs: [{KeyName: 'alice', KeyType: 'ed25519'}]},
			DescribeInstanceTypes: {InstanceTypes: ['c5.large', 'm5.large'].map((InstanceType) => ({InstanceType, VCpuInfo: {DefaultVCpus: 2}}))},
		};
		return JSON.parse(JSON.stringify(answers[name] ?? {}));
	},
});

/** The checks, as a test plays them: what is said of each set of answers. */
export type Checks = (answers: Answers) => Happening[];

const steps = [
	{name: 'images', title: 'Images'},
	{name: 'quota', title: 'Quota'},
	{name: 'bucket', title: 'Cache bucket'},
];

const allReady: Checks = () => [
	{event: 'step.found', step: 'images', is: 'ready', says: 'ubuntu for all'},
	{event: 'step.found', step: 'quota', is: 'ready', says: '20 of 640 vCPUs'},
	{event: 'step.found', step: 'bucket', is: 'missing', says: 'gitlab-runners-cache'},
];

/** A walk on the real controller, drawn by Ink into a terminal that isn't one; keys go in, frames come out. */
export function walk({
	layers = {},
	at = 'questions',
	checks = allReady,
	record,
	calls = [],
	answering,
	login,
	columns = 120,
	rows,
	home,
	leadsTo,
	draft,
	costsOf = () => ['The manager: about $19 a month.'],
}: {
	layers?: Layers;
	at?: Interviewer['at'];
	checks?: Checks;
	record?: Interviewer['record'] | Given;
	login?: Interviewer['login'];
	calls?: string[];
	/** What each of AWS's answers waits for, and may be refused by. */
	answering?: () => Promise<void>;
	columns?: number;
	rows?: number;
	home?: Interviewer['home'];
	leadsTo?: Interviewer['leadsTo'];
	draft?: Interviewer['draft'];
	costsOf?: (answers: Answers) => string[];
} = {}) {
	const looked: SourcedAnswers[] = [];
	const given = new Map<SecretQuestion['id'], string>();
	const saved = new Map<string, Settled>();
	let last: SourcedAnswers | undefined;
	const written: string[] = [];
	const controller = makeController({
		yes: false,
		clock: {now: () => start},
		onStop() {},
		later(callback, ms) {
			const timer = setTimeout(callback, Math.min(ms, 5));
			return () => clearTimeout(timer);
		},
		handOver: async (run) => run(),
		write: (text) => written.push(text),
	});
	const look = (one: SourcedAnswers): void => {
		last = one;
		looked.push(one);
		controller.emit({event: 'plan.started', steps});
		for (const happening of checks(one.answers)) controller.emit(happening);
	};
	const endedOf = (one: SourcedAnswers): EndedPlan => {
		const plan = new Map(checks(one.answers).flatMap((found) => (found.event === 'step.found' ? [[found.step, {is: found.is}]] : [])));
		// The walk reads of a plan only which findings are blocked.
		return {...one, plan, context: {answers: one.answers}} as unknown as EndedPlan;
	};
	const interviewer: Interviewer = {
		walk: {layers, everything: false, left: [], asking: asking({cloud: littleCloud(calls, answering) as never})},
		at,
		home,
		leadsTo,
		draft,
		reached: () => {},
		record: typeof record === 'function' ? record : async () => record,
		async secrets(answers) {
			if (answers.runner === 'token') return given.has('runnerToken') ? [] : [runnerTokenQuestion(answers)];
			return given.has('gitlabToken') ? [] : [gitlabTokenQuestion(answers)];
		},
		given: (answers) => (given.has('runnerToken') ? runnerTokenQuestion(answers) : undefined),
		give: (id, value) => given.set(id, value),
		plan: {
			change(one) {
				if (JSON.stringify(one) !== JSON.stringify(last)) look(one);
			},
			again() {
				if (last) look(last);
			},
			ended: async () => last && endedOf(last),
			close() {},
		},
		byHand: () => steps.map(({name, title}) => ({step: name, title, makes: name === 'bucket', lines: [`aws do ${name}`]})),
		costs: async ({answers}) => costsOf(answers),
		async save(name, settled) {
			saved.set(name, settled);
			return `/presets/${name}.json`;
		},
		login,
		alone: () => Promise.reject(new Error('Somebody is there.')),
	};
	let agreed: Agreed | undefined;
	let refused: unknown;
	controller.walk(interviewer).then(
		(one) => {
			if ('walk' in one) agreed = one;
		},
		(error: unknown) => {
			refused = error;
		},
	);
	const drawn = render(<App store={controller.store} look={{colour: false, ascii: false}} title="set up" now={() => start} press={controller.press} />);
	Object.defineProperty(drawn.stdout, 'columns', {get: () => columns});
	if (rows !== undefined) Object.defineProperty(drawn.stdout, 'rows', {get: () => rows});
	drawn.stdout.emit('resize');
	const frame = () => drawn.lastFrame() ?? '';
	const until = (right: RegExp | (() => boolean)): Promise<string> => shown(frame, right);
	return {
		until,
		frame,
		looked,
		given,
		saved,
		written,
		press: (...pressed: string[]) => {
			for (const one of pressed) drawn.stdin.write(one);
		},
		/** Presses, then waits for words. */
		async and(pressed: string, right: RegExp) {
			drawn.stdin.write(pressed);
			await until(right);
		},
		async agreed(): Promise<Agreed> {
			await until(() => agreed !== undefined || refused !== undefined);
			if (refused !== undefined) throw refused;
			return agreed ?? assert.fail('nobody agreed');
		},
	};
}
