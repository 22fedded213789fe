import type {AnswerKey} from '../fleet.ts';

/** Forms of secrets that can be told by themselves, with what to call them (facts §1). */
const forms: readonly [pattern: RegExp, what: string][] = [
	[/\bglrtr?-[\w.-]{8,}/, "a runner's token"],
	[/\bGR1348941[\w-]+/, 'a registration token'],
	[/\bgl(pat|oas|dt|ptt|ft|soat|cbt|imt|agent)-[\w.-]{8,}/, 'a GitLab token'],
	[/\b(AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
	[/PRIVATE KEY-----/, 'a private key'],
	[/:\/\/[^/\s:@]*:[^/\s@]+@/, 'a password in a URL'],
	[/(^|[\s_.-])(token|password|passphrase|secret|secret[-_]?key|access[-_]?key|session[-_]?token)["']?\s*[:=]\s*["']?[^\s"'$]{4,}/i, 'a secret'],
	[
		/(^|[^A-Za-z0-9/+])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[a-z])(?=[A-Za-z0-9/+]{0,39}\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/,
		'an AWS secret key',
	],
];

/** What sort of secret a text holds, or nothing. It never repeats the text. */
const secretIn = (text: string): string | undefined => forms.find(([pattern]) => pattern.test(text))?.[1];

/** Answers whose own shape is a path or an ARN: forty characters of such a one only look like a secret key. */
const paths: readonly AnswerKey[] = ['privateKey', 'gitlabCa', 'permissionsBoundary', 'rolePath', 'engineInstall', 'downloads'];

/** What sort of secret an answer holds, at any depth, or nothing. */
export function secretInAnswer(key: AnswerKey, value: unknown): string | undefined {
	const found = textsIn(value).map(secretIn).find(Boolean);
	return found === 'an AWS secret key' && paths.includes(key) ? undefined : found;
}

function textsIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	if (typeof value !== 'object' || value === null) return [];
	return Object.entries(value).flatMap(([name, item]) => (typeof item === 'string' && Number.isNaN(Number(name)) ? [`${name}=${item}`, item] : textsIn(item)));
}
