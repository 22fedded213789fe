import type {ZodSafeParseResult, ZodType} from 'zod';
import {printableIn} from '../printable.ts';

/**
 * Something the manager is asked to do: a Python 3 program that reads JSON from stdin and prints one JSON object a line,
 * progress first, `{"result": …}` last. A script that changes the host holds the lock `/run/gitlab-runner-aws.lock` while it does; one that tries a worker,
 * which takes minutes, holds one of its own, so that programs come meanwhile.
 * Python, since cloud-init brings it to every image that is offered here. Secrets travel in the input only, never in argv.
 */
export type Script<Input, Result> = {
	/** The name by which the simulated host knows it. */
	readonly name: string;
	/** The program's text; it may hold no secret, since it is the same for everybody. */
	readonly text: string;
	readonly result: ZodType<Result>;
	/** Keys of the result whose texts stay byte for byte, since they are compared, parsed or written back; all others are only looked at, and become printable. */
	readonly exact?: readonly string[];
	/** Never read: ties the input's type to the script. */
	readonly input?: (input: Input) => void;
	/** Whether it changes the host. */
	readonly changes: boolean;
};

/** What a script gave, as its own schema reads it: both sides of the port go through it. */
export const resultOf = <Input, Result>({exact, result}: Script<Input, Result>, given: unknown): ZodSafeParseResult<Result> =>
	result.safeParse(printableIn(given, exact));

/**
 * A script that carries no secret, neither in its input nor in its result nor in what it tells: it may run before the host's key is verified, when whoever
 * answers may not be the manager.
 */
export type OpenScript<Input, Result> = Script<Input, Result> & {readonly secrets: 'none'};

/** What a script says that finds the lock taken, and for how long: by another step of the same run, or by another run, which may drain the manager for an hour. */
const waits = (age: string): string => `manager busy with another change for ${age}: waiting; ctrl-c stops only this run`;

/** The same where no script runs, of a lock that is held for so many seconds. */
export const waitsFor = (seconds: number): string => waits(seconds < 120 ? `${Math.max(1, Math.floor(seconds))} s` : `${Math.floor(seconds / 60)} m`);

/** Python that every script begins with: input, `say`, the lock, and `sh` to run a program with a limit in seconds. */
export const prelude = `
import fcntl, hashlib, json, os, re, signal, subprocess, sys, threading, time
given = json.loads(sys.stdin.buffer.read().decode())
os.environ.update(HOME='/root', USER='root', PATH='/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND='noninteractive', LC_ALL='C.UTF-8')
speaking = threading.Lock()
def say(**what):
    with speaking:
        print(json.dumps(what), flush=True)
def done(**result):
    say(result=result)
    sys.exit(0)
def lock(what=''):
    # Only root writes in /run, as opposed to /run/lock; a link that stands in its place isn't followed.
    held = os.open('/run/gitlab-runner-aws%s.lock' % what, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        age = max(1, time.time() - os.fstat(held).st_mtime)
        say(says='${waits('%s')}' % ('%d s' % age if age < 120 else '%d m' % (age // 60)))
        fcntl.flock(held, fcntl.LOCK_EX)
    # By its time whoever finds it taken tells since when it is.
    os.utime(held)
    return held
def sh(*argv, limit=60, stdin=''):
    try:
        ended = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, universal_newlines=True, errors='replace')
        return ended.returncode, ended.stdout, ended.stderr
    except subprocess.TimeoutExpired:
        return 124, '', 'no answer within %d s' % limit
    except FileNotFoundError:
        return 127, '', argv[0] + ' not found'
def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None
def put(path, text, mode):
    import tempfile
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, name = tempfile.mkstemp(dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, 'w') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.rename(name, path)
    except BaseException as error:
        os.unlink(name)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = path
        raise
def uncoloured(text):
    return re.sub(r'\\x1b\\[[0-9;]*[A-Za-z]', '', text)
def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
`;
