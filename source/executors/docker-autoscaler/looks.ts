import type {Look, Looking} from '../../engine/step.ts';
import {markKeys, names} from '../../fleet.ts';
import {ifAnswered, unless} from '../../problem.ts';
import {tagsOf} from '../../steps/tags.ts';
import type {Action, AutoScalingGroup, ResponseLaunchTemplateData} from '../../world/cloud/port.ts';

/** A launch template, and what its newest version says. */
export type TemplateSeen = {id: string; name: string; tags: Record<string, string>; version: number; data: ResponseLaunchTemplateData};

/** What of Auto Scaling and launch templates bears the fleet's mark or its names. */
type ScalingSeen = {groups: AutoScalingGroup[]; template: TemplateSeen | undefined};

/** What the look needs to be allowed. */
export const scalingActions: readonly Action[] = ['autoscaling:DescribeAutoScalingGroups', 'ec2:DescribeLaunchTemplates', 'ec2:DescribeLaunchTemplateVersions'];

async function groupsSeen({cloud, fleet}: Looking): Promise<AutoScalingGroup[]> {
	const named = cloud.call('DescribeAutoScalingGroups', {AutoScalingGroupNames: [names.scalingGroup(fleet), names.testGroup(fleet)]});
	const marked = cloud.call('DescribeAutoScalingGroups', {Filters: [{Name: `tag:${markKeys.fleet}`, Values: [fleet.name]}]});
	const lists = await Promise.all([named, marked]);
	return [...new Map(lists.flatMap(({AutoScalingGroups = []}) => AutoScalingGroups.map((group) => [group.AutoScalingGroupName, group]))).values()];
}

async function templateSeen({cloud, fleet}: Looking): Promise<TemplateSeen | undefined> {
	const name = names.launchTemplate(fleet);
	const [{LaunchTemplates = []}, versions] = await Promise.all([
		cloud.call('DescribeLaunchTemplates', {Filters: [{Name: 'launch-template-name', Values: [name]}]}),
		unless(
			cloud.call('DescribeLaunchTemplateVersions', {LaunchTemplateName: name, Versions: ['$Latest']}),
			'InvalidLaunchTemplateName.NotFoundException',
			'InvalidLaunchTemplateId.NotFound',
		),
	]);
	const [template] = LaunchTemplates;
	const [newest] = versions?.LaunchTemplateVersions ?? [];
	if (!template || !newest) return undefined;
	return {
		id: template.LaunchTemplateId ?? '',
		name,
		tags: tagsOf(template.Tags),
		version: newest.VersionNumber ?? 0,
		data: newest.LaunchTemplateData ?? {},
	};
}

/** One look at both, side by side. Whoever may look at neither has made neither: a removal goes on without them. */
export const scalingLook: Look<ScalingSeen> = {
	name: 'scaling',
	async load(context) {
		const [groups, template] = await Promise.all([ifAnswered(groupsSeen(context), 'not-allowed'), ifAnswered(templateSeen(context), 'not-allowed')]);
		if ('problem' in groups) {
			if ('problem' in template) return {groups: [], template: undefined};
			throw groups.problem;
		}
		if ('problem' in template) throw template.problem;
		return {groups: groups.result, template: template.result};
	},
};

/** A group by its name. */
export const groupNamed = ({groups}: ScalingSeen, name: string): AutoScalingGroup | undefined =>
	groups.find(({AutoScalingGroupName}) => AutoScalingGroupName === name);

/** Whether a group is on its way out. */
export const isGoing = ({Status}: AutoScalingGroup): boolean => Status !== undefined && Status !== '';
