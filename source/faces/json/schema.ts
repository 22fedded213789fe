import * as z from 'zod';
import {type EventName, eventShapes} from '../../engine/events.ts';

const at = z.iso.datetime().meta({description: 'When it happened, ISO 8601 in UTC'});

const isName = (name: string): name is EventName => name in eventShapes;

/** One shape a line of `--json` output may have, by the event's name. Strict: a field that isn't declared is refused. */
const lineShapes = Object.keys(eventShapes)
	.filter(isName)
	.map((name) => z.strictObject({event: z.literal(name), at, ...eventShapes[name].shape}));

/** Any line of `--json` output. */
export const lineShape = z.union(lineShapes);

/** The JSON Schema of one line of `--json` output, as text: what `events.schema.json` holds. */
export function schemaText(): string {
	const schema = z.toJSONSchema(lineShape, {target: 'draft-2020-12'});
	return `${JSON.stringify({title: 'One line of gitlab-runner-aws --json', ...schema}, undefined, '\t')}\n`;
}
