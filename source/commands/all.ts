import type {CommandName} from '../command-line/command-table.ts';
import type {Command} from './session.ts';

/** Every command's code, loaded when it is asked for; `demo` runs on another world, so whoever makes the world loads it. */
export const commandFor: Record<Exclude<CommandName, 'help' | 'completions' | 'demo'>, () => Promise<Command>> = {
	setup: async () => (await import('./setup.ts')).setup,
	plan: async () => (await import('./plan.ts')).plan,
	status: async () => (await import('./status.ts')).status,
	orphans: async () => (await import('./orphans.ts')).orphans,
	destroy: async () => (await import('./destroy.ts')).destroy,
	ssh: async () => (await import('./ssh.ts')).ssh,
	presets: async () => (await import('./presets.ts')).presets,
	policy: async () => (await import('./policy.ts')).policy,
};
