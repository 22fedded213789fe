import assert from 'node:assert/strict';
import {test} from 'node:test';
import {costLines, costSummary} from '../../source/commands/interviewing.ts';
import {openLooking} from '../../source/engine/context.ts';
import {addressUsd, costs} from '../../source/steps/prices.ts';
import {scaledAnswers} from '../executors/docker-autoscaler/some-answers.ts';
import {someAnswers, someFleet} from '../executors/docker-machine/some-answers.ts';
import {region, world} from './drive.ts';

const placement = {zones: ['us-east-2a'], public: true, managerDiskGib: 16};

function looking(at: ReturnType<typeof world>) {
	return openLooking({...at, cloud: at.cloudAt(region)}, {fleet: someFleet, secrets: {}, signal: new AbortController().signal});
}

test('costs are the instance, its disk and its address, on spot and on demand', async () => {
	const at = world();
	at.outside.spotPrice('c5.large', 'us-east-2a', 0.034);
	const {manager, mostNow, notes, worker, workerOnDemand} = await costs(looking(at), someAnswers(), placement);
	const disk = (gib: number) => (gib * 0.08) / 730;
	assert.equal(manager, 0.0208 + disk(16) + addressUsd);
	assert.equal(worker, 0.034 + disk(20) + addressUsd);
	assert.equal(workerOnDemand, 0.085 + disk(20) + addressUsd);
	assert.equal(mostNow, (manager ?? 0) + (worker ?? 0) * 10);
	assert.deepEqual(notes, []);
});

