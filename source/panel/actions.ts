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
