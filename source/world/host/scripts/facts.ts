import * as z from 'zod';
import {type OpenScript, prelude, type Script} from '../script.ts';
import {unitShape, unitText} from '../unit.ts';
import type {ManagerPart, Properties} from './manager-part.ts';
import {mirrorShape, mirrorText} from './mirror-seen.ts';
import {paths} from './paths.ts';
import {logText, readingText, verifyShape} from './reading.ts';

/** What is installed, and nothing secret. */
const software = {
	/** `cloud-init status`: done, running, error, degraded (recoverable errors), or absent on images without it. */
	cloudInit: z.object({status: z.enum(['done', 'running', 'error', 'degraded', 'absent']), detail: z.string()}),
	/** `uname -m`. */
	machine: z.string(),
	/** `ubuntu 24.04`, from os-release. */
	os: z.string(),
	/** GiB free where the runner keeps its state. */
	diskFreeGib: z.number(),
	/** The version as the program itself tells; absent when it isn't installed. */
	gitlabRunner: z.string().optional(),
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
	/** SHA-256 of root's AWS credentials file, when `access` is `access-keys`. */
	credentialsHash: z.string().optional(),
	/** Milliseconds since 1970, by the host's clock. */
	now: z.number(),
};

/** What is known once the host's key is verified. */
const verified = {
	/** /etc/gitlab-runner/config.toml, with the token in it: never into an event, a log or a file. `mode` is octal, `hash` the text's SHA-256. */
	config: z.object({text: z.string(), mode: z.string(), hash: z.string()}).optional(),
	systemId: z.string().optional(),
	/** Text of `/metrics`, when the service answers. */
	metrics: z.string().optional(),
	/** Text of `/debug/jobs/list`. */
	jobs: z.string().optional(),
	/** Absent when there is no config.toml, or none of its runners. */
	verify: verifyShape.optional(),
	/** Absent where the manager has no mirror. */
	mirror: mirrorShape.optional(),
};

/** What every manager tells, whatever its executor. */
export type CommonSoftware = z.infer<z.ZodObject<typeof software>>;
export type CommonFacts = z.infer<z.ZodObject<typeof software & typeof verified>>;

const text = (executors: string): string => `${prelude}${unitText}${logText}${readingText}${mirrorText}${executors}
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

def unit_property(name):
    return sh('systemctl', 'show', 'gitlab-runner', '--property', name, limit=10)[1].strip().partition('=')[2]

def since():
    told = unit_property('ActiveEnterTimestamp')
    moment = re.match(r'\\w+ (\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d) UTC$', told)
    return '%sT%s+00:00' % moment.groups() if moment else told or None

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
        gitlabRunner=pool.submit(version_of, 'gitlab-runner', r'Version: *v?(\\S+)'),
        service=pool.submit(service),
        **({} if plain else dict(
            metrics=pool.submit(answer, '/metrics'),
            jobs=pool.submit(answer, '/debug/jobs/list'),
            mirror=pool.submit(mirror_seen),
            verify=pool.submit(verify))))
    parts = [pool.submit(one[what]) for one in executors.values() for what in (['software'] if plain else ['software', 'facts'])]
    facts = {name: work.result() for name, work in asked.items()}
for part in parts:
    facts.update(part.result())
disk = os.statvfs('/')
system_id = None if plain else read('/etc/gitlab-runner/.runner_system_id')
facts.update(
    machine=os.uname().machine,
    os=operating_system(),
    diskFreeGib=round(disk.f_bavail * disk.f_frsize / 2 ** 30, 2),
    unit=read('/etc/systemd/system/gitlab-runner.service'),
    dropIn=read('${paths.dropIn}'),
    config=None if plain else config(),
    systemId=system_id.strip() if system_id else None,
    credentialsHash=credentials(),
    now=int(time.time() * 1000))
def told(value):
    return {key: told(inner) for key, inner in value.items() if inner is not None} if isinstance(value, dict) else value
done(**told(facts))
`;

/** The scripts that tell checks what they compare, with what executors add. */
export function factsWith<Software extends Properties, Facts extends Properties>(part: ManagerPart<Software, Facts>) {
	const softwareFacts = z.object({...software, ...part.software});
	const facts = z.object({...software, ...verified, ...part.software, ...part.facts});
	/** Every fact about the manager, in one round trip. Changes nothing; `verify` asks GitLab through the runner, which takes up to 20 s when GitLab is silent. */
	const factsScript: Script<{verify: boolean}, z.infer<typeof facts>> = {
		name: 'facts',
		changes: false,
		result: facts,
		// Files are compared with what is wanted or edited, and the runner's own pages are read line by line.
		exact: ['text', 'unit', 'dropIn', 'metrics', 'jobs', ...(part.exact ?? [])],
		text: text(part.looks),
	};
	/** The same without anything secret, for the time until the host's key is verified. */
	const softwareFactsScript: OpenScript<{without: 'secrets'}, z.infer<typeof softwareFacts>> = {
		name: 'software-facts',
		changes: false,
		secrets: 'none',
		result: softwareFacts,
		exact: ['unit', 'dropIn', ...(part.exact ?? [])],
		text: text(part.looks),
	};
	return {factsScript, softwareFactsScript};
}
