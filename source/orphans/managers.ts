import {markKeys, names} from '../fleet.ts';
import {panelScript} from '../host/scripts/panel.ts';
import {Problem} from '../problem.ts';
import {machineNameOf} from '../snapshot/join.ts';
import {isMachineName} from '../snapshot/machine-name.ts';
import {type AskedManager, askedManager} from '../snapshot/orphans.ts';
import {failing, good, unseen} from '../snapshot/seen.ts';
import type {HostSeen} from '../snapshot/snapshot.ts';
import {hostSeen} from '../snapshot/sources/host.ts';
import {type Instance, lives} from '../steps/looks/account.ts';
import {connectTo} from '../steps/reaching.ts';
import type {Place} from './place.ts';

/** A manager as it answered, or why it didn't. */
export type Answered = {manager: AskedManager; trouble?: Problem};

/** Words in the names of machines that make others. */
const telling = /runner|bastion|docker-machine|gitlab-ci/i;

/**
 * The fleet whose manager a machine is: by its mark, or because it has that fleet's instance profile or key pair, as somebody's copy of a manager has,
 * whose machines bear the fleet's mark too. Undefined for any other machine.
 */
export function managedFleet({keyName, profileArn, tags}: Instance, fleets: readonly string[], region: string): string | undefined {
	if (tags[markKeys.part] === 'manager') return tags[markKeys.fleet];
	if (tags[markKeys.part] !== undefined) return undefined;
	const profile = profileArn?.split('/').at(-1);
	return fleets.find((name) => profile === names.profile({name, region}) || keyName === names.keyPair({name, region}));
}

/**
 * Whether somebody else's machine may be a manager: no runner made it, and a name that it bears says runner, bastion, docker-machine or gitlab-ci (a GitLab server isn't one).
 * Machines without such a name aren't asked: nobody's SSH is tried for nothing, and what no manager here made is never an orphan anyway.
 */
export function maybeManager(instance: Instance): boolean {
	const {keyName, profileArn, tags} = instance;
	if (!lives(instance) || tags[markKeys.part] !== undefined || isMachineName(machineNameOf(instance) ?? '')) return false;
	const profile = profileArn?.split('/').at(-1);
	return [tags.Name, keyName, profile].some((name) => name !== undefined && telling.test(name));
}

const isNoManager = ({config, hasStore}: HostSeen): boolean => !hasStore && !config?.facts?.runners.some(({executor}) => executor === 'docker+machine');

const silence = (place: Place, {id}: Instance, fleet: string | undefined, trouble: Problem): Answered => ({
	manager: askedManager(id, fleet, failing(unseen, trouble, place.clock.now())),
	trouble,
});

/**
 * Asks one manager for its machines and changes nothing there: with the key that is here, else one that EC2 Instance Connect lets in for a minute.
 * Who can't be asked says why. Undefined for a machine that turns out to be no manager. Throws `Stopped`.
 */
export async function askManager(place: Place, instance: Instance, fleet: string | undefined, isOnly: boolean): Promise<Answered | undefined> {
	const {id, state} = instance;
	if (state !== 'running') return silence(place, instance, fleet, new Problem({code: 'manager-not-running', message: `The manager ${id} is ${state}.`}));
	const {region, given} = place;
	// A manager of nobody's fleet goes by its id, so that no fleet's key and record are taken for its own.
	const context = place.open({name: fleet ?? id, region});
	const {sshAddress, ...reaching} = given;
	const answers = {...reaching, ...(isOnly && sshAddress !== undefined ? {sshAddress} : {}), ...(fleet === undefined ? {image: instance.imageId} : {})};
	try {
		const connection = await connectTo({...context, answers}, instance);
		const {host} = await connection.script(panelScript, {host: true});
		if (!host) throw new Problem({code: 'no-answer', message: `The manager ${id} tells nothing of its machines.`});
		const seen = hostSeen(host, place.toml, {ticks: undefined, seen: undefined});
		if (fleet === undefined && isNoManager(seen)) return undefined;
		return {manager: askedManager(id, fleet, good(seen, place.clock.now()))};
	} catch (error) {
		if (!(error instanceof Problem)) throw error;
		return silence(place, instance, fleet, error);
	} finally {
		await context.close();
	}
}
