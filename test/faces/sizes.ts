/** The sizes of terminal that every screen is held at: columns, then rows. */
export const sizes = [
	[60, 20],
	[80, 24],
	[120, 40],
	[200, 60],
] as const;
