const parts = /(\d+(?:\.\d+)?)(h|ms|m|s|us|\u00b5s|\u03bcs|ns)/g;
const whole = /^-?(?:\d+(?:\.\d+)?(?:h|ms|m|s|us|\u00b5s|\u03bcs|ns))+$/;
const secondsIn: Record<string, number> = {h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, μs: 1e-6, ns: 1e-9};

/** Seconds of a Go duration: the text `1h2m3.5s`, or integer nanoseconds, as the runner's JSON log writes it. Undefined when it is neither. */
export function goSeconds(value: unknown): number | undefined {
	if (typeof value === 'number') return Number.isFinite(value) ? value / 1e9 : undefined;
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	if (text === '0') return 0;
	if (!whole.test(text)) return undefined;
	let seconds = 0;
	for (const [, amount, unit] of text.matchAll(parts)) seconds += Number(amount) * (secondsIn[unit ?? 's'] ?? 0);
	return text.startsWith('-') ? -seconds : seconds;
}

/** Whole seconds as Go writes a duration, and so the runner where it saves its config.toml: `5m0s`, `1h0m0s`, `45s`. */
export function goText(seconds: number): string {
	const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
	return `${hours > 0 ? `${hours}h` : ''}${seconds >= 60 ? `${minutes}m` : ''}${rest}s`;
}
