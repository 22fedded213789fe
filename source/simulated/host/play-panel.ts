import type {CommonHost, JournalPart, Panel} from '../../world/host/scripts/panel.ts';
import {paths} from '../../world/host/scripts/paths.ts';
import {isSecretKey} from '../../world/host/secret-words.ts';
import {digest, type Machine, textOf, unitOf, type Work} from './machine.ts';
import {jobsList, metricsOf, verifyLines} from './metrics.ts';
import {mirrorPanel} from './mirror.ts';
import {addedBy} from './play-facts.ts';
import type {Plays, ScriptRun} from './plays.ts';
import {loads} from './resources.ts';
import {readConfig, shortToken} from './runner-config.ts';

/** The `panel` script: reads, and changes nothing. */
export function* panel(given: Panel, {hosts, machine, plays}: ScriptRun): Work<object> {
	yield 250;
	if (given.verify) yield hosts.gitlab.health === 'unreachable' ? 15_000 : 500;
	const now = hosts.clock.now();
	const config = readConfig(textOf(machine, paths.config) ?? '');
	return {
		now,
		...(given.verify ? {verify: verifyLines(hosts, machine, 'config' in config ? config.config.entries : [])} : {}),
		...(given.host ? {host: hostPart({hosts, machine, plays}, now)} : {}),
		...(given.journal ? {journal: journalPart(given.journal, machine)} : {}),
	};
}

/** A runner's token is cut to its partition and its short form, any other secret is hidden. */
const withoutSecrets = (plays: readonly Plays[], text: string): string =>
	text
		.replace(/^(\s*token\s*=\s*)"([^"]*)"/gm, (_, key: string, token: string) => `${key}"${/^glrt-(t\d_)/.exec(token)?.[1] ?? ''}${shortToken(token)}…"`)
		.replace(/^(\s*([\w-]+)\s*=\s*)"[^"]*"/gm, (line: string, begin: string, key: string) => (key !== 'token' && isSecretKey(key) ? `${begin}"hidden"` : line))
		.replace(/"([a-z0-9-]+)=[^"]*"/g, (option: string, flag: string) => (plays.some((one) => one.isSecretOption(flag)) ? `"${flag}=hidden"` : option));

function hostPart({hosts, machine, plays}: Pick<ScriptRun, 'hosts' | 'machine' | 'plays'>, now: number): CommonHost {
	const config = textOf(machine, paths.config);
	const metrics = metricsOf(machine);
	const jobs = jobsList(hosts, machine);
	return {
		...addedBy(plays, (one) => one.panel(machine)),
		...(config === undefined ? {} : {config: {text: withoutSecrets(plays, config), hash: digest(config)}}),
		service: unitOf(machine.service),
		...loads(machine, now),
		...(machine.mirror ? {mirror: mirrorPanel(hosts, machine)} : {}),
		...(metrics === undefined ? {silent: '/metrics on 127.0.0.1:9252: [Errno 111] Connection refused'} : {metrics}),
		...(jobs === undefined ? {} : {jobs}),
	};
}

/** Entries have their number as cursor. */
function journalPart(asked: NonNullable<Panel['journal']>, {journal}: Machine): JournalPart {
	// Numbers only grow, and most looks ask for the last few of thousands.
	const before = asked.after === undefined ? -1 : journal.findLastIndex(({number}) => number <= Number(asked.after));
	const read = journal
		.slice(before + 1)
		.filter(({at}) => (asked.after !== undefined || at >= (asked.since ?? 0)) && (asked.until === undefined || at <= asked.until));
	const wanted = read.filter(({message}) => asked.only?.some((word) => message.includes(word)) ?? true);
	const entries = wanted.slice(0, asked.most);
	const more = wanted.length > entries.length;
	const last = more ? entries.at(-1) : read.at(-1);
	const first = read[0];
	const pair = ({at, message}: {at: number; message: string}): [number, string] => [at, message];
	return {
		entries: entries.map(pair),
		tail: asked.tail > 0 ? read.slice(-asked.tail).map(pair) : [],
		more,
		lost: false,
		unread: 0,
		...(first ? {first: first.at} : {}),
		...(last ? {cursor: String(last.number)} : asked.after === undefined ? {} : {cursor: asked.after}),
	};
}
