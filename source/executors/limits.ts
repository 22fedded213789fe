/** Something that an executor can't do: what and why, the way out, and in few words beside a choice that it bars. */
export type Unsupported = {message: string; advice: string; short: string};

/** Why an executor can make no workers in a region, in a zone of one, or from an image as it is answered or as AWS shows it; undefined where it can. */
export type Limits = {
	region(region: string): Unsupported | undefined;
	zone(region: string, zone: string): Unsupported | undefined;
	image(image: {name: string; description?: string | undefined}): Unsupported | undefined;
};
