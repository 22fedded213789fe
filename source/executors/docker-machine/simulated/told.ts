import {type Machine, textOf, versionOf} from '../../../simulated/host/machine.ts';
import {userDataPath} from '../scripts/manager-part.ts';
import {dockerMachineProgram, hasCertificates, storeFolder, storeOf} from './store.ts';

/** docker-machine's part of what is installed, as the scripts tell it. */
export const software = (machine: Machine): object => ({
	dockerMachine: versionOf(machine, dockerMachineProgram),
	certificates: hasCertificates(machine),
	userData: textOf(machine, userDataPath),
});

/** Its part of all facts. */
export const facts = (machine: Machine): object => ({
	machines: storeOf(machine).map(({name, instanceId}) => ({name, instanceId})),
	engine: engineOfNewest(machine),
});

/** Docker's version on the newest machine that has it, as the script asks that machine. */
function engineOfNewest(machine: Machine): {version: string; madeAt: number} | undefined {
	const ages = storeOf(machine).flatMap(({name, engine}) => {
		const [, made] = /-(\d{9,11})-[0-9a-f]{8}$/.exec(name) ?? [];
		return engine === undefined || made === undefined ? [] : [{version: engine, madeAt: Number(made) * 1000}];
	});
	return ages.toSorted((one, other) => other.madeAt - one.madeAt)[0];
}

/** Its part of what the panel is told. */
export const panel = (machine: Machine): object => ({
	hasStore: [...machine.files.keys()].some((path) => path.startsWith('/root/.docker/machine/')),
	certificates: hasCertificates(machine),
	machines: storeOf(machine).map(({name}) => picked(name, textOf(machine, `${storeFolder}${name}/config.json`) ?? '{}')),
	unreadMachines: [],
});

const fields: Record<string, string> = {
	instanceId: 'InstanceId',
	ip: 'IPAddress',
	privateIp: 'PrivateIPAddress',
	type: 'InstanceType',
	region: 'Region',
	zone: 'Zone',
	spot: 'RequestSpotInstance',
	diskGib: 'RootSize',
	privateOnly: 'PrivateIPOnly',
};

function picked(name: string, text: string): Record<string, unknown> {
	const {Driver = {}}: {Driver?: Record<string, unknown>} = JSON.parse(text);
	const found = Object.entries(fields).flatMap(([key, field]) => (Driver[field] === undefined ? [] : [[key, Driver[field]] as const]));
	return {name, ...Object.fromEntries(found)};
}
