import {writeFileSync} from 'node:fs';
import {schemaText} from './schema.ts';
import {statusSchemaText} from './status.ts';

writeFileSync(new URL('events.schema.json', import.meta.url), schemaText());

writeFileSync(new URL('status.schema.json', import.meta.url), statusSchemaText());
