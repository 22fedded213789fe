import type {Input, OperationName, Output} from '../../world/cloud/port.ts';
import type {AccountState, RegionState} from './account.ts';
import type {Late} from './lateness.ts';

/** Where and when a call is carried out, and by whom. */
export type Here = {
	account: AccountState;
	region: RegionState;
	now: number;
	/** ARN of the caller: a person, or a manager's role. */
	by: string;
	/** How long something isn't known yet that is made now, in milliseconds. */
	late(what: Late): number;
	/** Lets something happen at a time. */
	at(when: number, happen: () => void): void;
};

/** How one operation is carried out; it throws refusals only. */
type Handler<Name extends OperationName> = (input: Input<Name>, here: Here) => Output<Name>;

export type Handlers<Names extends OperationName> = {[Name in Names]: Handler<Name>};
