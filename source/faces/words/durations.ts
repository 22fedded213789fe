/** A time spent, as a person reads it: `0.4 s`, `31 s`, `1 m 48 s`, `3 h 12 m`. Takes seconds. */
export function spent(seconds: number): string {
	const whole = Math.round(seconds);
	if (seconds < 9.95) return `${Number(Math.max(0, seconds).toFixed(1))} s`;
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return whole % 60 === 0 ? `${minutes} m` : `${minutes} m ${whole % 60} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} m`;
}

/** A time that still runs: whole seconds only, so that it doesn't flicker. Takes seconds. */
export const running = (seconds: number): string => spent(Math.max(0, Math.floor(seconds)));

/** A size in the unit a download page uses: `512 B`, `34 kB`, `86 MB`. Takes bytes. */
export function size(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
	const mega = bytes / 1_000_000;
	return mega < 1000 ? `${mega < 9.95 ? mega.toFixed(1) : Math.round(mega)} MB` : `${(mega / 1000).toFixed(1)} GB`;
}
