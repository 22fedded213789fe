/** More pages than any list here can have: what a service that repeats itself is stopped by. */
const mostPages = 1000;

/** Whole lists as one answer: pages by `NextToken`, merged under `key`. An empty or repeated token ends it, as EC2 and moto send those at the end. */
export async function allPages<
	Request extends {NextToken?: string | undefined},
	Key extends string,
	Answer extends {NextToken?: string | undefined} & {[K in Key]?: unknown[] | undefined},
>(input: Request, key: Key, send: (page: Request) => Promise<Answer>): Promise<Answer> {
	return merged(key, async (token) => {
		const answer = await send(token === undefined ? input : {...input, NextToken: token});
		return {answer, next: answer.NextToken};
	});
}

/** The same for IAM, which calls its token `Marker` and says `IsTruncated`. */
export async function allMarked<
	Request extends {Marker?: string | undefined},
	Key extends string,
	Answer extends {Marker?: string | undefined; IsTruncated?: boolean | undefined} & {[K in Key]?: unknown[] | undefined},
>(input: Request, key: Key, send: (page: Request) => Promise<Answer>): Promise<Answer> {
	return merged(key, async (token) => {
		const answer = await send(token === undefined ? input : {...input, Marker: token});
		return {answer, next: answer.IsTruncated ? answer.Marker : undefined};
	});
}

async function merged<Key extends string, Answer extends {[K in Key]?: unknown[] | undefined}>(
	key: Key,
	page: (token?: string) => Promise<{answer: Answer; next: string | undefined}>,
): Promise<Answer> {
	const first = await page();
	const items: unknown[] = [...(first.answer[key] ?? [])];
	let next = first.next;
	for (let pages = 1; next && pages < mostPages; pages += 1) {
		const token = next;
		const more = await page(token);
		items.push(...(more.answer[key] ?? []));
		next = more.next === token ? undefined : more.next;
	}
	return {...first.answer, [key]: items, NextToken: undefined, Marker: undefined, IsTruncated: undefined};
}
