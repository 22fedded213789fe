/** Whether a text fits a pattern in which `*` stands for any characters and `?` for one, as in IAM's actions, resources and values. */
export const matches = (pattern: string, text: string): boolean =>
	new RegExp(
		`^${pattern
			.replace(/[.+^${}()|[\]\\]/g, '\\$&')
			.replaceAll('*', '.*')
			.replaceAll('?', '.')}$`,
		's',
	).test(text);