test('the worst case is at the cap, whatever spot costs today: the price on demand, or the price that was answered', async () => {
	const at = world();
	at.outside.spotPrice('c5.large', 'us-east-2a', 0.034);
	const uncapped = await costs(looking(at), someAnswers(), placement);
	assert.equal(uncapped.most, (uncapped.manager ?? 0) + (uncapped.workerOnDemand ?? 0) * 10);
	const capped = await costs(looking(at), someAnswers({spotPrice: 0.06}), placement);
	assert.equal(capped.most, (capped.manager ?? 0) + (0.06 + (20 * 0.08) / 730 + addressUsd) * 10);
	assert.ok((capped.mostNow ?? 0) < (capped.most ?? 0));
	const told = costLines(someAnswers(), uncapped, false).join('\n');
	assert.match(told, /At most about \$\d+ a month, if all 10 workers ran all month at the on-demand price; at today's spot price about \$\d+\./);
	assert.match(told, /Not counted: .*through the NAT gateway.*processor time of t3\.small beyond its share/);
	assert.match(costLines(someAnswers({spotPrice: 0.06}), capped, true).join('\n'), /at the cap of \$0\.060; at today's spot price/);
});

test('in one sentence: what is there while no job runs, and the most; idle workers count for the hours in which they wait', async () => {
	const at = world();
	at.outside.spotPrice('c5.large', 'us-east-2a', 0.034);
	const known = await costs(looking(at), someAnswers(), placement);
	const now = Date.parse('2026-11-24T09:00:00Z');
	const {manager = 0, worker = 0, most = 0} = known;
	const month = (hourly: number): string => `\\$${(hourly * 730).toFixed(0)}`;
	const summary = (more: Parameters<typeof someAnswers>[0]): string => costSummary(someAnswers(more), known, now);
	assert.match(summary({}), new RegExp(`^About ${month(manager)} a month while no job runs, and at most about ${month(most)} with 10 workers all month\\.$`));
	assert.match(summary({idleCount: 2}), new RegExp(`^About ${month(manager + 2 * worker)} a month while no job runs, its idle workers included`));
	const weekdays = {periods: ['* * 8-17 * * mon-fri *'], timezone: 'UTC', idleCount: 2, idleTime: 1800};
	assert.match(summary({schedule: [weekdays]}), new RegExp(`^About ${month(manager + (2 * worker * 50) / 168)} a month`));
	assert.match(costSummary(someAnswers(), {...known, manager: undefined, most: undefined}, now), /^About unknown a month/);
});

test('without an address none is paid for, and on demand there is one price', async () => {
	const {worker, workerOnDemand} = await costs(looking(world()), someAnswers({spot: false}), {...placement, public: false});
	assert.equal(worker, workerOnDemand);
	assert.ok(worker !== undefined && worker < 0.088);
});

test('a cap below today’s spot price is told', async () => {
	const at = world();
	at.outside.spotPrice('c5.large', 'us-east-2a', 0.05);
	const {notes} = await costs(looking(at), someAnswers({spotPrice: 0.04}), placement);
	assert.deepEqual(
		notes.map(({says}) => says),
		['Spot instances of c5.large cost 0.05 USD/h now in us-east-2a, above the cap of 0.04: no worker would start.'],
	);
});

test('prices that AWS doesn’t tell are unknown and no failure', async () => {
	const at = world();
	at.outside.deny('pricing:GetProducts', 'ec2:DescribeSpotPriceHistory');
	const {manager, most, mostNow, notes, worker} = await costs(looking(at), someAnswers(), placement);
	assert.deepEqual([manager, worker, most, mostNow], [undefined, undefined, undefined, undefined]);
	assert.deepEqual(
		notes.map(({says}) => says),
		["Not all prices are known, since AWS doesn't tell: not-allowed."],
	);
});

test('of several types in several zones a worker costs what the cheapest does, at the most what the dearest does, and the range is told', async () => {
	const at = world();
	for (const [type, zone, usd] of [
		['c5.large', 'us-east-2a', 0.034],
		['c5.large', 'us-east-2b', 0.041],
		['m5.large', 'us-east-2a', 0.052],
		['m5.large', 'us-east-2b', 0.031],
	] as const)
		at.outside.spotPrice(type, zone, usd);
	const zones = ['us-east-2a', 'us-east-2b'];
	const answers = scaledAnswers({workerTypes: ['c5.large', 'm5.large'], workerDisk: 30});
	const {most, manager = 0, mostNow, notes, worker, workerOnDemand} = await costs(looking(at), answers, {...placement, zones});
	const priced = (usd: number): number => usd + (30 * 0.08) / 730 + addressUsd;
	assert.equal(worker, priced(0.031));
	assert.equal(workerOnDemand, priced(0.085));
	assert.equal(mostNow, manager + 10 * priced(0.031));
	assert.equal(most, manager + 10 * priced(0.096));
	assert.deepEqual(
		notes.map(({says}) => says),
		[
			"On spot an instance costs from $0.031 (m5.large in us-east-2b) to $0.052 (m5.large in us-east-2a) an hour now: AWS takes the cheap ones of which enough is left, and doesn't tell which those are.",
		],
	);
	const mixed = await costs(looking(at), {...answers, onDemandBase: 2, onDemandShare: 50}, {...placement, zones});
	assert.equal(mixed.mostNow, manager + 6 * priced(0.085) + 4 * priced(0.031));
	const capped = await costs(looking(at), {...answers, spotPrice: 0.03}, {...placement, zones});
	assert.match(capped.notes[0]?.says ?? '', /^Spot instances of m5\.large cost 0\.031 USD\/h now in us-east-2b, above the cap of 0\.03/);
	for (const type of ['c5.large', 'm5.large']) for (const zone of zones) at.outside.spotPrice(type, zone, zone === 'us-east-2a' ? 0.0311 : 0.0309);
	assert.deepEqual((await costs(looking(at), answers, {...placement, zones})).notes, [], 'no range from a price to the same');
});

test('a zone in which a type has no price doesn’t hide those that have one', async () => {
	const at = world();
	at.outside.spotPrice('c5.large', 'us-east-2a', 0.034);
	const {notes, worker} = await costs(looking(at), scaledAnswers({workerDisk: 30}), {...placement, zones: ['us-east-2a', 'us-east-2-lax-1a']});
	assert.equal(worker, 0.034 + (30 * 0.08) / 730 + addressUsd);
	assert.deepEqual(notes, []);
});
