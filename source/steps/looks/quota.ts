import type {Look, Looking} from '../../engine/step.ts';
import {ifAnswered, unless} from '../../problem.ts';

/** Service Quotas' codes of vCPU limits for running instances, by family and way of buying (docs/facts.md, "Quotas and prices"). */
const quotaCodes = {
	standard: {onDemand: 'L-1216C47A', spot: 'L-34B43A08'},
	graphics: {onDemand: 'L-DB2E81BA', spot: 'L-3819A6DF'},
} as const;

/** The family letters that each vCPU quota counts; others have quotas of their own, which aren't looked up. */
const families = {
	standard: ['a', 'c', 'd', 'h', 'i', 'im', 'is', 'm', 'r', 't', 'z'],
	graphics: ['g', 'gr', 'vt'],
} as const;

/** The quota's code for an instance type, or undefined for a family whose quota isn't known here. */
export function quotaCodeOf(type: string, spot: boolean): string | undefined {
	const letters = /^[a-z]+/.exec(type)?.[0] ?? '';
	const family = families.standard.some((one) => one === letters) ? 'standard' : families.graphics.some((one) => one === letters) ? 'graphics' : undefined;
	return family && quotaCodes[family][spot ? 'spot' : 'onDemand'];
}

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
