import {startWorld} from '../peers/world.ts';
import {program} from '../peers/program.ts';
import {writeFile} from 'node:fs/promises';
const w = await startWorld();
try {
	const token = w.gitlab.token();
	await writeFile('/tmp/e2e-token', token);
	await writeFile('/tmp/e2e-preset.json', JSON.stringify({version: 1, description: 'test', answers: {region: 'us-east-1', gitlabUrl: w.gitlab.url, downloads: w.downloads, limit: 4}}));
	for (const args of [['setup','--yes'],['destroy','--yes','--now']]) {
		w.aws.forget();
		const t = Date.now();
		const r = await program([...args, '--json', '--preset', '/tmp/e2e-preset.json', ...(args[0]==='destroy'?[]:['--token-file','/tmp/e2e-token'])], w.env);
		console.log('=====', args.join(' '), 'code', r.code, Date.now() - t);
		for (const l of r.stdout.trim().split('\n')) { const e = JSON.parse(l); console.log(Date.parse(e.at) - t, e.event, e.step ?? '', e.says ?? e.stage ?? e.line ?? ''); }
		for (const c of w.aws.calls()) console.log(c.at - t, Math.round(c.ms), c.changing ? 'CHANGE' : '', c.action, c.code ?? '');
	}
} finally { await w.stop(); }
