import type {Change} from '../../engine/step.ts';
import type {Answers} from '../../fleet.ts';
import {gitlabRunnerByHand} from '../../steps/programs.ts';
import type {MakerSoftware} from '../../steps/software.ts';
import {commandLine} from '../../world/host/quote.ts';
import {awsConfigPath} from './manager-paths.ts';

/** The region that an AWS config file names for everybody; undefined where it names none. */
function regionIn(text: string | undefined): string | undefined {
	const [, section = ''] = /^\[default\]\s*$([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(text ?? '') ?? [];
	return /^\s*region\s*=\s*(\S+)\s*$/m.exec(section)?.[1];
}

const versionOf = ({fleetingPluginVersion}: Answers): string => fleetingPluginVersion;

/**
 * The plugin that GitLab Runner's autoscaler asks for workers, and the file by which it knows its region. `gitlab-runner fleeting install` fetches it from
 * GitLab's registry, beside a running service, which goes on with the one that it has.
 */
export const pluginSoftware: MakerSoftware = {
	program: 'fleeting plugin aws',
	version: versionOf,
	installed: ({fleetingPlugins}) => fleetingPlugins.at(-1),
	downloads: () => [],
	files: [],
	wants: (answers, {region}) => ({plugin: versionOf(answers), region}),
	// By GitLab Runner 19.1 a rotated token made a second scaler, which ended the workers of the first under their jobs.
	leastRunner: '19.2.0',
	changes({answers, fleet}, {awsConfig, fleetingPlugins}): Change[] {
		const version = versionOf(answers);
		const region = regionIn(awsConfig);
		return [
			...(fleetingPlugins.includes(version)
				? []
				: [{what: 'fleetingPluginVersion', from: fleetingPlugins.at(-1) ?? 'not installed', to: version, how: 'live' as const}]),
			...(region === fleet.region ? [] : [{what: "the plugin's region", from: region ?? 'not set', to: fleet.region, how: 'live' as const}]),
		];
	},
	commands: (answers, {region}) => [
		`printf '[default]\\nregion = ${region}\\n' | sudo tee ${awsConfigPath}`,
		`printf '[[runners]]\\n[runners.autoscaler]\\nplugin = "aws:${versionOf(answers)}"\\n' >plugin.toml`,
		`${gitlabRunnerByHand.replace(/^sudo/, 'sudo -H')} ${commandLine('fleeting', '-c', 'plugin.toml', 'install')}`,
	],
};
