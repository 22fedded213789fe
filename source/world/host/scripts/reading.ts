import * as z from 'zod';

/** What `gitlab-runner verify` said: its lines without colours, and its exit code. */
export const verifyShape = z.object({lines: z.array(z.string()), code: z.int()});

/**
 * Python for reading what any manager tells, whoever made it: versions of programs, the runner's own HTTP server, `gitlab-runner verify`. For Python 3.6
 * on; it changes nothing. Comes after the prelude.
 */
export const readingText = `
import http.client, shutil
def page(address, path, limit):
    # Never through a proxy: it is this machine that is asked.
    asked = http.client.HTTPConnection(address, timeout=limit)
    try:
        asked.request('GET', path)
        answer = asked.getresponse()
        if answer.status != 200:
            raise OSError('it answers %d' % answer.status)
        return answer.read().decode('utf-8', 'replace')
    finally:
        asked.close()
def version_of(program, pattern):
    if shutil.which(program) is None:
        return None
    told = re.search(pattern, sh(program, '--version', limit=10)[1])
    return told.group(1) if told else None
def verified(limit):
    code, out, err = sh('gitlab-runner', 'verify', limit=limit)
    return {'code': code, 'lines': [line.strip() for line in uncoloured(out + err).splitlines() if line.strip()]}
`;

/** Python: the last lines that a unit has written, without colours, the oldest first; `since` in seconds since 1970. Comes after the prelude. */
export const logText = `
def last_lines(name, count, since=None):
    span = [] if since is None else ['--since', '@%d' % since]
    shown = sh('journalctl', '--unit', name, '--lines', str(count), '--output', 'cat', '--all', '--no-pager', '--quiet', *span, limit=10)[1]
    return [line[:4096] for line in uncoloured(shown).splitlines() if line.strip()]
`;
