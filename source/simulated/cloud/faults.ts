import type {AwsService, OperationName} from '../../world/cloud/port.ts';
import {serviceOf} from '../../world/cloud/port.ts';
import {type AwsRefusal, refusal} from './refusal.ts';

/** What goes wrong with one call: it is refused, the connection is lost before or after it was carried out, or somebody else acts just before or after. */
type CallFault = {refused: AwsRefusal} | {dropped: 'before' | 'after'} | {somebody: () => void; when: 'before' | 'after'};

/** Faults of the cloud, each for the n-th call of its name from now (1 is the next one). */
export type CloudFaults = {
	/** The next calls of this name, so many of them, are throttled in the service's own words. */
	throttle(name: OperationName, times: number): void;
	/** The n-th call from now is answered with this error, in the SDK's terms, and not carried out. */
	failNth(name: OperationName, nth: number, error: {name: string; message: string; status?: number}): void;
	/** The n-th call from now is carried out, then the connection is lost. */
	dropAfter(name: OperationName, nth?: number): void;
	/** The n-th call from now is lost on its way. */
	dropBefore(name: OperationName, nth?: number): void;
	/** Somebody else does something just before the n-th call from now is carried out. */
	meanwhile(name: OperationName, nth: number, somebody: () => void): void;
	/** Somebody else does something just after the n-th call from now was carried out. */
	afterwards(name: OperationName, nth: number, somebody: () => void): void;
};

/** Throttling as each service says it. */
const throttling: Record<AwsService, AwsRefusal> = {
	'auto-scaling': {name: 'Throttling', message: 'Rate exceeded', status: 400},
	ec2: {name: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503},
	s3: {name: 'SlowDown', message: 'Please reduce your request rate.', status: 503},
	iam: {name: 'Throttling', message: 'Rate exceeded', status: 400},
	sts: {name: 'Throttling', message: 'Rate exceeded', status: 400},
	ssm: {name: 'ThrottlingException', message: 'Rate exceeded', status: 400},
	'service-quotas': {name: 'TooManyRequestsException', message: 'Rate exceeded', status: 429},
	pricing: {name: 'ThrottlingException', message: 'Rate exceeded', status: 400},
	'ec2-instance-connect': {name: 'ThrottlingException', message: 'Rate exceeded', status: 429},
};

const lost = () => refusal('ECONNRESET', 'socket hang up', 0);

/** Keeps the faults and brings them about around each call. */
export function cloudFaults(): {faults: CloudFaults; around<Result>(name: OperationName, carry: () => Result): Result} {
	const made = new Map<OperationName, number>();
	const due = new Map<string, CallFault[]>();
	const add = (name: OperationName, nth: number, fault: CallFault) => {
		const key = `${name} ${(made.get(name) ?? 0) + nth}`;
		due.set(key, [...(due.get(key) ?? []), fault]);
	};
	return {
		faults: {
			throttle: (name, times) => {
				for (let nth = 1; nth <= times; nth += 1) add(name, nth, {refused: throttling[serviceOf[name]]});
			},
			failNth: (name, nth, {name: code, message, status = 400}) => add(name, nth, {refused: {name: code, message, status}}),
			dropAfter: (name, nth = 1) => add(name, nth, {dropped: 'after'}),
			dropBefore: (name, nth = 1) => add(name, nth, {dropped: 'before'}),
			meanwhile: (name, nth, somebody) => add(name, nth, {somebody, when: 'before'}),
			afterwards: (name, nth, somebody) => add(name, nth, {somebody, when: 'after'}),
		},
		around(name, carry) {
			const count = (made.get(name) ?? 0) + 1;
			made.set(name, count);
			const faults = due.get(`${name} ${count}`) ?? [];
			for (const fault of faults) {
				if ('refused' in fault) throw refusal(fault.refused.name, fault.refused.message, fault.refused.status);
				if ('dropped' in fault && fault.dropped === 'before') throw lost();
				if ('somebody' in fault && fault.when === 'before') fault.somebody();
			}
			const result = carry();
			for (const fault of faults) {
				if ('somebody' in fault && fault.when === 'after') fault.somebody();
				if ('dropped' in fault && fault.dropped === 'after') throw lost();
			}
			return result;
		},
	};
}
