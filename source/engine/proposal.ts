/** Something to agree to before it is done. */
export type Proposal = {
	/** One sentence: what is going to happen. */
	says: string;
	/** Lines that show what will be, what goes and what stays, what it costs. */
	details: string[];
	/** A word to type for agreeing, where what goes can't come back: the fleet's name. */
	word?: string;
};
