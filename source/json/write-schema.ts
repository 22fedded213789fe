import {writeFileSync} from 'node:fs';
import {schemaText} from './schema.ts';

writeFileSync(new URL('events.schema.json', import.meta.url), schemaText());
