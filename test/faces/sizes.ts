/** The sizes of terminal that every screen is held at: columns, then rows. */
export const sizes = [
	[60, 20],
	[80, 24],
	[120, 40],
	[200, 60],
] as const;

/** Sizes with room for the one thing that matters: what is left of a screen beside an editor, and a column of its own. */
export const smallSizes = [
	[40, 12],
	[100, 14],
	[44, 40],
] as const;
