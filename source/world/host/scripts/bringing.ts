/**
 * Python for bringing programs and files to a manager: waiting for its first boot, downloads with their checksums, commands that must not fail. Comes after the
 * prelude; `given` has `bootSeconds` where it waits. What can't be done is a `Failed` with a code.
 */
export const bringing = `
import errno, http.client, tempfile, urllib.request
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
    # Lines of sha256sum: hash, space, an asterisk or another space, path (facts 3.1); or the hash alone, where the file is one program's.
    name = download['url'].rsplit('/', 1)[-1]
    says = fetch(download['checksums'], lambda reply: reply.read(1 << 20).decode(errors='replace'))
    if re.fullmatch('[0-9a-fA-F]{64}', says.strip()):
        return says.strip().lower()
    for line in says.splitlines():
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
    try:
        expected = known or wanted_sum(one)
    except Failed as failure:
        if failure.code != 'download-failed' or 'otherwise' not in one:
            raise
        expected = known = one['otherwise']
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
            raise Failed('checksum-wrong', '%s has SHA-256 %s, and %s %s' % (one['url'], seen, 'this release knows' if known else one['checksums'].rsplit('/', 1)[-1] + ' says', expected))
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

def free_words(error):
    # Each folder may be a file system of its own.
    folder = os.path.dirname(str(error.filename or '/'))
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    seen = os.statvfs(folder)
    return '%s; %d MiB are free in %s' % (error, seen.f_bavail * seen.f_frsize // 2 ** 20, folder)
`;
