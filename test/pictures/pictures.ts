import {mkdir, writeFile} from 'node:fs/promises';
import {takeAll} from './take.ts';

/** Takes the readme's pictures anew: `npm run pictures`. */
const folder = new URL('../../docs/pictures/', import.meta.url);
await mkdir(folder, {recursive: true});
for (const [name, svg] of await takeAll()) await writeFile(new URL(name, folder), svg);
