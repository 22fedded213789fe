/** A pattern in which `*` stands for any characters and `?` for one, as in IAM's actions, resources and values and in EC2's filters. */
export const asPattern = (text: string): RegExp =>
	new RegExp(
		`^${text
			.replace(/[.+^${}()|[\]\\]/g, '\\$&')
			.replaceAll('*', '.*')
			.replaceAll('?', '.')}$`,
		's',
	);

/** Whether a text fits such a pattern. */
export const matches = (pattern: string, text: string): boolean => asPattern(pattern).test(text);
