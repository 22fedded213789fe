import type {Event} from '../../engine/events.ts';
import {nothingSeen, type WizardSeen} from '../wizard/seen.ts';
import {beginning, type RunState, reduce} from '../words/run-state.ts';
import type {PanelScreen} from './panel/screen.ts';
import type {PanelSeen, Trends} from './panel/seen.ts';
import type {Screen} from './screen.ts';
import {planScreen} from './screens/plan.ts';
import {runScreen} from './screens/run.ts';

/** What the root draws: the reduced events, and the screens, the last one on top. */
export type UiState = {
	state: RunState;
	screens: readonly [Screen, ...Screen[]];
	stops: 0 | 1 | 2;
	wizard: WizardSeen;
	panel?: PanelSeen | undefined;
	/** The panel as it was left for something after which it comes back. */
	panelLeft?: {title: string; screen: PanelScreen; trends: Trends} | undefined;
};

/** Holds what is shown, outside React: events come as fast as they like, and are shown at most ten times a second. */
export type Store = {
	now(): UiState;
	/** What was shown last; changes at most ten times a second, and at once after a key. */
	shown(): UiState;
	subscribe(listener: () => void): () => void;
	take(event: Event): void;
	/** Changes the screens, and shows it at once. */
	set(change: (shown: UiState) => Partial<UiState>): void;
};

/** Milliseconds between two updates that events cause. */
const pause = 100;

/** The screen at the bottom follows what is going on, whatever lies on top of it. */
function bottomFor(event: Event, bottom: Screen): Screen {
	if (event.event === 'plan.started' && bottom.is !== 'plan') return planScreen;
	return event.event === 'run.started' ? runScreen : bottom;
}

/** Makes the store; `later` runs a callback after some milliseconds (a test brings its own). */
export function makeStore(later: (callback: () => void, ms: number) => void): Store {
	let now: UiState = {state: beginning, screens: [planScreen], stops: 0, wizard: nothingSeen};
	let shown = now;
	let due = false;
	const listeners = new Set<() => void>();
	const show = () => {
		due = false;
		if (shown === now) return;
		shown = now;
		for (const listener of listeners) listener();
	};
	return {
		now: () => now,
		shown: () => shown,
		subscribe(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		take(event) {
			const [bottom, ...above] = now.screens;
			now = {...now, state: reduce(now.state, event), screens: [bottomFor(event, bottom), ...above]};
			if (due) return;
			due = true;
			later(show, pause);
		},
		set(change) {
			now = {...now, ...change(now)};
			show();
		},
	};
}
