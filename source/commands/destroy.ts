import {forRemoval, type OpenContext} from '../engine/context.ts';
import {listStanding, removeAll, type Stands} from '../engine/remove.ts';
import type {RunResult} from '../engine/run.ts';
import type {Proposal, Removal} from '../engine/step.ts';
import {allSteps} from '../executors/list.ts';
import type {Helping} from '../faces/face.ts';
import {padded} from '../faces/words/width.ts';
import type {Fleet, Given} from '../fleet.ts';
import {age, many, takes} from '../panel/formats.ts';
import {Problem} from '../problem.ts';
import {jobsRunning} from '../steps/service.ts';
import {loginOf} from './interviewing.ts';
import {usualDrainSeconds} from './line/argv.ts';
import {layersOf, lookingAt, namedFleet, tellFleet} from './open.ts';
import {type Command, demoOver, failAll, lookedAfter, type Session} from './session.ts';

/** What there is to know of a removal that ended before its end. */
const stands = 'What is left still stands, and may cost.';

/** Takes away what bears a fleet's mark, and proves that nothing does any more. A fleet that isn't there is said, and no failure. */
export const destroy: Command = async (session) => {
	const fleet = await namedFleet(session);
	const {options} = session;
	const here = await saidHere(session);
	const removal = forRemoval(lookingAt(session, fleet), {withCache: options.withCache, drainSeconds: options.drainSeconds ?? usualDrainSeconds}, here);
	try {
		return await takeAway(session, removal);
	} finally {
		await removal.close();
	}
};

/** What flags or a preset say here of the way to the manager, and of the GitLab that a token may go to. */
async function saidHere(session: Session): Promise<Given> {
	const {flag, preset} = await layersOf(session);
	const {gitlabCa, gitlabUrl, privateKey, profile, sshAddress} = {...preset, ...flag};
	return {
		...(gitlabCa === undefined ? {} : {gitlabCa}),
		...(gitlabUrl === undefined ? {} : {gitlabUrl}),
		...(privateKey === undefined ? {} : {privateKey}),
		...(profile === undefined ? {} : {profile}),
		...(sshAddress === undefined ? {} : {sshAddress}),
	};
}

async function takeAway(session: Session, removal: OpenContext<Removal>): Promise<number> {
	const {face, stops} = session;
	const {fleet} = removal;
	const {unread} = await tellFleet(session, removal);
	if (unread) face.emit(goesByTheMark(fleet, unread));
	const standing = await listStanding(allSteps, removal, face.emit, 'before');
	if (!standing.some(({goes}) => goes)) {
		face.emit({event: 'ended', says: `There is no fleet ${fleet.name} in ${fleet.region}.${keptWords(standing)}`, next: []});
		return 0;
	}
	if (!(await face.agree(proposalOf(session, fleet, standing, await jobLines(removal))))) {
		face.emit({event: 'ended', says: `Nothing was taken away. ${fleet.name} stands in ${fleet.region}.`, next: []});
		return 0;
	}
	const result = await remove(session, removal);
	const stopped = stops.exit();
	if (stopped !== undefined) {
		face.fail(
			new Problem({
				code: 'stopped',
				message: `Stopped after ${result.counts.done} of ${result.counts.of} steps.${session.demo ? '' : ` ${stands}`}`,
				advice: goOn(session, fleet),
			}),
		);
		return stopped;
	}
	if (result.problems.length > 0) return failAll(session, result.problems, goOn(session, fleet));
	return prove(session, removal);
}

/** Removes, again as often as somebody who looks on says; they may renew a session that expires meanwhile. */
async function remove(session: Session, removal: OpenContext<Removal>): Promise<RunResult> {
	const {face} = session;
	const run = (helping?: Helping): Promise<RunResult> => {
		removal.hurry = helping?.hurry;
		return lookedAfter(session, removal, {helping, stands}, (running) => removeAll(allSteps, running, face.emit, {again: helping?.again}));
	};
	for (;;) {
		const {result, choice} = await face.run(loginOf(session), run);
		if (choice !== 'again') return result;
		removal.forget();
	}
}

