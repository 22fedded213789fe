import * as z from 'zod';
import {type OpenScript, prelude} from '../script.ts';
import {bringing} from './bringing.ts';
import {draining} from './draining.ts';
import type {ManagerPart} from './manager-part.ts';
import {paths} from './paths.ts';
import {readingText} from './reading.ts';

/** A program to install: `sha256` is the hash that it has to have, where this release knows it; else `checksums` is the URL of its release.sha256, matched by the file's base name. */
export type Download = {
	name: string;
	version: string;
	url: string;
	checksums: string;
	path: string;
	sha256?: string | undefined;
	/** The hash that counts where the site has no checksums. */
	otherwise?: string | undefined;
};

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

const text = (executors: string): string => `${prelude}${readingText}${executors}${draining}${bringing}
from concurrent.futures import ThreadPoolExecutor
def version(path):
    if not os.access(path, os.X_OK):
        return None
    out = sh(path, '--version', limit=10)[1]
    told = re.search(r'(?:Version: *|version )v?([^, \\n]+)', out)
    return told.group(1) if told else None

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
