import type {Judge} from './cause.ts';

const burstable = /^t\d/;

/** On a burstable type without CPU credits the hypervisor keeps most of the time; elsewhere the load tells. */
export const managerCpu: Judge = ({host, manager}) => {
	const seen = host?.resources;
	if (!seen) return undefined;
	const base = {source: 'host', key: 'ssh'} as const;
	const type = manager?.type;
	if (seen.stolen !== undefined && seen.stolen > 0.3) {
		const percent = Math.round(seen.stolen * 100);
		const credits =
			type !== undefined && burstable.test(type)
				? `The manager's CPU credits are used up: ${type} gets ${100 - percent} % of its processor.`
				: `The manager gets ${100 - percent} % of its processor.`;
		return {...base, id: 'manager-cpu', says: credits};
	}
	if (seen.cpus === 0 || seen.load1 / seen.cpus < 4) return undefined;
	return {
		...base,
		id: 'manager-load',
		says: `The manager is overloaded: ${seen.load1.toFixed(1)} tasks wait for ${seen.cpus === 1 ? '1 processor' : `${seen.cpus} processors`}.`,
	};
};
