import {type Cloud, changes, type Input, type OperationName, type Output} from '../cloud/port.ts';

/** The same cloud, whose reads are made once: choices and defaults ask for the same things again and again. What failed is asked for again. */
export function remembered(cloud: Cloud): Cloud {
	const answers = new Map<string, Promise<unknown>>();
	return {
		...cloud,
		call<Name extends OperationName>(name: Name, input: Input<Name>): Promise<Output<Name>> {
			if (changes(name, input)) return cloud.call(name, input);
			const key = `${name} ${JSON.stringify(input)}`;
			const known = answers.get(key);
			// Name and input are the answer's identity.
			if (known) return known as Promise<Output<Name>>;
			const fresh = cloud.call(name, input);
			answers.set(key, fresh);
			fresh.catch(() => answers.delete(key));
			return fresh;
		},
	};
}
