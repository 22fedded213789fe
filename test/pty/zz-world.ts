import {writeFileSync} from 'node:fs';
import {startWorld} from '../peers/world.ts';

const w = await startWorld();
writeFileSync('/tmp/wz/world.json', JSON.stringify({env: w.env, token: w.gitlab.token(), url: w.gitlab.url, downloads: w.downloads}));
console.log('up');
process.on('SIGTERM', async () => {
	await w.stop();
	process.exit(0);
});
setInterval(() => {}, 1000);
