import {holdsVariables, isSecretKey} from '../../world/host/secret-words.ts';
import {shown, type Value} from '../../world/host/toml.ts';
import {flagOf} from './machine-options.ts';
import {isSecretOption} from './scripts/secret-options.ts';

/** A token's first characters are its kind: enough to tell two apart, too few to use. */
const masked = (value: string): string => `${/^gl[a-z]+-(t\d_)?/.exec(value)?.[0] ?? ''}…`;

/** A name and a password in a URL. */
const inUrl = (text: string): string => text.replace(/\/\/[^/@\s"]+@/g, '//…@');

/** A value of config.toml as it may be shown. */
export function shownAt(path: string, value: Value | undefined): string {
	const key = path.slice(path.lastIndexOf('.') + 1);
	if (value === undefined) return shown(value);
	if (isSecretKey(key) || holdsVariables(key)) return typeof value === 'string' ? masked(value) : '…';
	return inUrl(shown(value));
}

/** The value of one of MachineOptions as it may be shown. */
export const shownOf = (flag: string, value: string): string => (isSecretOption(flag) ? '…' : inUrl(value));

/** One of MachineOptions as it may be shown. */
export function shownOption(option: string): string {
	const flag = flagOf(option);
	return option === flag ? option : `${flag}=${shownOf(flag, option.slice(flag.length + 1))}`;
}
