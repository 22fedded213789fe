import * as z from 'zod';
import {printableIn} from '../world/printable.ts';

const context = z.object({
	explicitDeny: z.boolean().default(false),
	context: z.object({
		principal: z.object({arn: z.string().default('')}).default({arn: ''}),
		action: z.string().default(''),
		resource: z.string().default(''),
	}),
	matchedStatements: z.object({items: z.array(z.object({statementId: z.string().default('')})).default([])}).default({items: []}),
});

/** What sts:DecodeAuthorizationMessage tells of a refused call. */
export type Denial = {
	/** A policy says no, rather than none saying yes. */
	explicit: boolean;
	action: string;
	resource: string;
	principal: string;
	/** Ids of the statements that deny. */
	statements: string[];
};

/** Reads `DecodedMessage`; undefined when it isn't what we know. Never throws. */
export function readDenial(text: string): Denial | undefined {
	try {
		const read = context.safeParse(printableIn(JSON.parse(text)));
		if (!read.success || read.data.context.action === '') return undefined;
		const {action, resource, principal} = read.data.context;
		const statements = read.data.matchedStatements.items.map(({statementId}) => statementId).filter((id) => id !== '');
		return {explicit: read.data.explicitDeny, action, resource, principal: principal.arn, statements};
	} catch {
		return undefined;
	}
}
