import type {NodeSSH} from 'node-ssh';
import {Problem, Stopped} from '../../problem.ts';

/** ssh2's client, as node-ssh holds it. */
export type Client = NonNullable<NodeSSH['connection']>;

/** An open connection with what ends it. */
export type OpenConnection = {
	client: Client;
	/** `ubuntu@198.51.100.7`, for messages. */
	destination: string;
	signal: AbortSignal | undefined;
	/** Why the connection is lost, once it is. */
	lost(): string | undefined;
};

/** The problem of a connection that is gone. */
export const closed = ({destination}: Pick<OpenConnection, 'destination'>, why: string, cause?: unknown): Problem =>
	new Problem({
		code: 'ssh-closed',
		message: `The SSH connection to ${destination} is lost: ${why}.`,
		advice: 'Run the same command again; it looks first and goes on.',
		again: true,
		cause,
	});

/** What is to be done about a machine that refuses SSH: systemd ends sshd at once where a system shuts down, and waits for the runner. */
export const refusedAdvice =
	'A machine that has just started needs about half a minute; a manager that is being rebooted ends its running jobs first. Run the same command again.';

type CommandStreams = {
	stdin?: string;
	onStdout(chunk: Buffer): void;
	onStderr(chunk: Buffer): void;
};

/** Runs one command on a channel of its own and gives its exit code, undefined when a signal ended it there. */
export function exec(line: OpenConnection, command: string, running: CommandStreams): Promise<number | undefined> {
	const {client, signal} = line;
	return new Promise((resolve, reject) => {
		if (signal?.aborted) return reject(new Stopped());
		const lost = line.lost();
		if (lost !== undefined) return reject(closed(line, lost));
		let channelEnd = (): void => undefined;
		const settle = (finish: () => void): void => {
			signal?.removeEventListener('abort', stop);
			client.off('close', dropped);
			finish();
			channelEnd();
		};
		const stop = (): void => settle(() => reject(new Stopped()));
		const dropped = (): void => settle(() => reject(closed(line, line.lost() ?? 'the other side closed it')));
		signal?.addEventListener('abort', stop, {once: true});
		client.once('close', dropped);
		const opened: Parameters<Client['exec']>[1] = (error, channel) => {
			if (error) return settle(() => reject(closed(line, error.message, error)));
			let ended: {code: number | undefined} | undefined;
			let isOpen = true;
			channelEnd = () => {
				if (!isOpen) return;
				isOpen = false;
				channel.signal('TERM');
				channel.close();
			};
			channel.on('data', running.onStdout);
			channel.stderr.on('data', running.onStderr);
			channel.on('error', () => undefined);
			channel.once('exit', (code: number | null) => {
				ended = {code: code ?? undefined};
			});
			channel.once('close', () => {
				isOpen = false;
				settle(() => (ended ? resolve(ended.code) : reject(closed(line, line.lost() ?? 'the command ended without a word'))));
			});
			channel.end(running.stdin ?? '');
			if (signal?.aborted) channelEnd();
		};
		try {
			client.exec(command, opened);
		} catch (error) {
			settle(() => reject(closed(line, error instanceof Error ? error.message : String(error), error)));
		}
	});
}
