import type {WorkerAt} from '../executors/executor.ts';
import {executorNaming} from '../executors/list.ts';
import {runningManager} from '../panel/acts/act-context.ts';
import {Problem} from '../problem.ts';
import {instancesIn} from '../steps/looks/account.ts';
import {reachToChange, sshDestinationOf} from '../steps/reaching.ts';
import type {Cloud} from '../world/cloud/port.ts';
import {isHostName} from '../world/host/machine-name.ts';
import {openShell} from '../world/host/openssh.ts';
import {openFleet} from './open.ts';
import type {Command} from './session.ts';

const noMachine = (name: string): Problem =>
	new Problem({
		code: 'usage',
		exit: 2,
		message: `No worker is called "${name}": a name has letters, digits, hyphens and dots.`,
		advice: '`gitlab-runner-aws status` lists the workers.',
	});

/** A worker by its name, which for some executors is its instance's id. */
export const workerAt = (cloud: Cloud, name: string): WorkerAt => ({
	name,
	address: async () => (await instancesIn(cloud, 'instance-id', [name]))[0]?.privateIp,
});

/** Opens a shell on the manager, or on a worker through it; exits with the remote's code. The host key is checked before the terminal is handed over. */
export const ssh: Command = async (session) => {
	const {
		parsed: {
			words: [worker],
			remote,
		},
		around,
		face,
		stops,
	} = session;
	if (worker !== undefined && !isHostName(worker)) throw noMachine(worker);
	const {context} = await openFleet(session, {secrets: 'none'});
	try {
		const manager = await runningManager(context);
		const {connection, fresh} = await reachToChange(context, manager);
		const {stdout} = await connection.run('cat /etc/ssh/ssh_host_*_key.pub');
		const destination = await sshDestinationOf(context, manager);
		// A person's own words are joined as ssh joins them: the shell of whichever machine they are for reads them.
		const words = remote.length === 0 ? undefined : remote.join(' ');
		const command = worker === undefined ? words : await executorNaming(worker).onWorker(destination.user, workerAt(context.cloud, worker), words);
		await context.close();
		await face.close();
		const code = await openShell(
			{
				...destination,
				privateKey: fresh?.privateKey,
				hostKeys: stdout.split('\n').filter(Boolean),
				command,
				terminal: around.stdin.isTTY === true && (remote.length === 0 || worker !== undefined),
			},
			stops,
		);
		return stops.exit() ?? code;
	} finally {
		await context.close();
	}
};
