import {z} from 'zod';
import {type OpenScript, prelude, type Script} from '../script.ts';
import {unitShape, unitText} from '../unit.ts';
import {logText} from './log.ts';
import {paths} from './paths.ts';
import {readingText, verifyShape} from './reading.ts';

const facts = z.object({
	/** `cloud-init status`: done, running, error, degraded (recoverable errors), or absent on images without it. */
	cloudInit: z.object({status: z.enum(['done', 'running', 'error', 'degraded', 'absent']), detail: z.string()}),
	/** `uname -m`. */
	machine: z.string(),
	/** `ubuntu 24.04`, from os-release. */
	os: z.string(),
	/** GiB free where the runner keeps its state. */
	diskFreeGib: z.number(),
	/** Versions as the binaries themselves tell; absent when not installed. */
	gitlabRunner: z.string().optional(),
	dockerMachine: z.string().optional(),
	/** docker-machine's ca.pem and cert.pem are there, for root. */
	certificates: z.boolean(),
	/** Texts of the systemd unit and of our drop-in. */
	unit: z.string().optional(),
	dropIn: z.string().optional(),
	service: unitShape.extend({
		enabled: z.string(),
		/** When it came to run; ISO 8601 where it can be read as a time. */
		since: z.string().optional(),
		/** Of a unit whose process has ended by itself, the last lines of its log, the oldest first. */
		log: z.array(z.string()).optional(),
	}),
	/** /etc/gitlab-runner/config.toml, with the token in it: never into an event, a log or a file. `mode` is octal, `hash` the text's SHA-256. */
	config: z.object({text: z.string(), mode: z.string(), hash: z.string()}).optional(),
	systemId: z.string().optional(),
	/** The file that workers' user data comes from. */
	userData: z.string().optional(),
	/** SHA-256 of root's AWS credentials file, when `access` is `access-keys`. */
	credentialsHash: z.string().optional(),
	/** Text of `/metrics`, when the service answers. */
	metrics: z.string().optional(),
	/** Text of `/debug/jobs/list`. */
	jobs: z.string().optional(),
	/** Absent when there is no config.toml, or none of its runners. */
	verify: verifyShape.optional(),
	/** Machines in docker-machine's own store. */
	machines: z.array(z.object({name: z.string(), instanceId: z.string()})),
	/**
	 * Docker's version on the newest worker that has it, and when docker-machine began to make that one (its name tells), in milliseconds since 1970;
	 * absent where there is no worker or it doesn't answer.
	 */
	engine: z.object({version: z.string(), madeAt: z.number()}).optional(),
	/** Milliseconds since 1970, by the host's clock. */
	now: z.number(),
});

/** Every fact about the manager that checks compare, in one round trip. */
export type HostFacts = z.infer<typeof facts>;

const software = facts.pick({
	...{cloudInit: true, machine: true, os: true, diskFreeGib: true, gitlabRunner: true, dockerMachine: true, certificates: true},
	...{unit: true, dropIn: true, service: true, userData: true, credentialsHash: true, now: true},
});

/** What of it is no secret: the programs and files that are installed. */
export type SoftwareFacts = z.infer<typeof software>;

