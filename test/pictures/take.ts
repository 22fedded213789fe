import {spinner} from '../../source/faces/words/glyphs.ts';
import {openTerminal, type ScreenPiece} from '../pty/terminal.ts';
import {svgOf, themes} from './svg.ts';

/** A picture: what runs in the terminal, how it gets to what is shown, and what that is. Words are waited for, never time. */
type Picture = {
	name: string;
	title: string;
	program: string;
	args: string[];
	columns: number;
	rows: number;
	/** What is waited for, and the keys that are pressed then; the last is what the picture shows. */
	way: readonly (readonly [waitsFor: RegExp, press: string])[];
	shows: RegExp;
};

const demo = '../../dist/cli.js';
const down = '\u001b[B';

const pictures: readonly Picture[] = [
	{
		name: 'panel',
		title: 'The live panel: workers and their jobs, what they cost, why jobs wait, and the key that helps',
		program: '../pictures/panel.ts',
		args: [],
		columns: 120,
		rows: 20,
		way: [],
		shows: /orphan[\s\S]*q quit/,
	},
	{
		name: 'question',
		title: 'A question beside the live plan: an image of the wrong architecture is named while it is chosen, with the key that mends it',
		program: demo,
		args: ['demo', '--executor', 'docker-autoscaler', '--image', 'ubuntu-24.04-arm64'],
		columns: 120,
		rows: 34,
		way: [
			[/Which region/, '\r'],
			[/Which security group[\s\S]*images: blocked/, '\r'],
			[/Which key pair[\s\S]*images: blocked/, '\r'],
		],
		shows: /caches go[\s\S]*use t4g\.small instead[\s\S]*service +after[\s\S]*ctrl-c/,
	},
	{
		name: 'review',
		title: 'The review: what is made, what it costs, and every answer with where it came from',
		program: demo,
		args: ['demo', '--preset', 'small', '--region', 'us-east-2'],
		columns: 120,
		rows: 40,
		way: [[/At most about \$\d+/, down]],
		shows: /Review: this is what Enter makes[\s\S]*At most about[\s\S]*ctrl-c/,
	},
];

/** The screen of a picture, as a person has it before them. */
async function taken({program, args, columns, rows, way, shows}: Picture): Promise<ScreenPiece[][]> {
	const terminal = openTerminal(program, args, {columns, rows});
	try {
		for (const [waitsFor, press] of way) {
			await terminal.until(waitsFor);
			terminal.press(press);
		}
		// While something is still looked at, a spinner turns.
		await terminal.until(() => shows.test(terminal.text()) && ![...terminal.text()].some((sign) => spinner.glyphs.some((one) => one === sign)));
		return terminal.pieces();
	} finally {
		terminal.close();
	}
}

/** Takes all pictures, for light and for dark paper, by their file's name. */
export async function takeAll(): Promise<Map<string, string>> {
	const files = new Map<string, string>();
	for (const picture of pictures) {
		const {name, title, columns} = picture;
		const screen = await taken(picture);
		for (const [paper, theme] of Object.entries(themes)) files.set(`${name}-${paper}.svg`, svgOf(screen, {title, columns, theme}));
	}
	return files;
}
