/** What a person can do about something in the panel: its id, its key and the verb beside it. What it does is the faces' and commands'. */
export const panelActions = {
	'raise-limit': {key: '+', does: 'raise limit'},
	move: {key: 'm', does: 'move workers'},
	unpause: {key: 'p', does: 'unpause'},
	resume: {key: 'D', does: 'resume'},
	restart: {key: 'R', does: 'restart the service'},
	start: {key: 'R', does: 'start it now'},
	'ask-again': {key: 'R', does: 'ask again now'},
	jobs: {key: '2', does: 'jobs'},
	ssh: {key: 's', does: 'ssh'},
	'remove-leftovers': {key: 'x', does: 'remove leftovers'},
	log: {key: '3', does: 'log'},
	config: {key: '4', does: 'config'},
	commands: {key: 'e', does: 'equivalent command'},
	repair: {key: 'r', does: 'repair'},
	idle: {key: 'i', does: 'keep machines idle'},
	wait: {key: '1', does: 'workers'},
} as const;

/** What a cause points to. */
export type ActionId = keyof typeof panelActions;

/** By how many a limit is raised or lowered at once: a quarter of it. */
export const quarterOf = (limit: number): number => Math.max(1, Math.round(limit / 4));

/** The same as a command's words, where a fleet's name is all that they need; raising the limit needs what it is now. */
export const typedActions: Readonly<Partial<Record<ActionId, string | ((limit: number) => string)>>> = {
	'raise-limit': (limit) => `status limit ${limit + quarterOf(limit)}`,
	move: 'status move',
	unpause: 'status unpause',
	resume: 'status resume',
	restart: 'status restart',
	start: 'status start',
	'ask-again': 'status reload',
	ssh: 'ssh',
	'remove-leftovers': 'orphans',
	repair: 'setup',
};
