import assert from 'node:assert/strict';
import {panelDriver} from '../../source/commands/panel.ts';
import {watchFleet} from '../../source/commands/watch.ts';
import type {PanelAct, PanelDriver} from '../../source/panel/acts/driver.ts';
import {hasSettled} from '../../source/panel/live/verdict.ts';
import type {Snapshot} from '../../source/panel/snapshot.ts';
import type {World} from '../../source/simulated/world.ts';
import {someFleet} from '../executors/docker-machine/some-answers.ts';
import {hearing, sessionAt} from './at-laptop.ts';

/** The runner's config.toml. */
export const config = '/etc/gitlab-runner/config.toml';

/** Id of the manager of the world's one fleet. */
export const managerOf = (world: World): string =>
	[...world.outside.region(someFleet.region).instances.values()].find(({tags}) => tags['gitlab-runner-aws:part'] === 'manager')?.id ?? '';
/** A file on it. */
export const fileOn = (world: World, path: string): string => world.outside.file(managerOf(world), path)?.text ?? '';
/** What laptops have changed since so many acts. */
export const acted = (world: World, from: number): string[] => world.acts.slice(from).filter((act) => !act.includes('authorize'));

/** The panel's driver as somebody at a laptop has it. */
export async function driverAt(
	world: World,
	args: readonly string[] = ['status'],
	gitlabToken: string | undefined = world.tokens.gitlab,
): Promise<PanelDriver> {
	const session = sessionAt(world, args, hearing(), gitlabToken === undefined ? {} : {gitlabToken});
	return panelDriver(session, await watchFleet(session, someFleet));
}

/** Watches until a snapshot fits; after ten simulated minutes it never will. */
export async function seen(world: World, driver: PanelDriver, fits: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
	const stop = new AbortController();
	const until = world.clock.now() + 600_000;
	let found: Snapshot | undefined;
	await driver.watch((snapshot) => {
		if (fits(snapshot)) found = snapshot;
		if (found || world.clock.now() > until) stop.abort();
	}, stop.signal);
	return found ?? assert.fail('It never came.');
}

/** Readies an act on what is seen now, and does it. */
export async function done(world: World, driver: PanelDriver, act: PanelAct): Promise<string> {
	const prepared = await driver.prepare(act, await seen(world, driver, hasSettled));
	return prepared.carryOut(() => undefined);
}
