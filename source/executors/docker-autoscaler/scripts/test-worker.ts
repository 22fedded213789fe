import * as z from 'zod';
import {type OpenScript, prelude} from '../../../world/host/script.ts';
import {outlivingText} from '../../../world/host/scripts/outliving.ts';
import {awsText} from './aws-request.ts';

export type TestWorker = {
	/** An Auto Scaling group that has no worker and that no runner looks after: what it launches is this script's to end. */
	group: string;
	region: string;
	/** The runner's own way on to workers: its user and the path of its key. */
	user: string;
	keyPath: string;
	/** Seconds until an instance must be in service, by which time AWS has told why it isn't. */
	readySeconds: number;
	/** Seconds until everything is given up and taken away. */
	limitSeconds: number;
	/** The container that proves Docker on the worker. */
	image: string;
};

/** The stages of a worker that is tried, in their order, as `{"stage"}` names them. */
export const workerStages = ['launch', 'ssh', 'docker', 'container', 'removal'] as const;

const outcome = z.discriminatedUnion('is', [
	/** `docker` is Docker's version on it; `at` is when, by the manager's clock, in milliseconds since 1970. */
	z.object({is: z.literal('proven'), seconds: z.number(), docker: z.string(), at: z.number()}),
	/**
	 * `not-launched` (nothing was in service in time: the group's activities tell why), `ssh-failed`, `docker-failed`, `container-failed`, `not-removed`,
	 * `given-up` (the limit is over, or the laptop is gone), or AWS's own code where it refuses a call. `instanceId` where one was launched.
	 */
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string(), instanceId: z.string().optional()}),
]);
export type TestWorkerOutcome = z.infer<typeof outcome>;

