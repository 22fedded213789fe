import {z} from 'zod';

/** What `gitlab-runner verify` said: its lines without colours, and its exit code. */
export const verifyShape = z.object({lines: z.array(z.string()), code: z.int()});

/**
 * Python for reading what any manager tells, whoever made it: docker-machine's store, the runner's own HTTP server, `gitlab-runner verify`. For Python 3.6
 * on; it changes nothing. Comes after the prelude.
 */
export const readingText = `
import glob, http.client
def stored(store):
    # Machines in docker-machine's store: name, config.json and the driver in it, both None where it can't be read.
    for path in sorted(glob.glob(os.path.join(glob.escape(store), 'machines', '*', 'config.json'))):
        name = os.path.basename(os.path.dirname(path))
        try:
            with open(path) as file:
                whole = json.load(file)
            driver = whole.get('Driver') or {}
            if not isinstance(driver, dict):
                raise ValueError
        except (OSError, ValueError, AttributeError):
            whole = driver = None
        yield name, whole, driver
def has_certificates(store):
    return all(os.path.isfile(os.path.join(store, 'certs', name)) for name in ('ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'))
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
def verified(limit):
    code, out, err = sh('gitlab-runner', 'verify', limit=limit)
    return {'code': code, 'lines': [line.strip() for line in uncoloured(out + err).splitlines() if line.strip()]}
`;
