import type {ScriptProgress} from '../../../source/world/host/port.ts';
import type {Script} from '../../../source/world/host/script.ts';
import type {PeerWorld} from '../../peers/world.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Runs a script on the peers' manager as its own process, past SSH; `after` is put behind it, such as `| head -n 1` for a reader that goes away. */
export async function onManager<Input, Result>(
	world: PeerWorld,
	script: Script<Input, Result>,
	input: Input,
	after = '',
): Promise<{said: ScriptProgress[]; result: Result}> {
	const path = `/run/${script.name}.py`;
	const {code, stderr, stdout} = await world.manager.exec(
		`echo ${base64(script.text)} | base64 -d >${path}; echo ${base64(JSON.stringify(input))} | base64 -d | python3 ${path} ${after}`,
	);
	const lines = stdout
		.split('\n')
		.filter(Boolean)
		.map((line) => JSON.parse(line));
	const last = lines.at(-1);
	if (code !== 0 || last?.result === undefined) throw new Error(`${script.name} ended with ${code}: ${stdout}${stderr}`);
	return {said: lines.slice(0, -1), result: script.result.parse(last.result)};
}