/** Looks again at everything that mark, names and patterns can find. */
async function prove(session: Session, before: OpenContext<Removal>): Promise<number> {
	const {face} = session;
	const {fleet} = before;
	const removal = forRemoval(lookingAt(session, fleet), before.options);
	try {
		const left = await listStanding(allSteps, removal, face.emit, 'after');
		const stays = left.filter(({goes}) => goes);
		if (stays.length > 0) {
			const list = stays.map(({id}) => id).join(', ');
			return failAll(session, [
				new Problem({code: 'still-stands', fault: 'outside', message: `This still bears the mark of ${fleet.name}: ${list}.`, advice: goOn(session, fleet)}),
			]);
		}
		const costs = !session.demo && left.some((one) => one.costs);
		const next = costs ? [{command: orphansCommand(fleet), does: 'looks at what costs and bears no mark, and removes it'}] : [];
		face.emit({event: 'ended', says: `Nothing in ${fleet.region} bears the mark of ${fleet.name}.${keptWords(left)}`, next});
		return 0;
	} finally {
		await removal.close();
	}
}

/** What isn't known without the record is what others own: their bucket, which has a rule of ours, and a runner in GitLab. */
const goesByTheMark = ({name}: Fleet, {message}: Problem) => ({
	event: 'note' as const,
	says: `${message} The fleet goes by the mark that all of it bears. A bucket that was somebody's before may keep our lifecycle rule \`gitlab-runner-aws-${name}\`, and GitLab the runner.`,
});

const goOn = ({demo}: Session, {name, region}: Fleet): string =>
	demo ? demoOver : `To go on: \`gitlab-runner-aws destroy --fleet ${name} --region ${region}\`.`;

/** What stays, in short: how it goes stands in the list above. */
const keptWords = (standing: readonly Stands[]): string => {
	const kept = standing.filter(({goes}) => !goes).map(({says, short = says}) => short);
	return kept.length === 0 ? '' : ` Kept: ${kept.join('; ')}.`;
};

/** Most jobs that a review names. */
const mostNamed = 8;

/** The jobs that run now, and what becomes of them. */
async function jobLines(removal: Removal): Promise<string[]> {
	const {drainSeconds} = removal.options;
	const told = await jobsRunning(removal);
	const jobs = told.flatMap((one) => ('jobs' in one ? one.jobs : []));
	const unknown = told.flatMap((one) => ('unknown' in one ? [`  Which jobs run isn't known: ${one.unknown}`] : []));
	if (jobs.length === 0 && unknown.length === 0) return told.length === 0 ? [] : ['No job runs now.'];
	const then =
		drainSeconds === 0
			? 'they end at once, and fail'
			: `no new one is taken, and they have ${takes(drainSeconds)} to end; \`--now\`, or N while it waits, ends them`;
	return [
		jobs.length === 0 ? `Jobs that run: ${then}` : `Runs now: ${many(jobs.length, 'job')}; ${then}`,
		...jobs.slice(0, mostNamed).map(({project, id, seconds}) => `  ${project ?? ''} #${id}${seconds === undefined ? '' : `, for ${age(seconds)}`}`),
		...(jobs.length > mostNamed ? [`  and ${jobs.length - mostNamed} more`] : []),
		...unknown,
	];
}

/** Columns of the names in a review: with more, what they are has no room beside them in a narrow terminal. */
const widestId = 24;

/** What takes away what stays and costs: it bears no mark, so whose it is has to be judged first. */
const orphansCommand = ({region}: Fleet): string => `gitlab-runner-aws orphans --region ${region}`;

function proposalOf({demo}: Session, fleet: Fleet, standing: readonly Stands[], running: readonly string[]): Proposal {
	const width = Math.min(widestId, Math.max(0, ...standing.map(({id}) => id.length)));
	const lines = (goes: boolean): string[] => standing.filter((one) => one.goes === goes).map(({id, says}) => `  ${padded(id, width)}  ${says}`);
	const costs = standing.some((one) => one.costs);
	const away = demo ? 'x in the panel' : `\`${orphansCommand(fleet)}\`, or x in the panel,`;
	const goes = ['Goes:', ...lines(true)];
	const stays = [
		...(standing.every((one) => one.goes) ? [] : ['Stays:', ...lines(false)]),
		...(costs ? [`  ! ${away} looks at what costs and bears no mark, and removes it.`] : []),
	];
	return {
		says: `The fleet ${fleet.name} in ${fleet.region} is taken away.`,
		// What stays and costs is read before anybody scrolls.
		details: [...running, ...(costs ? [...stays, ...goes] : [...goes, ...stays])],
		word: fleet.name,
	};
}
