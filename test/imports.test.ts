import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

/**
 * The floors from top to bottom: a file imports, types too, only from its own room or from a floor below. A room is a folder or a file, by how its path
 * begins (the longest beginning counts); rooms that share a floor don't know each other.
 */
const floors = [
	'cli.tsx',
	...['commands', 'commands/demo/', 'commands/line'],
	...['faces', 'faces/ui faces/plain faces/json', 'faces/wizard', 'faces/redacting.ts', 'faces/words', 'faces/face.ts'],
	...['panel/acts panel/orphans', 'panel/sources', 'panel/live'],
	'executors',
	'panel',
	'steps',
	...['engine', 'engine/step.ts'],
	...[
		'answers/presets.ts',
		'answers/preset-form.ts answers/interview.ts answers/secret-interview.ts',
		'answers',
		'executors/offered.ts executors/scripts.ts',
		'executors/docker-machine/questions.ts executors/docker-autoscaler/questions.ts',
		'answers/type-prices.ts',
		'answers/question.ts answers/instance-families.ts',
	],
	...[
		'simulated',
		'executors/simulated.ts',
		'executors/docker-machine/simulated executors/docker-autoscaler/simulated',
		'simulated/host',
		'simulated/cloud simulated/gitlab simulated/disk.ts',
		'simulated/laptop.ts',
		'simulated/clock.ts simulated/copied.ts simulated/pace.ts',
	],
	'executors/docker-machine/limits.ts executors/docker-machine/scripts executors/docker-autoscaler/limits.ts executors/docker-autoscaler/scripts',
	'executors/docker-autoscaler/manager-paths.ts executors/docker-autoscaler/periods.ts',
	'executors/limits.ts',
	...['world/cloud', 'world/host', 'world/gitlab', 'world/laptop', 'world/request.ts'],
	...['faces/words/glyphs.ts', 'faces/words/width.ts', 'fleet.ts', 'problem.ts', 'world/printable.ts'],
].map((floor) => floor.split(' '));

/** What only these rooms import: packages, by how their names begin, and rooms of our own. */
const only = Object.entries({
	'@aws-sdk/': 'world/cloud simulated/cloud',
	'@smithy/': 'world/cloud',
	'node-ssh': 'world/host',
	ssh2: 'world/host simulated/host',
	ink: 'faces/ui',
	react: 'faces/ui',
	conf: 'answers/presets.ts world/laptop/settings.ts',
	'smol-toml': 'world/host/toml.ts',
	'@decimalturn/': 'steps/config',
	croner: 'answers',
	'string-width': 'faces/words/width.ts',
	'p-limit': 'commands engine steps',
	'node:child_process': 'world/cloud world/host',
	'node:http': 'world/cloud simulated/host world/request.ts',
	'node:https': 'world/cloud world/request.ts',
	'node:net': 'world/laptop world/host',
	'simulated/world.ts': 'commands/demo',
	'simulated/cloud': 'simulated executors/simulated.ts executors/docker-machine/simulated executors/docker-autoscaler/simulated',
	'simulated/host': 'simulated executors/simulated.ts executors/docker-machine/simulated executors/docker-autoscaler/simulated',
	'simulated/gitlab': 'simulated executors/simulated.ts executors/docker-machine/simulated executors/docker-autoscaler/simulated',
	// Faces draw what they're given, whatever it came from.
	...Object.fromEntries(
		['steps', 'executors', 'panel/orphans', 'world/cloud', 'world/host', 'world/gitlab', 'world/laptop/address.ts', 'world/laptop/disk'].map((room) => [
			room,
			'!faces',
		]),
	),
}).map(([what, rooms]) => ({what, rooms: rooms.split(' ')}));

/**
 * What can't be in order yet, with what will mend it: an arrow that runs up, as `from → to`, or a circle, by one of its files. This list only shrinks:
 * what stands no more must leave it.
 */
const notYet: Record<string, string> = {};
const named = Object.keys(notYet);

const root = fileURLToPath(new URL('../source', import.meta.url));
const files = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter((file) => /\.tsx?$/.test(file));
const specifiers = /^(?:import|export|\}).* from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports: files by their paths below source/, packages by their names. */
const importsOf = (file: string): string[] =>
	[...readFileSync(join(root, file), 'utf8').matchAll(specifiers)]
		.map((found) => found[1] ?? found[2] ?? found[3] ?? '')
		.map((specifier) => (specifier.startsWith('.') ? relative(root, resolve(root, file, '..', specifier)) : specifier));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** The room of a file and its floor, counted from the top. */
function entryOf(file: string): {room: string; floor: number} | undefined {
	const entries = floors.flatMap((rooms, floor) => rooms.map((room) => ({room, floor}))).filter(({room}) => file.startsWith(room));
	return entries.toSorted((one, other) => other.room.length - one.room.length)[0];
}

const arrows = [...imports].flatMap(([from, targets]) => targets.map((to) => ({from, to, says: `${from} → ${to}`})));

test('the house has these twelve entries', () => {
	assert.deepEqual(readdirSync(root).sort(), 'answers cli.tsx commands engine executors faces fleet.ts panel problem.ts simulated steps world'.split(' '));
});

test('every file has a floor, and no arrow runs up or sideways, but for what is named', () => {
	assert.deepEqual(
		files.filter((file) => !entryOf(file)),
		[],
	);
	const wrong = arrows.filter(({from, to}) => {
		const [here, there] = [entryOf(from), imports.has(to) ? entryOf(to) : undefined];
		return here && there && here.room !== there.room && there.floor <= here.floor;
	});
	assert.deepEqual(wrong.map(({says}) => says).sort(), named.filter((one) => one.includes(' → ')).sort());
	assert.ok(arrows.length > files.length, 'the imports were read');
});

test('packages and some rooms are imported by the rooms that are named for them alone', () => {
	const wrong = arrows.filter(({from, to}) =>
		only.some(({what, rooms}) => {
			const about = to === what || to.startsWith(what.endsWith('/') ? what : `${what}/`);
			const isNamed = rooms.some((room) => from.startsWith(room.replace('!', '')));
			return about && isNamed === rooms.every((room) => room.startsWith('!'));
		}),
	);
	assert.deepEqual(
		wrong.map(({says}) => says),
		[],
	);
});

test('no file leads back to itself, but for what is named', () => {
	const reached = (from: string, seen = new Set<string>()): Set<string> => {
		for (const to of imports.get(from) ?? []) {
			if (seen.has(to)) continue;
			seen.add(to);
			reached(to, seen);
		}
		return seen;
	};
	const reach = new Map(files.map((file) => [file, reached(file)]));
	const round = files.filter((file) => reach.get(file)?.has(file));
	const circles = named.filter((one) => !one.includes(' → '));
	assert.deepEqual(
		circles.filter((file) => !round.includes(file)),
		[],
		'these stand no more',
	);
	assert.deepEqual(
		round.filter((file) => !circles.some((one) => reach.get(one)?.has(file) && reach.get(file)?.has(one))),
		[],
	);
});

test('no two types have one name', () => {
	const declared = files.flatMap((file) =>
		[...readFileSync(join(root, file), 'utf8').matchAll(/^(?:export )?(?:type|interface) (\w+)/gm)].map((found) => ({name: found[1] ?? '', file})),
	);
	const twice = [...Map.groupBy(declared, ({name}) => name)].filter(([, places]) => new Set(places.map(({file}) => file)).size > 1);
	assert.deepEqual(
		twice.map(([name, places]) => `${name}: ${places.map(({file}) => file).join(', ')}`),
		[],
	);
	assert.ok(declared.length > files.length, 'the declarations were read');
});
