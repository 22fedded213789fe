import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import {nothingSeen} from '../../source/panel/snapshot.ts';
import type {Ports, World} from '../../source/simulated/world.ts';
import {hearing, sessionAt} from '../panel/at-laptop.ts';
import {name, region, type SetupWish} from './fleet.ts';
import {config, onlyManager, rules} from './seen.ts';

/** What a person wants who has machines. */
export const onMachines = (world: World, limit = 6): SetupWish => ({secrets: {runnerToken: world.outside.token()}, flags: {executor: 'docker+machine', limit}});
/** The same who goes over. */
export const over: SetupWish = {flags: {executor: 'docker-autoscaler', workerImage: 'ecs-al2023', workerDisk: 30}};
/** The same who comes back. */
export const back: SetupWish = {flags: {executor: 'docker+machine', workerImage: 'ubuntu-24.04', workerDisk: 20}};

const filesOf = (world: World): string[] => [...world.outside.machine(onlyManager(world)).files.keys()];
/** What the manager's role allows. */
const allowed = (world: World): string => [...world.outside.account.roles.values()].flatMap(({inline}) => [...inline.values()]).join('\n');
const linesOf = (world: World, word: RegExp): string[] =>
	config(world, onlyManager(world))
		.split('\n')
		.filter((line) => word.test(line));

/** Rights of the manager's that docker-machine needs and nothing else here does. */
export const rightsOfMachines = [
	...['RunInstances', 'CreateTags', 'StopInstances', 'TerminateInstances', 'ImportKeyPair', 'DeleteKeyPair'],
	...['DescribeKeyPairs', 'DescribeSecurityGroups', 'DescribeSubnets'],
].map((action) => `ec2:${action}`);

/** What somebody who looks finds of docker-machine: in the account, on the manager, in its config.toml and among its rights. */
export const leftOfMachines = (world: World): string[] => [
	...[...world.outside.region(region).keyPairs.keys()].filter((key) => key.startsWith('runner-')),
	...rules(world).filter((rule) => rule.includes(' 2376 ')),
	...filesOf(world).filter((path) => /docker\/machine|docker-machine$|user-data$/.test(path)),
	...linesOf(world, /machine|amazonec2/i),
	...rightsOfMachines.filter((action) => allowed(world).includes(`"${action}"`)),
];

/** What of docker-autoscaler. */
export const leftOfGroup = (world: World): string[] => [
	...world.outside.region(region).scalingGroups.keys(),
	...[...world.outside.region(region).templates.values()].map((template) => template.name),
	...[...world.outside.region(region).keyPairs.keys()].filter((key) => key === `${name}-workers`),
	...filesOf(world).filter((path) => /worker-key|aws\.ini|fleeting/.test(path)),
	...linesOf(world, /autoscaler|FLEETING/),
	...['autoscaling:SetDesiredCapacity'].filter((action) => allowed(world).includes(action)),
];

/** How often each job was taken by a runner: more than once would be a job that runs twice. */
export const timesTaken = (world: World): number[] => {
	const lines = world.outside.machine(onlyManager(world)).journal.map(({message}) => message);
	return world.jobs.map(({id}) => lines.filter((line) => line.includes('Checking for jobs... received') && line.includes(`"job":${id},`)).length);
};

/** `status undo`, agreed to. */
export async function undo(ports: Ports): Promise<string> {
	const session = sessionAt(ports, ['status'], hearing());
	const prepared = await panelDriver(session, await watchFleet(session, {name, region})).prepare({do: 'undo'}, nothingSeen(region, name));
	return prepared.carryOut(() => undefined);
}
