import type {Step} from '../../engine/step.ts';
import {programsParts} from '../../steps/software.ts';
import {machineSoftware} from './software.ts';

declare module '../../engine/step.ts' {
	interface Found {
		'docker-machine': {version: string};
	}
}

/** docker-machine and what it needs on the manager: fetched before GitLab Runner, since a test machine takes minutes and needs no more. */
export const dockerMachineStep: Step<'docker-machine', 'manager' | 'connection'> = {
	name: 'docker-machine',
	title: 'docker-machine',
	needs: ['manager', 'connection'],
	...programsParts({runner: false, maker: machineSoftware}, (facts) => ({version: machineSoftware.installed(facts) ?? ''})),
};