const text = `${prelude}${outlivingText}${awsText}
import shlex
begun = time.monotonic()
ends = begun + given['limitSeconds']
seen = {}
class Failed(Exception):
    def __init__(self, code, detail):
        super().__init__(detail)
        self.code = code

def go_on():
    if lost.is_set():
        raise Failed('given-up', 'the connection was lost')
    if time.monotonic() > ends:
        raise Failed('given-up', 'not ready after %d s' % given['limitSeconds'])

def instances():
    # Of the group, as (id, lifecycle state), with what it is told to have.
    told = aws('autoscaling', 'DescribeAutoScalingGroups', **{'AutoScalingGroupNames.member.1': given['group']})
    groups = told.findall('.//AutoScalingGroups/member')
    if not groups:
        raise Failed('group-missing', 'there is no Auto Scaling group ' + given['group'])
    return [(one.findtext('InstanceId'), one.findtext('LifecycleState') or '') for one in groups[0].findall('Instances/member')], int(groups[0].findtext('DesiredCapacity') or 0)

def set_desired(number):
    aws('autoscaling', 'SetDesiredCapacity', AutoScalingGroupName=given['group'], DesiredCapacity=number, HonorCooldown='false')

def launch():
    tell(stage='launch')
    set_desired(1)
    until = time.monotonic() + given['readySeconds']
    while True:
        go_on()
        there = instances()[0]
        if there:
            seen['instanceId'] = there[0][0]
        for name, state in there:
            if state == 'InService':
                return name
        if time.monotonic() > until:
            raise Failed('not-launched', 'no instance in service after %d s' % given['readySeconds'])
        time.sleep(1)

def address(name):
    # By a filter, since EC2 may not know yet by its id what the group has just launched.
    until = time.monotonic() + 120
    while True:
        go_on()
        found = aws('ec2', 'DescribeInstances', **{'Filter.1.Name': 'instance-id', 'Filter.1.Value.1': name}).findtext('.//instancesSet/item/privateIpAddress')
        if found:
            return found
        if time.monotonic() > until:
            raise Failed('ssh-failed', name + ' has no private address')
        time.sleep(2)

def on(host, command, limit):
    options = ['-i', given['keyPath'], '-l', given['user'], '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null',
        '-o', 'ConnectTimeout=5', '-o', 'ServerAliveInterval=5', '-o', 'LogLevel=ERROR']
    code, out, err = sh('ssh', *options, host, command, limit=limit)
    return code, out.strip(), (err or out).strip()[-600:]

def awaited(host, command, code, most, holds):
    # Again and again, as the runner does until the worker is ready.
    until = time.monotonic() + most
    while True:
        go_on()
        ended, out, said = on(host, command, 30)
        if holds(ended):
            return out
        if time.monotonic() > until:
            raise Failed(code, said or 'no answer')
        time.sleep(2)

def prove(name):
    tell(stage='ssh')
    host = address(name)
    # 255 is ssh's own; any other code is the command's, and then ssh has come through.
    awaited(host, 'true', 'ssh-failed', 180, lambda code: code == 0)
    tell(stage='docker')
    awaited(host, 'docker info', 'docker-failed', 240, lambda code: code == 0)
    version = awaited(host, "docker version --format '{{.Server.Version}}'", 'docker-failed', 30, lambda code: code == 0)
    tell(stage='container')
    go_on()
    code, out, said = on(host, 'docker run --rm %s true' % shlex.quote(given['image']), max(1, min(300, int(ends - time.monotonic()))))
    if code != 0:
        raise Failed('container-failed', said or 'docker run ended with %d' % code)
    told = re.match(r'\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}[\\w.+~-]{0,40}', version)
    return told.group(0) if told else version[:40]

def end(name):
    asked = dict(InstanceId=name)
    try:
        aws('autoscaling', 'TerminateInstanceInAutoScalingGroup', ShouldDecrementDesiredCapacity='true', **asked)
    except Refused as error:
        # It wants none any more, and goes below its least size then.
        if error.code != 'ValidationError':
            raise
        aws('autoscaling', 'TerminateInstanceInAutoScalingGroup', ShouldDecrementDesiredCapacity='false', **asked)

def emptied(most):
    # An instance that AWS is launching shows up some seconds later, so none has to be seen for a while.
    until, quiet = time.monotonic() + most, None
    while time.monotonic() < until:
        there, desired = instances()
        living = [name for name, state in there if not state.startswith('Terminat')]
        for name in living:
            seen.setdefault('instanceId', name)
            end(name)
        if not living and desired > 0:
            set_desired(0)
        quiet = (quiet or time.monotonic()) if not living and desired == 0 else None
        if quiet is not None and time.monotonic() - quiet >= (2 if 'instanceId' in seen else 15):
            return True
        time.sleep(1)
    return False

def removed():
    tell(stage='removal')
    for turn in (1, 2, 3):
        try:
            return None if emptied(120) else 'instances are still in ' + given['group']
        except (Refused, Failed) as error:
            trouble = '%s: %s' % (error.code, error)
            time.sleep(2)
    return trouble

held = lock('-test')
failure, docker, at = None, None, 0
try:
    docker = prove(launch())
    at = int(time.time() * 1000)
except (Failed, Refused) as error:
    failure = error
trouble = removed()
if failure is None and trouble is not None:
    failure = Failed('not-removed', trouble)
if failure is None:
    tell(result={'is': 'proven', 'seconds': round(time.monotonic() - begun, 1), 'docker': docker, 'at': at})
else:
    tell(result=dict({'is': 'failed', 'code': failure.code, 'detail': str(failure)[-3000:]}, **seen))
`;

/** Has a group launch one worker, gets on to it as the runner will, runs a container, ends it; cleans up by itself, whatever happens to this laptop. */
export const testWorkerScript: OpenScript<TestWorker, TestWorkerOutcome> = {
	name: 'test-worker',
	changes: true,
	secrets: 'none',
	result: outcome,
	// Lines of ssh and Docker, of which a problem takes what it tells.
	exact: ['detail'],
	text,
};
