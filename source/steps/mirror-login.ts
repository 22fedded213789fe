import type {Change, Context, Report} from '../engine/step.ts';
import type {HostFacts} from '../executors/scripts.ts';
import {Problem, unless} from '../problem.ts';
import {writeMirrorLoginScript} from '../world/host/scripts/mirror.ts';
import {mirror} from '../world/host/scripts/mirror-paths.ts';
import {printable} from '../world/printable.ts';
import {accountLook, type Instance, managersOf} from './looks/account.ts';
import {forgetHost, lookAtHost} from './looks/host.ts';
import {hashOf, mirrorLogin} from './mirror-program.ts';
import {connectTo, connectToChange, onTheWay} from './reaching.ts';

/** As whom a manager's mirror pulls, as its facts tell it. */
type LoginStands = NonNullable<HostFacts['mirror']>['login'];

/** The file that is to be written, nothing where none is or the one that stands is right, or that no token for it is known. */
type LoginWanted = {text: string} | undefined | 'missing';

/** The file of a manager that this one takes over from, where it is of the same user. */
async function inherited(context: Context, manager: Instance, user: string): Promise<string | undefined> {
	const others = managersOf(context.fleet, await context.look(accountLook)).filter(({id, state}) => id !== manager.id && state === 'running');
	for (const other of others) {
		const facts = await unless(lookAtHost(context, other), ...onTheWay);
		if (facts?.mirror?.login?.user === user) return (await connectTo(context, other)).read(mirror.login);
	}
	return undefined;
}

/** Docker Hub's login as it is to be on a manager: of the token that was given, else as it stands there or on the manager before it. */
export async function loginWanted(context: Context, manager: Instance, standing: LoginStands): Promise<LoginWanted> {
	const {registryMirrorUser: user} = context.answers;
	if (user === undefined) return undefined;
	const {dockerHubToken: token} = context.secrets;
	if (token !== undefined) return {text: mirrorLogin(user, token)};
	if (standing?.user === user) return undefined;
	const text = await inherited(context, manager, user);
	return text === undefined ? 'missing' : {text};
}

/** As whom the mirror pulls, where that isn't as wanted; a token that was given beats the one that is there. */
export function loginChanges({answers: {registryMirrorUser: user}}: Context, wanted: Exclude<LoginWanted, 'missing'>, standing: LoginStands): Change[] {
	if (standing?.user === user && (wanted === undefined || hashOf(wanted.text) === standing?.hash)) return [];
	const from = standing === undefined ? 'nobody' : standing.user === user ? 'another token' : printable(standing.user);
	return [{what: 'registryMirrorUser', from, to: user ?? 'nobody', how: 'live'}];
}

/** A mirror that is to pull as somebody, and no token for that is given or on a manager. */
export const tokenMissing = (): Problem =>
	new Problem({
		code: 'docker-hub-token-missing',
		message: 'The mirror is to pull from Docker Hub as `registryMirrorUser`, and no access token was given.',
		advice: 'Set `DOCKER_HUB_TOKEN`, or pipe the token in with `--docker-hub-token-file -`.',
	});

/** Docker Hub's login goes to the manager over a connection that is verified, into a file for root alone, and nowhere else. */
export async function bringLogin(context: Context, manager: Instance, report: Report): Promise<void> {
	const {mirror: seen} = await lookAtHost(context, manager);
	const wanted = await loginWanted(context, manager, seen?.login);
	if (wanted === 'missing') throw tokenMissing();
	if (loginChanges(context, wanted, seen?.login).length === 0) return;
	report({says: "Docker Hub's login being written for the mirror"});
	const connection = await connectToChange(context, manager);
	const outcome = await connection.script(writeMirrorLoginScript, {text: wanted?.text}, report).finally(() => forgetHost(context, manager));
	if (outcome.is === 'written') return;
	throw new Problem({
		code: 'command-failed',
		message: `Docker Hub's login can't be written on the manager: ${outcome.detail}`,
		advice: 'Mend it there with `gitlab-runner-aws ssh`, then run the same command again.',
	});
}
