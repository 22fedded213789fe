import assert from 'node:assert/strict';
import fc from 'fast-check';

/** A file that appears in the working folder once a shell has run a word of these texts. */
export const canary = 'canary';

/** Parts that do something to a terminal. */
const escapes = [
	'\u001b]52;c;ZXZpbA==\u0007',
	'\u001b[2J\u001b[1;1H',
	'\u001b[31;1;66m',
	'\u001b[8;5;5t',
	'\u001b[6n',
	'\u001b]8;;https://evil.example\u001b\\',
	'\u001bP+q544e\u001b\\',
	'\u001bc',
	'\u009b31m',
	'\u009d0;title\u009c',
	'\u0007',
	'\b\b\b',
	'\r',
	'\u0000',
	'\u007f',
	'\u000e',
	'\u0085',
] as const;

/** Parts that change how a text reads, or how many lines it is. */
const marks = [
	'\u202e',
	'\u202a',
	'\u2066',
	'\u2069',
	'\u200e',
	'\u200f',
	'\u061c',
	'\u200b',
	'\u200d',
	'\u2060',
	'\ufeff',
	'\u2028',
	'\u2029',
	'\u{e0041}',
	'\ud800',
];
const lines = ['\n', '\r\n', '\n\n', '\t', '\n✔ healthy: Everything that is known is well.\n'];

/** Parts that a shell would run. */
const shell = [
	`;touch ${canary};`,
	`$(touch ${canary})`,
	`\`touch ${canary}\``,
	`|touch ${canary}`,
	`&& touch ${canary} #`,
	`\n touch ${canary}\n`,
	`';touch ${canary};'`,
	`";touch ${canary};"`,
	`\${IFS}`,
	`>${canary}`,
	`\\`,
	`'`,
	`"`,
	`$HOME`,
	`*`,
	`~`,
	`-rf`,
	`!!`,
	` `,
];

/** Parts that one of our readers could take for its own. */
const forms = [
	'{"result":{"is":"done"}}',
	'{"says":"done"}',
	'"}\n{"result":{}}\n',
	'"]\n[[runners]]\ntoken = "glrt-evil"\n',
	"'''",
	'"""',
	'level=info msg="Job succeeded" job=1 name=runner-x',
	'  duration_s=1 job=9 name=runner-abc-gitlab-runners-1700000000-deadbeef',
	'runner="x"} 5\ngitlab_runner_jobs{state="running"} 99\n',
	'gitlab-runner-aws fleet=gitlab-runners region=us-east-2 account=123456789012',
	'gitlab-runners-manager',
	'runner-abc123def-',
	'-1700000000-deadbeef',
	'../../etc/passwd',
	'<U+001B>',
	'%s%n',
	'{{.Name}}',
	'__proto__',
];
const plain = [
	'ubuntu',
	'gitlab-runners',
	'runner-abc123def-gitlab-runners-1700000000-deadbeef',
	'build 👷 job',
	'構築',
	'é',
	'a'.repeat(300),
	'',
	'null',
	'0',
];

/** A text as somebody writes it who wants to do harm by it. */
export const hostile: fc.Arbitrary<string> = fc
	.array(
		fc.oneof(
			{arbitrary: fc.constantFrom(...escapes), weight: 4},
			{arbitrary: fc.constantFrom(...marks), weight: 2},
			{arbitrary: fc.constantFrom(...lines), weight: 1},
			{arbitrary: fc.constantFrom(...shell), weight: 4},
			{arbitrary: fc.constantFrom(...forms), weight: 3},
			{arbitrary: fc.constantFrom(...plain), weight: 3},
			{arbitrary: fc.string({unit: 'binary', maxLength: 6}), weight: 2},
		),
		{minLength: 1, maxLength: 5},
	)
	.map((parts) => parts.join(''));

/** Whatever isn't seen but done. */
export const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Holds that a text has nothing in it that does something to a terminal, but for line ends. */
export function assertInert(text: string, what: string): void {
	const at = text.replaceAll('\n', ' ').search(unseen);
	if (at >= 0) assert.fail(`${what} holds ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))}`);
}

/** Gives hostile texts one after another, the same ones for the same seed, and counts them. */
export function source(seed: number, count: number): {next(): string; given(): number} {
	const all = fc.sample(hostile, {seed, numRuns: count});
	let at = 0;
	return {next: () => all[at++ % all.length] ?? '', given: () => at};
}
