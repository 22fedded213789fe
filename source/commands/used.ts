import type {SettingsStore} from '../settings.ts';

const day = 86_400_000;

/** When something was, as a person says it: `today`, `yesterday`, `3 days ago`, else the date. Milliseconds since 1970. */
function whenWords(at: number, now: number): string {
	const days = Math.floor(now / day) - Math.floor(at / day);
	if (days <= 0) return 'today';
	if (days === 1) return 'yesterday';
	return days < 15 ? `${days} days ago` : new Date(at).toISOString().slice(0, 10);
}

/** When each preset was used last, in words; what can't be read counts as never. */
export async function presetsUsed(settings: SettingsStore, now: number): Promise<Record<string, string>> {
	const {presetsUsed: used = {}} = await settings.read();
	return Object.fromEntries(Object.entries(used).flatMap(([name, at]) => (Number.isNaN(Date.parse(at)) ? [] : [[name, whenWords(Date.parse(at), now)]])));
}

/** Remembers that a preset was used now. */
export async function rememberPreset(settings: SettingsStore, name: string, now: number): Promise<void> {
	const {presetsUsed: used = {}} = await settings.read();
	await settings.remember({presetsUsed: {...used, [name]: new Date(now).toISOString()}});
}
