import type {Look} from '../../engine/step.ts';
import {ifAnswered} from '../answering.ts';
import {instanceTypesLook} from './instance-types.ts';

/** An instance that uses up a vCPU quota now; `vcpus` is undefined where neither it nor its type tells them. */
export type RunningInstance = {id: string; type: string; spot: boolean; vcpus?: number | undefined};

/** Everybody's instances of the region that are pending or running; undefined where AWS doesn't tell. One call, where they all tell their vCPUs, as EC2's do. */
export const runningLook: Look<RunningInstance[] | undefined> = {
	name: 'running instances',
	async load({cloud, look}) {
		const answer = await ifAnswered(cloud.call('DescribeInstances', {Filters: [{Name: 'instance-state-name', Values: ['pending', 'running']}]}));
		if ('problem' in answer) return undefined;
		const running = (answer.result.Reservations ?? [])
			.flatMap(({Instances = []}) => Instances)
			.map(({CpuOptions, InstanceId: id = '', InstanceLifecycle, InstanceType: type = ''}): RunningInstance => {
				const {CoreCount, ThreadsPerCore} = CpuOptions ?? {};
				const vcpus = CoreCount !== undefined && ThreadsPerCore !== undefined ? CoreCount * ThreadsPerCore : undefined;
				return {id, type, spot: InstanceLifecycle === 'spot', vcpus};
			});
		const untold = running.filter(({vcpus}) => vcpus === undefined).map(({type}) => type);
		const types = untold.length === 0 ? undefined : await ifAnswered(look(instanceTypesLook(...untold)));
		const vcpusOf = (type: string) => (types && 'result' in types ? types.result.get(type)?.vcpus : undefined);
		return running.map((one) => ({...one, vcpus: one.vcpus ?? vcpusOf(one.type)}));
	},
};
