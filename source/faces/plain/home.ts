import type {HomeChoice, HomeSeen} from '../face.ts';
import type {Line} from '../words/lines.ts';
import type {Talk} from './prompts.ts';

const marks = {ready: 'ready', note: 'note', blocked: 'blocked', looking: 'pending'} as const;

function homeLines({who, draft, fleets, refused, presets}: HomeSeen): Line[] {
	const width = Math.max(0, ...presets.map(({name}) => name.length));
	return [
		...(who === undefined ? [] : [{text: `Account ${who}`}]),
		{text: fleets.length === 0 ? 'No fleet is found.' : 'Fleets:'},
		...fleets.map(({name, region, is, says}, at): Line => ({mark: marks[is], text: `${at + 1} ${name} in ${region}: ${says}`, indent: 2})),
		...refused.map(({region, says}): Line => ({mark: 'note', text: `${region}: ${says}`})),
		...(draft === undefined ? [] : [{text: `Left unfinished: ${draft}; \`resume\` goes on with it.`}]),
		...(presets.length === 0 ? [] : [{text: 'Presets:'}]),
		...presets.map(({name, says}): Line => ({subject: name, subjectWidth: width, text: says, indent: 2})),
	];
}

const help: readonly Line[] = [
	['a number', 'opens that fleet'],
	['setup', 'sets a new fleet up; setup NAME takes the answers of a preset'],
	['resume', 'goes on with the answers that were left unfinished'],
	['repair N', 'runs setup on that fleet'],
	['destroy N', 'takes that fleet away, once that is agreed to'],
	['demo', 'shows all of it on a simulated AWS'],
	['Enter', 'looks again'],
	['leave', 'ends this'],
].map(([subject = '', text = '']): Line => ({subject, subjectWidth: 9, text, indent: 2}));

/** What a line means at home; nothing where it means nothing. */
function chosen(typed: string, {draft, fleets, presets}: HomeSeen): HomeChoice | undefined {
	const [first = '', name] = typed.split(/\s+/);
	// A line of a fleet names the key that repairs it.
	const word = first === 'r' ? 'repair' : first;
	const fleet = fleets[Number(name ?? word) - 1];
	const preset = presets.find((one) => one.name === name);
	if (word === '') return {do: 'again'};
	if (word === 'leave' || word === 'q') return {do: 'quit'};
	if (word === 'demo') return {do: 'demo'};
	if (word === 'resume' && draft !== undefined) return {do: 'setup', draft: true};
	if (word === 'setup' && name === undefined) return {do: 'setup'};
	if (word === 'setup' && preset) return {do: 'setup', preset: preset.name};
	if (!fleet) return undefined;
	const at = {name: fleet.name, region: fleet.region};
	if (word === 'repair' || word === 'destroy') return {do: word, fleet: at};
	return name === undefined ? {do: 'open', fleet: at} : undefined;
}

/** Home as lines: what was found once all regions have answered, and what can be done as words. */
export async function homeInLines(
	{say, ask}: Talk,
	look: (tell: (seen: HomeSeen) => void, signal: AbortSignal) => Promise<HomeChoice | undefined>,
): Promise<HomeChoice> {
	let seen: HomeSeen = {regions: 0, looked: 0, refused: [], fleets: [], presets: []};
	say([{text: 'Looking for fleets in every enabled region…'}]);
	const only = await look((now) => {
		seen = now;
	}, new AbortController().signal);
	if (only) return only;
	say(homeLines(seen));
	for (;;) {
		const typed = (await ask('Which fleet, or what? (? helps): ')).trim();
		const choice = typed === '?' ? undefined : chosen(typed, seen);
		if (choice) return choice;
		say(typed === '?' ? help : [{mark: 'blocked', text: `"${typed}" is nothing that can be done here; ? says what can.`}]);
	}
}
