import {z} from 'zod';
import {type OpenScript, prelude} from '../script.ts';
import {draining} from './draining.ts';
import type {ManagerPart} from './manager-part.ts';
import {paths} from './paths.ts';
import {readingText} from './reading.ts';

/** A program to install: `sha256` is the hash that it has to have, where this release knows it; else `checksums` is the URL of its release.sha256, matched by the file's base name. */
export type Download = {name: string; version: string; url: string; checksums: string; path: string; sha256?: string | undefined};

export type Install = {
	/** Whose part prepares the manager, by its name: what its runner needs besides programs. */
	executor: string;
	/** What its preparation wants to know, such as a version, by names of its own. */
	wants?: Readonly<Record<string, string>> | undefined;
	/** Seconds that cloud-init may take. */
	bootSeconds: number;
	downloads: Download[];
	/** Text of the systemd drop-in with the graceful stop. */
	dropIn: string;
	/** Files that the executor needs there, by their paths; everybody may read them. */
	files: readonly {path: string; text: string}[];
	/** Seconds that running jobs may take to end before a running service's program is replaced. */
	drainSeconds: number;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done')}),
	/** `boot-failed`, `boot-slow`, `download-failed`, `checksum-wrong`, `disk-full`, `drain-slow`, `command-failed` */
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type InstallOutcome = z.infer<typeof outcome>;

const text = (executors: string): string => `${prelude}${readingText}${executors}${draining}
import errno, http.client, tempfile, urllib.request
from concurrent.futures import ThreadPoolExecutor
class Failed(Exception):
    def __init__(self, code, detail):
        super().__init__(detail)
        self.code = code

def boot():
    say(says='first boot ending')
    limit, begun, over = given['bootSeconds'], time.monotonic(), threading.Event()
    def tell():
        while not over.wait(10):
            say(says='first boot ending, %d s so far' % (time.monotonic() - begun))
    threading.Thread(target=tell, daemon=True).start()
    code, out, err = sh('timeout', str(limit), 'cloud-init', 'status', '--wait', '--long', limit=limit + 15)
    over.set()
    detail = ' '.join((out + err).replace('.....', '').split())[-600:]
    if code == 124:
        raise Failed('boot-slow', detail)
    if code == 1:
        raise Failed('boot-failed', detail)
    if code == 2:
        say(says='first boot ended with errors that it got over: ' + detail)

def version(path):
    if not os.access(path, os.X_OK):
        return None
    out = sh(path, '--version', limit=10)[1]
    told = re.search(r'(?:Version: *|version )v?([^, \\n]+)', out)
    return told.group(1) if told else None

def fetch(url, take):
    for turn in (1, 2, 3):
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return take(reply)
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            told = getattr(error, 'code', None)
            if turn == 3 or (told is not None and told < 500 and told != 429):
                raise Failed('download-failed', '%s: %s' % (url, error))
            time.sleep(2 * turn)

def wanted_sum(download):
    # Lines of sha256sum: hash, space, an asterisk or another space, path (facts 3.1).
    name = download['url'].rsplit('/', 1)[-1]
    for line in fetch(download['checksums'], lambda reply: reply.read(1 << 20).decode(errors='replace')).splitlines():
        parts = line.split(None, 1)
        if len(parts) == 2 and parts[1].strip().lstrip('*').rsplit('/', 1)[-1] == name:
            return parts[0].lower()
    raise Failed('checksum-wrong', '%s names no %s' % (download['checksums'], name))

def store(reply, file, name):
    of, seen, told_at, hashed = int(reply.headers.get('Content-Length') or 0), 0, 0.0, hashlib.sha256()
    while True:
        part = reply.read(1 << 18)
        if not part:
            break
        file.write(part)
        hashed.update(part)
        seen += len(part)
        if time.monotonic() - told_at > 0.5:
            told_at = time.monotonic()
            say(download=name, bytes=seen, **({'of': of} if of else {}))
    if of and seen != of:
        raise http.client.IncompleteRead(b'', of - seen)
    say(download=name, bytes=seen, of=seen)
    return hashed.hexdigest()

def download(one):
    known = one.get('sha256')
    expected = known or wanted_sum(one)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(one['path']), prefix='.' + one['name'] + '.')
    try:
        with os.fdopen(handle, 'wb') as file:
            def take(reply):
                file.seek(0)
                file.truncate()
                return store(reply, file, '%s %s' % (one['name'], one['version']))
            seen = fetch(one['url'], take)
            file.flush()
            os.fsync(file.fileno())
        if seen != expected:
            raise Failed('checksum-wrong', '%s has SHA-256 %s, and %s %s' % (one['url'], seen, 'this release knows' if known else 'release.sha256 says', expected))
        os.chmod(name, 0o755)
        return name
    except BaseException as error:
        os.unlink(name)
        # What was written to is known here only.
        if isinstance(error, OSError) and error.filename is None:
            error.filename = one['path']
        raise

def run(*argv, limit=120):
    code, out, err = sh(*argv, limit=limit)
    if code != 0:
        raise Failed('command-failed', '%s ended with %d: %s' % (' '.join(argv[:3]), code, (err or out).strip()[-400:]))

def changed(path, content, mode):
    if read(path) == content:
        return False
    put(path, content, mode)
    return True

state = dict(was_active=False)
def stop_once():
    if stopped():
        return
    state['was_active'] = True
    jobs = stop_gracefully(max(1, given['drainSeconds']))
    if jobs is not None:
        raise Failed('drain-slow', str(jobs))

def install_programs(wanted, files):
    for one, name in zip(wanted, files):
        say(says='%s %s installing' % (one['name'], one['version']))
        if one['name'] == 'gitlab-runner':
            stop_once()
        os.rename(name, one['path'])
        if sh('sh', '-c', 'command -v restorecon')[0] == 0:
            sh('restorecon', one['path'])

def account():
    if sh('id', 'gitlab-runner')[0] != 0:
        run('useradd', '--comment', 'GitLab Runner', '--create-home', '--shell', '/bin/bash', 'gitlab-runner')
    os.makedirs('/etc/gitlab-runner', mode=0o700, exist_ok=True)

def unit(path):
    program = next((one['path'] for one in given['downloads'] if one['name'] == 'gitlab-runner'), None)
    standing = read(path)
    if program is None or (standing is not None and re.search(r'^ExecStart="?' + re.escape(program) + r'["\\s]', standing, re.M)):
        return
    if standing is not None:
        stop_once()
        run(program, 'uninstall')
    run(program, 'install', '--user=gitlab-runner', '--working-directory=/home/gitlab-runner')

def free_words(error):
    # Each folder may be a file system of its own.
    folder = os.path.dirname(str(error.filename or '/'))
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    seen = os.statvfs(folder)
    return '%s; %d MiB are free in %s' % (error, seen.f_bavail * seen.f_frsize // 2 ** 20, folder)

def install():
    boot()
    held = lock()
    account()
    if changed('${paths.dropIn}', given['dropIn'], 0o644):
        sh('systemctl', 'daemon-reload')
    for one in given['files']:
        changed(one['path'], one['text'], 0o644)
    wanted = [one for one in given['downloads'] if version(one['path']) != one['version']]
    files = []
    try:
        with ThreadPoolExecutor(2) as pool:
            works = [pool.submit(download, one) for one in wanted]
            failures = [work.exception() for work in works]
        files = [work.result() for work in works if work.exception() is None]
        for failure in failures:
            if failure is not None:
                raise failure
        install_programs(wanted, files)
    finally:
        for name in files:
            if os.path.exists(name):
                os.unlink(name)
    unit('/etc/systemd/system/gitlab-runner.service')
    trouble = executors[given['executor']]['prepare'](stop_once)
    if trouble is not None:
        raise Failed('command-failed', trouble)
    run('systemctl', 'daemon-reload')
    if state['was_active']:
        run('systemctl', 'start', 'gitlab-runner')
    return held

try:
    install()
except Failed as failure:
    if state['was_active'] and stopped():
        sh('systemctl', 'start', 'gitlab-runner')
    done(**{'is': 'failed', 'code': failure.code, 'detail': str(failure)})
except OSError as error:
    if state['was_active'] and stopped():
        sh('systemctl', 'start', 'gitlab-runner')
    full = error.errno == errno.ENOSPC
    done(**{'is': 'failed', 'code': 'disk-full' if full else 'command-failed', 'detail': free_words(error) if full else str(error)})
done(**{'is': 'done'})
`;

/** Waits for the first boot, then brings programs, unit, drop-in, files and what the executor needs to what is wanted. Does only what isn't so yet. */
export const installWith = ({looks, acts}: Pick<ManagerPart, 'looks' | 'acts'>): OpenScript<Install, InstallOutcome> => ({
	name: 'install',
	changes: true,
	secrets: 'none',
	result: outcome,
	text: text(looks + acts),
});
