import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

/** The program as it is shipped, which `npm test` builds first: what people run is what is tested, and it starts many times faster than its source. */
export const shipped = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

if (!existsSync(shipped)) throw new Error('The program is not built. Run `npm run build` first.');
