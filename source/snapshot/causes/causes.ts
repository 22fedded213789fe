import {beingMade} from './being-made.ts';
import type {Judge} from './cause.ts';
import {certificates} from './certificates.ts';
import {concurrentReached} from './concurrent-reached.ts';
import {configRefused} from './config-refused.ts';
import {credentialsRefused} from './credentials-refused.ts';
import {dockerHub} from './docker-hub.ts';
import {dockerInstall} from './docker-install.ts';
import {dockerNever} from './docker-never.ts';
import {gitlabUnreachable} from './gitlab-unreachable.ts';
import {growthRate} from './growth-rate.ts';
import {jobsFail, jobsFailed, machineLost} from './jobs.ts';
import {keyPairQuota} from './key-pair-quota.ts';
import {limitReached, overLimit} from './limit-reached.ts';
import {managerCpu} from './manager-cpu.ts';
import {managerDisk} from './manager-disk.ts';
import {managerMemory} from './manager-memory.ts';
import {managerStopped} from './manager-stopped.ts';
import {noCapacity} from './no-capacity.ts';
import {notAllowed} from './not-allowed.ts';
import {quota} from './quota.ts';
import {refusedOtherwise} from './refused-otherwise.ts';
import {requestConcurrency} from './request-concurrency.ts';
import {runnerOffline} from './runner-offline.ts';
import {runnerPaused} from './runner-paused.ts';
import {crashedLately, drained, draining, serviceCrashed, serviceStopped} from './service.ts';
import {spotPrice} from './spot-price.ts';
import {spotRole} from './spot-role.ts';
import {sshNever} from './ssh-never.ts';
import {subnetFull} from './subnet-full.ts';
import {switchedOff} from './switched-off.ts';
import {throttled} from './throttled.ts';
import {tokenRefused} from './token-refused.ts';
import {unmanaged} from './unmanaged.ts';
import {unservedBranch, unservedTag, unservedUntagged} from './unserved.ts';

/** What keeps jobs from running, the one to act on first coming first: who asks for jobs, then what keeps workers from being made. */
export const hindrances: readonly Judge[] = [
	...[managerStopped, serviceCrashed, serviceStopped, drained, draining, configRefused, runnerPaused],
	...[tokenRefused, gitlabUnreachable, switchedOff, runnerOffline],
	...[managerDisk, managerMemory, certificates, notAllowed, credentialsRefused, spotRole, refusedOtherwise],
	...[keyPairQuota, subnetFull, quota, spotPrice, noCapacity, dockerHub, dockerInstall, sshNever, dockerNever, managerCpu, throttled],
	overLimit,
];

/** What is wrong, and lets other jobs run. */
export const mishaps: readonly Judge[] = [jobsFail, jobsFailed, machineLost, crashedLately, unmanaged];

/** What is wrong whether jobs wait or not. */
export const troubles: readonly Judge[] = [...hindrances, ...mishaps];

/** What makes jobs wait that the runner has taken already. */
export const making: readonly Judge[] = [growthRate, beingMade];

/** What is as it was asked to be, but makes jobs wait. */
export const limits: readonly Judge[] = [limitReached, concurrentReached, requestConcurrency, ...making];

/** Jobs that no runner takes: they wait however many machines there are. */
export const unserved: readonly Judge[] = [unservedTag, unservedUntagged, unservedBranch];
