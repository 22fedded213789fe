import {openSync} from 'node:fs';
import {foldersOf, realDisk} from '../../source/world/laptop/disk/real.ts';
import {triesOf} from './disk-tries.ts';

const [home = '', open] = process.argv.slice(2);
const disk = realDisk(foldersOf({}, process.env.HOME ?? home));
if (open === 'no-more-files') {
	try {
		for (;;) openSync('/dev/null', 'r');
	} catch {}
}
console.log(JSON.stringify(await triesOf(disk)));
