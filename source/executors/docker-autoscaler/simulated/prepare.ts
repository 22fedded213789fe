import {textOf, type Work} from '../../../simulated/host/machine.ts';
import type {ScriptRun} from '../../../simulated/host/plays.ts';
import type {Install} from '../../../world/host/scripts/install.ts';
import {awsConfigPath, pluginsFolder} from '../manager-paths.ts';

/** AWS's config file with another region, and all else that it holds. */
function withRegion(standing: string, region: string): string {
	if (/^\s*region\s*=/m.test(standing)) return standing.replace(/^\s*region\s*=.*$/m, `region = ${region}`);
	return /^\[default\]$/m.test(standing) ? standing.replace(/^\[default\]$/m, `[default]\nregion = ${region}`) : `${standing}[default]\nregion = ${region}\n`;
}

/**
 * Writes AWS's config file and has `gitlab-runner fleeting install` fetch the plugin from registry.gitlab.com, beside a runner that works; gives why
 * it can't.
 */
export function* prepare({wants = {}}: Install, {machine, say}: ScriptRun): Work<string | undefined> {
	const {plugin = '', region = ''} = wants;
	const standing = textOf(machine, awsConfigPath) ?? '';
	const text = withRegion(standing, region);
	if (text !== standing) machine.files.set(awsConfigPath, {text, mode: 0o644});
	const path = `${pluginsFolder}/${plugin}/plugin`;
	if (machine.files.has(path)) return undefined;
	say({says: `fleeting plugin aws:${plugin} installing`});
	if (machine.faults.downloads === 'unreachable') {
		yield 60_000;
		const why = `Get "https://registry.gitlab.com/v2/": dial tcp 35.227.35.254:443: i/o timeout`;
		return `gitlab-runner fleeting install of aws:${plugin} ended with 1: runner: , plugin: aws:${plugin}, install/update error:: ${why}`;
	}
	yield 2500;
	machine.files.set(path, {text: `fleeting-plugin-aws ${plugin}`, mode: 0o755});
	return undefined;
}
