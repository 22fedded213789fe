import type {Secrets} from '../answers/secrets.ts';
import type {AnswerKey, Answers, Fleet, Given, How, Source} from '../fleet.ts';
import type {Problem} from '../problem.ts';
import type {Action, Cloud} from '../world/cloud/port.ts';
import type {WholeGitlab} from '../world/gitlab/port.ts';
import type {Connection, Host, ScriptProgress} from '../world/host/port.ts';
import type {Address} from '../world/laptop/address.ts';
import type {Clock, Random} from '../world/laptop/clock.ts';
import type {Disk} from '../world/laptop/disk/port.ts';

/** What each step finds or makes, by the step's name. Each step's own file adds its entry. */
// biome-ignore lint/suspicious/noEmptyInterface: It is filled by declaration merging.
export interface Found {}

export type StepName = keyof Found;

/** One thing that isn't as the answers want it. `what` is an answer's key where one asks for it. */
export type Change = {
	what: AnswerKey | (string & {});
	from: string;
	to: string;
	how: How;
	/** Why it takes as much as `how` says, or what of it isn't in force before the runner starts anew. */
	because?: string;
};

/** Something worth knowing that is no failure. */
export type Note = {says: string; advice?: string};

/** Answers that mend a blocked finding, with the sentence beside its key: `use t4g.small instead`. */
export type Fix = {says: string; answers: Given};

/** What a check found. Only `ready` and `different` and `extra` have a resource. */
export type Finding<Resource> = {notes?: Note[]} & (
	| {is: 'ready'; resource: Resource; says: string}
	| {is: 'missing'; says: string}
	| {is: 'different'; resource: Resource; says: string; changes: Change[]}
	| {is: 'extra'; resource: Resource; says: string}
	/** Not known yet: until other steps are ready, or for want of what `says` names. */
	| {is: 'waiting'; for: StepName[]; says?: string}
	| {is: 'blocked'; problem: Problem; fix?: Fix}
);

/** What a check found, whichever step's it is. */
export type AnyFinding = Finding<Found[StepName]>;

/** A read of the world that checks share: named, made once, and forgotten by the step that changes what it saw. */
export type Look<Result> = {
	readonly name: string;
	load(context: Looking): Promise<Result>;
};

/** The ports and what surrounds them: everything that touches the world. */
export type Adapters = {
	cloud: Cloud;
	/** Another region's cloud: Pricing lives in few regions, and the same name may stand elsewhere. */
	cloudAt(region: string): Cloud;
	host: Host;
	gitlabAt(url: string, ca?: string, said?: Source): WholeGitlab;
	address: Address;
	disk: Disk;
	clock: Clock;
	random: Random;
	/** Who works here, for rule descriptions and history: `alice@laptop`. */
	who: string;
	/** How long running jobs may take to end where a change waits for them, in seconds; where nobody said it, each step has its own limit. */
	drainSeconds?: number | undefined;
	/** Aborted once somebody no longer wants to wait for running jobs, where a removal or a new start of the runner does: they end then. */
	hurry?: AbortSignal | undefined;
};

/** What every look can see: a fleet and its region, without answers, so that removals share looks with checks. */
export type Looking = Adapters & {
	fleet: Fleet;
	secrets: Secrets;
	signal: AbortSignal;
	/** The shared, memoised look. */
	look<Result>(look: Look<Result>): Promise<Result>;
	/** Drops looks, after a change to what they saw; all of them when none is named. */
	forget(...looks: Look<unknown>[]): void;
	/** A held connection to the manager, opened once for each instance and closed with the run. It ends with `ending`; where none is named, with the context's own signal. */
	hold(instanceId: string, open: (ending: AbortSignal) => Promise<Connection>, ending?: AbortSignal): Promise<Connection>;
};

/** What a step works with. Everything in it ends with `signal`. */
export type Context = Looking & {
	answers: Answers;
	sources: Partial<Record<AnswerKey, Source>>;
	gitlab: WholeGitlab;
};

/** What a removal works with: a fleet and its region, and of answers only what flags or a preset say here. */
export type Removal = Looking & {
	answers?: Given;
	options: {
		/** Deletes the cache bucket that we made, with all in it. */
		withCache: boolean;
		/** How long running jobs may take to end, in seconds; 0 with `--now`. */
		drainSeconds: number;
	};
};

/** How a step says what it is doing while it applies or removes. */
export type Report = (progress: ScriptProgress) => void;

/** Something of a step's that stands in the account, as `destroy` lists it. */
export type Standing = {
	id: string;
	says: string;
	/** The same for a sentence that only names it, where `says` tells more. */
	short?: string;
	goes: boolean;
	/** It bears no mark, so it stays, and costs. */
	costs?: boolean;
};

/** How to tell that a freshly applied change can be seen: EC2 and IAM answer late. */
export type Settling = {tries: number; seconds: number};

/** One part of a fleet: how to look, how to make it so, how to take it away. `Known` is what is found by then: a step itself knows all that it needs. */
export type Step<
	Name extends StepName = StepName,
	Needs extends StepName = StepName,
	After extends StepName = StepName,
	Known extends Partial<Found> = Found,
> = {
	readonly name: Name;
	/** `Cache bucket`, as the person reads it. */
	readonly title: string;
	/** It only takes away what is left of something: no row shows it where nothing is. */
	readonly leftover?: true;
	/** The check may start when these are ready: it uses what they found. */
	readonly needs: readonly Needs[];
	/** The apply may start only when these are ready too, though the check can look earlier. */
	readonly after?: readonly After[];
	/** Of `after`, those that these answers don't wait for. */
	except?(answers: Answers): readonly StepName[];
	/** What stands is changed only once these are ready too, since something may work by it; where nothing stands it's made without them. */
	readonly changesAfter?: readonly After[];
	/** False where these answers want none of it; asked for plan and apply, never for removal. */
	when?(answers: Answers): boolean;
	readonly actions: readonly Action[];
	/** Looks that the check will want whatever is found before: a plan begins them at once. What goes wrong with them, the check tells. */
	ahead?(context: Context): Promise<unknown>;
	/** What stands in the way whatever is found before, such as another's thing of our name: asked while the check waits, so that it's told before anything is made. */
	barred?(context: Context): Promise<Extract<Finding<Found[Name]>, {is: 'blocked'}> | undefined>;
	check(context: Context, found: Pick<Known, Needs>): Promise<Finding<Found[Name]>>;
	apply?(context: Context, found: Pick<Known, Needs | After>, finding: Finding<Found[Name]>, report: Report): Promise<void>;
	/** Looks again this often after an apply, until the check says `ready`. */
	readonly settles?: Settling;
	/** What of this step stands, whether answers want it or not. */
	stands?(context: Removal): Promise<Standing[]>;
	remove?(context: Removal, report: Report): Promise<void>;
	/** The same by hand, one command a line; holds no secret. */
	commands?(answers: Answers, fleet: Fleet): string[];
};

/** A step of any name, as the engine sees it: the engine starts a check or an apply only once all that it needs is found. */
export type AnyStep = Step<StepName, StepName, StepName, Partial<Found>>;

/** Something to agree to before it is done. */
export type Proposal = {
	/** One sentence: what is going to happen. */
	says: string;
	/** Lines that show what will be, what goes and what stays, what it costs. */
	details: string[];
	/** What Enter does, in a word or two. */
	does?: string;
	/** A word to type for agreeing, where what goes can't come back: the fleet's name. */
	word?: string;
};
