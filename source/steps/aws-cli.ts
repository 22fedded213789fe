import type {Fleet} from '../fleet.ts';
import {commandLine} from '../world/host/quote.ts';

/** One command line of the AWS CLI in the fleet's region: the same by hand. */
export const aws = (fleet: Fleet, ...args: string[]): string => commandLine('aws', '--region', fleet.region, ...args);

/** Arguments that make the CLI print one value, for a shell variable. */
export const asText = (query: string): string[] => ['--query', query, '--output', 'text'];

/** Tags in the short form of the CLI: `Key=a,Value=b` for each. */
export const tagArguments = (tags: Record<string, string>): string[] => Object.entries(tags).map(([key, value]) => `Key=${key},Value=${value}`);

/** A `--tag-specifications` value for one type of resource. */
export const tagSpecification = (type: string, tags: Record<string, string>): string =>
	`ResourceType=${type},Tags=[${Object.entries(tags)
		.map(([key, value]) => `{Key=${key},Value=${value}}`)
		.join(',')}]`;
