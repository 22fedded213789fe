import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {unitText} from '../unit.ts';
import {bringing} from './bringing.ts';
import type {Download} from './install.ts';
import {mirror} from './mirror-paths.ts';
import {logText} from './reading.ts';

/** A file of the mirror's; its mode, such as 0o644. */
export type MirrorFile = {path: string; mode: number; text: string};

export type InstallMirror = {
	/** Seconds that cloud-init may take. */
	bootSeconds: number;
	/** An archive whose member `registry` is the program. */
	download: Download;
	files: readonly MirrorFile[];
	/** MiB of its own file system, the least of it, and what has to stay free on the manager's disk: there may be less than is wanted. */
	diskMib: number;
	leastMib: number;
	leaveMib: number;
	/** Host and port where it has to answer. */
	address: string;
};

const outcome = z.discriminatedUnion('is', [
	z.object({is: z.literal('done'), diskGib: z.number()}),
	/** `boot-failed`, `boot-slow`, `download-failed`, `checksum-wrong`, `disk-full`, `mirror-silent`, `command-failed` */
	z.object({is: z.literal('failed'), code: z.string(), detail: z.string()}),
]);
export type InstallMirrorOutcome = z.infer<typeof outcome>;

/** What is so already stays: only what has changed is begun anew, and its disk is made anew only where another size is wanted. */
const text = `${prelude}${unitText}${logText}${bringing}
import http.client, shutil, tarfile
def user():
    if sh('id', '${mirror.user}')[0] != 0:
        run('useradd', '--system', '--user-group', '--no-create-home', '--home-dir', '${mirror.store}', '--shell', shutil.which('nologin') or '/bin/false', '${mirror.user}')

def program():
    one = given['download']
    if os.access(one['path'], os.X_OK) and (read('${mirror.version}') or '').strip() == one['version']:
        return
    name = download(one)
    stop_all()
    half = one['path'] + '.new'
    try:
        with tarfile.open(name) as archive, open(half, 'wb') as file:
            shutil.copyfileobj(archive.extractfile('registry'), file)
        os.chmod(half, 0o755)
        os.rename(half, one['path'])
    except (tarfile.TarError, KeyError) as error:
        raise Failed('command-failed', '%s holds no program: %s' % (one['url'], error))
    finally:
        for path in (name, half):
            if os.path.exists(path):
                os.unlink(path)
    if shutil.which('restorecon'):
        sh('restorecon', one['path'])
    put('${mirror.version}', one['version'] + '\\n', 0o644)

def stop_all():
    sh('systemctl', 'stop', '${mirror.keeper}.timer', '${mirror.keeper}.service', '${mirror.service}', '${mirror.mount}', limit=120)

def disk(anew):
    # Of its whole size from the beginning: what it takes later can't be missing then.
    path = '${mirror.disk}'
    standing = os.path.getsize(path) if os.path.exists(path) else 0
    if standing and not anew:
        return
    stop_all()
    if standing:
        os.unlink(path)
    seen = os.statvfs(os.path.dirname(path))
    free = seen.f_bavail * seen.f_frsize // 2 ** 20
    mib = min(given['diskMib'], free - given['leaveMib'])
    # Whole GiB, as people count them, where there are any.
    mib -= mib % 1024 if mib > 1024 else 0
    if mib < given['leastMib']:
        raise Failed('disk-full', '%d MiB are free in %s, and the mirror needs %d beside the %d that stay free' % (free, os.path.dirname(path), given['leastMib'], given['leaveMib']))
    say(says='%.3g GiB being set aside' % (mib / 1024))
    half = path + '.new'
    try:
        with open(half, 'wb') as file:
            os.truncate(file.fileno(), mib * 2 ** 20)
        os.chmod(half, 0o600)
        if shutil.which('mkfs.ext4'):
            run('mkfs.ext4', '-q', '-F', '-m', '0', '-E', 'nodiscard,lazy_itable_init=0,lazy_journal_init=0', half)
        else:
            run('mkfs.xfs', '-q', '-f', '-K', half)
        # Last, since what makes a file system gives back to the disk what is empty.
        with open(half, 'r+b') as file:
            os.posix_fallocate(file.fileno(), 0, mib * 2 ** 20)
        os.rename(half, path)
    finally:
        if os.path.exists(half):
            os.unlink(half)

def answers():
    asked = http.client.HTTPConnection(given['address'], timeout=5)
    try:
        asked.request('GET', '/v2/')
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()

def begin():
    os.makedirs('${mirror.store}', exist_ok=True)
    run('systemctl', 'enable', '--now', '${mirror.mount}')
    for folder in ('${mirror.store}', '${mirror.store}/data'):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o700)
        shutil.chown(folder, '${mirror.user}', '${mirror.user}')
    run('systemctl', 'enable', '--now', '${mirror.service}', '${mirror.keeper}.timer')
    say(says='waiting until it answers')
    for turn in range(150):
        if answers():
            return
        # One that has ended by itself ends again.
        if unit_state('${mirror.service}', 0).get('sub') in ('auto-restart', 'failed'):
            break
        time.sleep(0.2)
    raise Failed('mirror-silent', ' '.join(last_lines('${mirror.service}', 5))[-600:] or 'it says nothing')

def install():
    boot()
    held = lock()
    user()
    os.makedirs('${mirror.folder}', mode=0o755, exist_ok=True)
    program()
    mount = '${mirror.units}/${mirror.mount}'
    disk([read(mount)] != [one['text'] for one in given['files'] if one['path'] == mount])
    if any(read(one['path']) != one['text'] for one in given['files']):
        # One that works by an earlier file stops first: whoever looks after this broke off sees that it doesn't run.
        stop_all()
        for one in given['files']:
            changed(one['path'], one['text'], one['mode'])
    run('systemctl', 'daemon-reload')
    begin()
    return os.path.getsize('${mirror.disk}') / 2 ** 30

try:
    gib = install()
except Failed as failure:
    done(**{'is': 'failed', 'code': failure.code, 'detail': str(failure)})
except OSError as error:
    full = error.errno == errno.ENOSPC
    done(**{'is': 'failed', 'code': 'disk-full' if full else 'command-failed', 'detail': free_words(error) if full else str(error)})
done(**{'is': 'done', 'diskGib': round(gib, 3)})
`;

/** Brings the mirror of Docker Hub to what is wanted, and waits until it answers. It carries no secret. */
export const installMirrorScript: Script<InstallMirror, InstallMirrorOutcome> = {name: 'install-mirror', changes: true, result: outcome, text};
