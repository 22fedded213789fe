import type {Judge} from './cause.ts';

/** The manager's instance isn't there or doesn't run. */
export const managerStopped: Judge = ({snapshot, manager}) => {
	if (!snapshot.ec2.value) return undefined;
	if (!manager) return {id: 'manager-missing', says: 'The fleet has no manager, so nobody asks GitLab for jobs.', source: 'ec2', key: 'repair'};
	if (manager.state === 'running' || manager.state === 'pending') return undefined;
	return {id: 'manager-stopped', says: `The manager ${manager.id} is ${manager.state}, so nobody asks GitLab for jobs.`, source: 'ec2', key: 'repair'};
};
