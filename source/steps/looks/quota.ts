import type {Look, Looking} from '../../step.ts';
import {ifAnswered, unless} from '../answering.ts';

/** Service Quotas' codes of vCPU limits for running instances, by family and way of buying (facts §10). */
export const quotaCodes = {
	standard: {onDemand: 'L-1216C47A', spot: 'L-34B43A08'},
	graphics: {onDemand: 'L-DB2E81BA', spot: 'L-3819A6DF'},
} as const;

/** The account's limit in vCPUs, or why it isn't known. */
export type Quota = {vcpus: number} | {unknown: string};

async function applied({cloud}: Looking, code: string): Promise<number | undefined> {
	const asked = {ServiceCode: 'ec2', QuotaCode: code};
	const own = await unless(cloud.call('GetServiceQuota', asked), 'NoSuchResource', 'NoSuchResourceException');
	return own?.Quota?.Value ?? (await cloud.call('GetAWSDefaultServiceQuota', asked)).Quota?.Value;
}

/** One quota; a service that doesn't answer leaves it unknown, which is a note and never a failure. */
export const quotaLook = (code: string): Look<Quota> => ({
	name: `quota ${code}`,
	async load(context) {
		const answer = await ifAnswered(applied(context, code));
		if ('problem' in answer) return {unknown: answer.problem.code};
		return answer.result === undefined ? {unknown: 'no value'} : {vcpus: answer.result};
	},
});
