import {type ChildProcess, spawn} from 'node:child_process';
import {statusShape} from '../../source/faces/json/status.ts';
import type {StatusDocument} from '../../source/panel/live/status.ts';
import {shipped} from '../peers/shipped.ts';

/** The status document in a line of `--json`; a line that isn't as the schema says throws. */
export function documentIn(line: string): StatusDocument | undefined {
	const event: {event: string; name?: string; value?: unknown} = JSON.parse(line);
	if (event.event !== 'document' || event.name !== 'status') return undefined;
	statusShape.parse(event.value);
	// Its shape was judged just now.
	return event.value as StatusDocument;
}

/** `status --json --watch` of one laptop, while it goes on. */
export type StatusWatching = {
	/** Waits until a document fits, the last one or one that comes, and gives it. */
	until(what: string, fits: (document: StatusDocument) => boolean): Promise<StatusDocument>;
	stop(): Promise<void>;
};

/** How long one wait may take, in milliseconds. Generous, since it matters only in a failure. */
const patience = 240_000;

/** Starts `status --json --watch`. */
export function watching(args: readonly string[], env: Record<string, string>): StatusWatching {
	const child: ChildProcess = spawn(process.execPath, [shipped, 'status', '--json', '--watch', ...args], {
		env,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const documents: StatusDocument[] = [];
	const hearing = new Set<() => void>();
	let half = '';
	let failed = '';
	child.stderr?.on('data', (chunk) => {
		failed += String(chunk);
	});
	child.stdout?.on('data', (chunk) => {
		const lines = (half + String(chunk)).split('\n');
		half = lines.pop() ?? '';
		for (const line of lines) {
			const document = documentIn(line);
			if (document) documents.push(document);
			else failed += `${line}\n`;
		}
		for (const hear of hearing) hear();
	});
	const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
	return {
		until(what, fits) {
			const from = Math.max(0, documents.length - 1);
			return new Promise((resolve, reject) => {
				const late = setTimeout(() => {
					hearing.delete(hear);
					reject(new Error(`${what} never came.\n${failed}\n${JSON.stringify(documents.at(-1), undefined, 1)?.slice(0, 4000)}`));
				}, patience);
				const hear = (): void => {
					const document = documents.slice(from).find(fits);
					if (!document) return;
					clearTimeout(late);
					hearing.delete(hear);
					resolve(document);
				};
				hearing.add(hear);
				hear();
			});
		},
		async stop() {
			child.kill('SIGTERM');
			await ended;
		},
	};
}
