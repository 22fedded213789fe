import {holdsVariables, isSecretKey} from '../../world/host/secret-words.ts';
import {shown, type Value} from '../../world/host/toml.ts';

/** A token's first characters are its kind: enough to tell two apart, too few to use. */
const masked = (value: string): string => `${/^gl[a-z]+-(t\d_)?/.exec(value)?.[0] ?? ''}…`;

/** A text without the names and passwords in its URLs. */
export const withoutLogin = (text: string): string => text.replace(/\/\/[^/@\s"]+@/g, '//…@');

/** A value of config.toml as it may be shown. */
export function shownAt(path: string, value: Value | undefined): string {
	const key = path.slice(path.lastIndexOf('.') + 1);
	if (value === undefined) return shown(value);
	if (isSecretKey(key) || holdsVariables(key)) return typeof value === 'string' ? masked(value) : '…';
	return withoutLogin(shown(value));
}
