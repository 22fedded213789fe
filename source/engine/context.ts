import type {Secrets} from '../answers/secrets.ts';
import type {AnswerKey, Answers, Fleet, Given, Source} from '../fleet.ts';
import {isProblem, Stopped} from '../problem.ts';
import type {Connection} from '../world/host/port.ts';
import type {Adapters, Context, Look, Looking, Removal} from './step.ts';

/** What a context of any kind is about. */
export type Setting = {
	fleet: Fleet;
	/** The very record that later secrets go into. */
	secrets: Secrets;
	/** Ends waiting and stops the next call; what is under way is finished first. */
	signal: AbortSignal;
};

/** A context with its own looks, and its own held connections: `close` ends those. */
export type OpenContext<C> = C & {close(): Promise<void>};

/** Remembers looks by name, and forgets those that failed, so that the next one looks again. */
function remembering(context: () => Looking): Pick<Looking, 'look' | 'forget'> {
	const seen = new Map<string, Promise<unknown>>();
	return {
		look<Result>(look: Look<Result>): Promise<Result> {
			const known = seen.get(look.name);
			// The name is the look's identity: what is under it came from the same `load`.
			if (known) return known as Promise<Result>;
			const fresh = look.load(context());
			seen.set(look.name, fresh);
			fresh.catch(() => {
				if (seen.get(look.name) === fresh) seen.delete(look.name);
			});
			return fresh;
		},
		forget(...looks) {
			if (looks.length === 0) seen.clear();
			for (const look of looks) seen.delete(look.name);
		},
	};
}

/** A connection that is told of once it turns out to be lost. */
function watched(connection: Connection, lost: () => void): Connection {
	const letGo = async <Result>(work: Promise<Result>): Promise<Result> => {
		try {
			return await work;
		} catch (error) {
			if (isProblem(error, 'ssh-closed')) lost();
			throw error;
		}
	};
	return {
		script: (script, input, said) => letGo(connection.script(script, input, said)),
		run: (command, stdin) => letGo(connection.run(command, stdin)),
		read: (path) => letGo(connection.read(path)),
		close: () => connection.close(),
	};
}

/**
 * Holds connections by instance; one that was lost is let go, so that the next caller opens another. Once closed it opens none any more. Every caller
 * shares a connection, so it ends with this signal where its opener names no other, and one that has ended so is let go too.
 */
function holding(signal: AbortSignal): Pick<Looking, 'hold'> & {close(): Promise<void>} {
	const held = new Map<string, {opening: Promise<Connection>; ending: AbortSignal}>();
	let isClosed = false;
	return {
		hold(id, open, ending = signal) {
			const known = held.get(id);
			if (known && (!known.ending.aborted || ending.aborted)) return known.opening;
			// Whoever still looks while the context is closed has come too late.
			if (isClosed) return Promise.reject(new Stopped());
			const letGo = (): void => {
				// Another one may be held in its place by now.
				if (held.get(id)?.opening === opening) held.delete(id);
			};
			const opening: Promise<Connection> = open(ending).then((connection) =>
				watched(connection, () => {
					letGo();
					void connection.close().catch(() => undefined);
				}),
			);
			held.set(id, {opening, ending});
			opening.catch(letGo);
			if (known) void known.opening.then((ended) => ended.close()).catch(() => undefined);
			return opening;
		},
		async close() {
			isClosed = true;
			const open = [...held.values()];
			held.clear();
			await Promise.allSettled(open.map(async ({opening}) => (await opening).close()));
		},
	};
}

/** Adapters whose next call or wait is refused with `Stopped` once the signal is aborted, while what is under way ends by itself. */
function stoppable(adapters: Adapters, signal: AbortSignal): Adapters {
	const guard = <Result>(work: () => Promise<Result>): Promise<Result> => (signal.aborted ? Promise.reject(new Stopped()) : work());
	const cloud = (inner: Adapters['cloud']): Adapters['cloud'] => ({...inner, call: (name, input) => guard(() => inner.call(name, input))});
	return {
		...adapters,
		cloud: cloud(adapters.cloud),
		cloudAt: (region) => cloud(adapters.cloudAt(region)),
		host: {...adapters.host, connect: (target, ending) => guard(() => adapters.host.connect(target, ending))},
		clock: {now: () => adapters.clock.now(), sleep: (ms, more) => adapters.clock.sleep(ms, more ? AbortSignal.any([signal, more]) : signal)},
	};
}

/** A context that can look: all there is before the answers are known. */
export function openLooking(adapters: Adapters, setting: Setting): OpenContext<Looking> {
	const context: OpenContext<Looking> = {...stoppable(adapters, setting.signal), ...setting, ...holding(setting.signal), ...remembering(() => context)};
	return context;
}

/** The same context once the answers are there: what was looked at before counts, and later looks see the answers too. `gitlabCa` is PEM. */
export function withAnswers(
	looking: OpenContext<Looking>,
	{answers, sources = {}, gitlabCa}: {answers: Answers; sources?: Partial<Record<AnswerKey, Source>>; gitlabCa?: string | undefined},
): OpenContext<Context> {
	return Object.assign(looking, {answers, sources, gitlab: looking.gitlabAt(answers.gitlabUrl, gitlabCa, sources.gitlabUrl)});
}

/**
 * The same context for taking the fleet away, which knows no answers. `here` is what this laptop's own flags say of the way to the manager
 * and of GitLab; the rest of it is in the record.
 */
export const forRemoval = (looking: OpenContext<Looking>, options: Removal['options'], here: Given = {}): OpenContext<Removal> =>
	Object.assign(looking, {options, answers: here});
