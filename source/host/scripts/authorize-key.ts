import {z} from 'zod';
import type {Script} from '../script.ts';

const outcome = z.object({added: z.boolean()});

/** Lets one more public key in, for the login user, once. */
export const authorizeKeyScript: Script<{user: string; publicKey: string}, z.infer<typeof outcome>> = {name: 'authorize-key', changes: true, result: outcome, text: ''};
