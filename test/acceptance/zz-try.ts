import {startWorld} from '../peers/world.ts';
import {program} from '../peers/program.ts';
import {writeFile} from 'node:fs/promises';
const w = await startWorld();
try {
	const token = w.gitlab.token();
	await writeFile('/tmp/e2e-token', token);
	await writeFile('/tmp/e2e-preset.json', JSON.stringify({version: 1, description: 'test', answers: {region: 'us-east-1', gitlabUrl: w.gitlab.url, downloads: w.downloads, limit: 4}}));
	for (const args of [['plan'],['setup','--yes'],['setup','--yes'],['plan'],['destroy','--yes','--now'],['destroy','--yes']].slice(0, Number(process.argv[2] ?? 9))) {
		w.aws.forget();
		const t = performance.now();
		const r = await program([...args, '--plain', '--preset', '/tmp/e2e-preset.json', ...(args[0]==='destroy'?[]:['--token-file','/tmp/e2e-token'])], w.env);
		console.log('=====', args.join(' '), 'code', r.code, Math.round(performance.now() - t), 'ms'); console.log(r.stdout); console.log(r.stderr);
		console.log('calls', w.aws.calls().length, 'changing', w.aws.calls().filter((c) => c.changing).map((c) => c.action).join(' '));
	}
} finally { await w.stop(); }