const text = `${prelude}${unitText}${logText}${readingText}
import platform, shutil
from datetime import datetime, timezone
from concurrent.futures import ThreadPoolExecutor
# Before the host's key is verified nothing is read here that is for the person alone: no config.toml, no metrics, no id, no machine.
plain = given.get('without') == 'secrets'

def cloud_init():
    code, out, err = sh('cloud-init', 'status', '--long', limit=10)
    if code == 127:
        return dict(status='absent', detail='')
    told = re.search(r'^status: *(\\w+)', out, re.M)
    word = told.group(1) if told else ''
    detail = ' '.join((out + err).split())[:2000]
    if word in ('running', 'not'):
        return dict(status='running', detail=detail)
    if word == 'error' and code != 2:
        return dict(status='error', detail=detail)
    if word == 'disabled':
        return dict(status='absent', detail=detail)
    return dict(status='degraded' if code == 2 or 'degraded' in out else 'done', detail=detail)

def version(program, pattern):
    if shutil.which(program) is None:
        return None
    code, out, err = sh(program, '--version', limit=10)
    told = re.search(pattern, out)
    return told.group(1) if told else None

def unit_property(name):
    return sh('systemctl', 'show', 'gitlab-runner', '--property', name, limit=10)[1].strip().partition('=')[2]

def since():
    told = unit_property('ActiveEnterTimestamp')
    try:
        return datetime.strptime(told, '%a %Y-%m-%d %H:%M:%S UTC').replace(tzinfo=timezone.utc).isoformat()
    except ValueError:
        return told or None

def service():
    seen = unit_state('gitlab-runner', 0)
    seen.update(
        active=seen.get('active') or 'unknown',
        enabled=sh('systemctl', 'is-enabled', 'gitlab-runner', limit=10)[1].strip() or 'unknown',
        since=since())
    if seen.get('sub') in ('auto-restart', 'failed'):
        seen.update(log=last_lines('gitlab-runner', 40))
    return seen

def answer(path):
    try:
        return page('127.0.0.1:9252', path, 2)
    except (OSError, ValueError):
        return None

def verify():
    # Any command that loads the file makes a system id beside it, so one without a runner isn't asked about.
    text = read('/etc/gitlab-runner/config.toml') or ''
    if not given.get('verify') or not re.search(r'^\\s*\\[\\[\\s*runners', text, re.M) or shutil.which('gitlab-runner') is None:
        return None
    return verified(20)

def machines():
    return [dict(name=name, instanceId=(driver or {}).get('InstanceId') or '') for name, whole, driver in stored('/root/.docker/machine')]

def engine():
    found = []
    for path in glob.glob('/root/.docker/machine/machines/*/server.pem'):
        name = os.path.basename(os.path.dirname(path))
        made = re.search(r'-(\\d{9,11})-[0-9a-f]{8}$', name)
        if made:
            found.append((int(made.group(1)), name))
    if not found:
        return None
    at, name = max(found)
    # docker-machine's own question about the version speaks an API that Docker no longer answers.
    told = re.match(r'\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}[\\w.+~-]{0,40}', sh('docker-machine', 'ssh', name, 'sudo', 'docker', 'version', '--format', '{{.Server.Version}}', limit=10)[1])
    return dict(version=told.group(0), madeAt=at * 1000) if told else None

def config():
    path = '/etc/gitlab-runner/config.toml'
    text = read(path)
    if text is None:
        return None
    return dict(text=text, mode='%03o' % (os.stat(path).st_mode & 0o777), hash=digest(text))

def operating_system():
    told = dict(line.partition('=')[::2] for line in (read('/etc/os-release') or '').splitlines())
    return ('%s %s' % (told.get('ID', '').strip('"'), told.get('VERSION_ID', '').strip('"'))).strip()

def credentials():
    text = read('/root/.aws/credentials')
    return None if text is None else digest(text)

with ThreadPoolExecutor(8) as pool:
    asked = dict(
        cloudInit=pool.submit(cloud_init),
        gitlabRunner=pool.submit(version, 'gitlab-runner', r'Version: *v?(\\S+)'),
        dockerMachine=pool.submit(version, 'docker-machine', r'version v?([^, ]+)'),
        service=pool.submit(service),
        **({} if plain else dict(
            metrics=pool.submit(answer, '/metrics'),
            jobs=pool.submit(answer, '/debug/jobs/list'),
            engine=pool.submit(engine),
            verify=pool.submit(verify))))
    facts = {name: work.result() for name, work in asked.items()}
disk = os.statvfs('/')
system_id = None if plain else read('/etc/gitlab-runner/.runner_system_id')
facts.update(
    machine=platform.machine(),
    os=operating_system(),
    diskFreeGib=round(disk.f_bavail * disk.f_frsize / 2 ** 30, 2),
    certificates=has_certificates('/root/.docker/machine'),
    unit=read('/etc/systemd/system/gitlab-runner.service'),
    dropIn=read('${paths.dropIn}'),
    config=None if plain else config(),
    systemId=system_id.strip() if system_id else None,
    userData=read('${paths.userData}'),
    credentialsHash=credentials(),
    machines=[] if plain else machines(),
    now=int(time.time() * 1000))
def told(value):
    return {key: told(inner) for key, inner in value.items() if inner is not None} if isinstance(value, dict) else value
done(**told(facts))
`;

/** Looks, and changes nothing; `verify` asks GitLab through the runner, which takes up to 20 s when GitLab is silent. */
export const factsScript: Script<{verify: boolean}, HostFacts> = {
	name: 'facts',
	changes: false,
	result: facts,
	// Files are compared with what is wanted or edited, and the runner's own pages are read line by line.
	exact: ['text', 'unit', 'dropIn', 'userData', 'metrics', 'jobs'],
	text,
};

/** The same without anything secret, for the time until the host's key is verified. */
export const softwareFactsScript: OpenScript<{without: 'secrets'}, SoftwareFacts> = {
	name: 'software-facts',
	changes: false,
	secrets: 'none',
	result: software,
	exact: ['unit', 'dropIn', 'userData'],
	text,
};
