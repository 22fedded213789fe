import type {Job} from '../../../simulated/gitlab/gitlab.ts';
import type {Runner} from '../../../simulated/host/runner.ts';
import {type RunnerEntry, shortToken} from '../../../simulated/host/runner-config.ts';
import {endJob, type JobEnding, ofJob, runJob} from '../../../simulated/host/runner-jobs.ts';
import {acquireTimeoutOf, hasHeartbeats} from './autoscaler-settings.ts';
import {PluginFailure} from './fleeting-plugin.ts';
import type {ScaledInstance} from './scaled-instance.ts';
import type {Demand, Scaler} from './scaler.ts';
import {gaveUp, shut} from './worker-door.ts';
import {dockerUpFrom} from './worker-system.ts';

/** A job on its way to a slot: `left` are the preparations that it still has. */
type Wish = {job: Job; entry: RunnerEntry; left: number; callOff: () => void};
/** A job that has its slot. */
type Placed = {wish: Wish; instance: ScaledInstance; callOff: () => void; isLosing: boolean};

/** Preparations of a job, and what is between two of them, in milliseconds. */
const preparations = 3;
const betweenThem = 3000;
/** How long it takes to get on to an instance, and until a job notices that its instance has gone, in milliseconds. */
const dialling = 1500;
const lossNoticed = 5000;

const noDocker = 'Cannot connect to the Docker daemon at http://internal.tunnel.invalid. Is the docker daemon running?';
const tunnelEnds = 'error during connect: Post "http://internal.tunnel.invalid/v1.44/containers/build/wait?condition=not-running": ssh tunnel: EOF ()';

const inGo = (ms: number): string => {
	const [minutes, seconds] = [Math.floor(ms / 60_000), (ms % 60_000) / 1000];
	return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
};

/** The jobs of one scaler: they wait for slots, get on to instances, run there. */
export type JobsOnInstances = Demand & {
	/** A job that GitLab gave waits for a slot. */
	want(job: Job, entry: RunnerEntry): void;
	/** Looks whether instances are gone under their jobs. */
	review(): void;
	stop(): void;
};

/** Makes it; `scaler` is asked for once there is one. */
export function jobsOnInstances(runner: Runner, scaler: () => Scaler): JobsOnInstances {
	const {hosts, process, note} = runner;
	const {clock} = hosts;
	const wishes: Wish[] = [];
	const placed = new Set<Placed>();

	const ofWish = ({entry, job}: Wish) => ({...ofJob(job), runner: shortToken(entry.token), runner_name: entry.name});

	function wait(wish: Wish): void {
		note('info', 'Preparing instance...', ofWish(wish));
		const timeout = acquireTimeoutOf(wish.entry);
		wish.callOff = clock.at(clock.now() + timeout, () => {
			if (!runner.lives()) return;
			wishes.splice(wishes.indexOf(wish), 1);
			failed(wish, `unable to acquire instance within the configured timeout of ${inGo(timeout)}: context deadline exceeded`, () => wait(wish));
		});
		wishes.push(wish);
		serve();
		scaler().scale();
	}

	/** One preparation came to nothing: `again` begins the next, where there is one. */
	function failed(wish: Wish, why: string, again: () => void, instance?: ScaledInstance): void {
		note('warning', `Preparation failed: ${why}`, ofWish(wish));
		wish.left -= 1;
		if (wish.left > 0) {
			note('info', 'Will be retried in 3s ...', ofWish(wish));
			clock.at(clock.now() + betweenThem, () => {
				if (runner.lives() && wish.job.state === 'running') again();
			});
			return;
		}
		over(wish, {is: 'failed', reason: why, why: 'runner_system_failure'}, instance);
	}

	/** A job is over; the slot that it had, if any, is free. */
	function over({job}: Wish, how: JobEnding, instance?: ScaledInstance): void {
		endJob(runner, job, how, {}, () => instance && scaler().give(instance));
		process.dispatch();
		hosts.review();
	}

	function serve(): void {
		for (let [wish] = wishes; wish; [wish] = wishes) {
			const instance = scaler().take();
			if (!instance) return;
			const {caller, plugin, settings} = scaler();
			if (hasHeartbeats(wish.entry) && shut(caller, plugin.region, instance.id, settings.door) !== undefined) {
				scaler().missedHeartbeat(instance);
				continue;
			}
			instance.misses = 0;
			wishes.shift();
			wish.callOff();
			dial(wish, instance);
		}
	}

	function dial(wish: Wish, instance: ScaledInstance): void {
		const {plugin, settings} = scaler();
		const about = ofWish(wish);
		const again = () => dial(wish, instance);
		try {
			const {external, internal} = plugin.connectInfo(instance.id);
			const addresses = {'internal-address': internal, 'external-address': external, 'use-external-address': settings.door.isExternal};
			note('info', 'Dialing instance', {...about, 'instance-id': instance.id, ...addresses, 'protocol-port': settings.door.port});
			note('info', `Dialing instance ${instance.id}...`, about);
			wish.job.workerAt ??= clock.now();
		} catch (error) {
			if (!(error instanceof PluginFailure)) throw error;
			failed(wish, error.message, again, instance);
			return;
		}
		const place: Placed = {wish, instance, callOff: () => {}, isLosing: false};
		place.callOff = clock.at(clock.now() + dialling, () => runner.lives() && connect(place, clock.now()));
		placed.add(place);
	}

	function connect(place: Placed, begun: number): void {
		const {caller, plugin, settings} = scaler();
		const {instance, wish} = place;
		const region = hosts.cloud.account.regions.get(plugin.region);
		const known = region?.instances.get(instance.id);
		const image = known && region?.images.get(known.imageId);
		const why = shut(caller, plugin.region, instance.id, settings.door);
		const retry = (told: string) => {
			placed.delete(place);
			failed(wish, told, () => dial(wish, instance), instance);
		};
		if (why !== undefined || !known || !image) {
			const left = begun + settings.door.timeout - clock.now();
			if (left <= 0) retry(gaveUp(why ?? 'gone', settings.door.timeout));
			else place.callOff = clock.at(clock.now() + Math.min(left, 10_000), () => runner.lives() && connect(place, begun));
			return;
		}
		note('info', `Instance ${instance.id} connected`, ofWish(wish));
		if ((dockerUpFrom(caller, plugin.region, known, image) ?? Number.POSITIVE_INFINITY) > clock.now()) {
			retry(noDocker);
			return;
		}
		wish.job.worker = instance.id;
		place.callOff = runJob(runner, wish.job, wish.entry, instance.id, (how) => ended(place, how));
	}

	function ended(place: Placed, how: JobEnding): void {
		placed.delete(place);
		over(place.wish, how, place.instance);
	}

	/** An instance has gone under its job: Docker's connection ends with it. */
	function lose(place: Placed): void {
		place.isLosing = true;
		clock.at(clock.now() + lossNoticed, () => {
			if (!runner.lives() || !placed.has(place)) return;
			place.callOff();
			ended(place, {is: 'failed', reason: tunnelEnds, why: 'runner_system_failure'});
		});
	}

	return {
		waiting: () => wishes.length,
		serve,
		want: (job, entry) => wait({job, entry, left: preparations, callOff: () => {}}),
		review() {
			for (const place of placed) {
				const instances = hosts.cloud.account.regions.get(scaler().plugin.region)?.instances;
				if (!place.isLosing && place.wish.job.worker !== undefined && instances?.get(place.instance.id)?.ending) lose(place);
			}
		},
		stop() {
			for (const {callOff} of [...wishes, ...placed]) callOff();
		},
	};
}
