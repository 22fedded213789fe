import {Cron} from 'croner';

/** Says what is wrong with a period in GitLab Runner's seven fields (facts §4.5), or nothing. */
export function wrongPeriod(period: string): string | undefined {
	try {
		new Cron(period, {paused: true});
		return undefined;
	} catch (error) {
		const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
		return `It takes periods such as "* * 9-17 * * mon-fri *"; "${period}" isn't one (${reason}).`;
	}
}

/** Says what is wrong with a time zone's name, or nothing. */
export function wrongTimezone(timezone: string): string | undefined {
	if (timezone === 'Local') return undefined;
	try {
		new Intl.DateTimeFormat('en-US', {timeZone: timezone});
		return undefined;
	} catch (error) {
		if (error instanceof RangeError) return `It takes a time zone such as Europe/Berlin; "${timezone}" isn't one.`;
		throw error;
	}
}
