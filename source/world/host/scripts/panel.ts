import * as z from 'zod';
import {prelude, type Script} from '../script.ts';
import {secretWords} from '../secret-words.ts';
import {unitShape, unitText} from '../unit.ts';
import type {ManagerPart, Properties} from './manager-part.ts';
import {mirrorPanelShape, mirrorPanelText} from './mirror-seen.ts';
import {readingText, verifyShape} from './reading.ts';

/** What the panel asks the manager for in one round; parts that aren't asked for aren't looked at. */
export type Panel = {
	/** What the executors know, config.toml, service, resources, and what the runner's HTTP server tells. */
	host: boolean;
	/** The journal: from a cursor on, or from a time (milliseconds since 1970) up to another. */
	journal?: {
		after?: string | undefined;
		since?: number | undefined;
		until?: number | undefined;
		/** Only messages that hold one of these texts; all of them when absent. */
		only?: readonly string[] | undefined;
		/** Entries to give at most; `more` then says that the next round goes on. */
		most: number;
		/** Last messages to give whatever they hold, for the log's view. */
		tail: number;
		/** Seconds that reading may take. */
		seconds: number;
	};
	/** Whether GitLab takes the runners' tokens, asked through the runner: it takes 15 s where GitLab is silent. */
	verify?: boolean | undefined;
	/** Where things are, when not where GitLab Runner and its executors put them. */
	unit?: string | undefined;
	configPath?: string | undefined;
	storePath?: string | undefined;
};

const entry = z.tuple([z.number(), z.string()]);

/** What every manager tells of itself, whatever its executor. */
const common = {
	/** config.toml without its secrets; of a runner's token its partition and nine characters are left. `hash` is the SHA-256 of the file as it is. */
	config: z.object({text: z.string(), hash: z.string()}).optional(),
	service: unitShape,
	resources: z
		.object({diskFree: z.number(), diskTotal: z.number(), memoryFree: z.number(), memoryTotal: z.number(), load1: z.number(), cpus: z.int()})
		.optional(),
	/** The processor's time since the host booted, in ticks. */
	ticks: z.object({total: z.number(), idle: z.number(), stolen: z.number()}).optional(),
	/** Texts of `/metrics` and `/debug/jobs/list`. */
	metrics: z.string().optional(),
	jobs: z.string().optional(),
	/** Why one of the two is missing. */
	silent: z.string().optional(),
	/** Absent where the manager has no mirror. */
	mirror: mirrorPanelShape.optional(),
};
export type CommonHost = z.infer<z.ZodObject<typeof common>>;

const journal = z.object({
	/** Time (milliseconds since 1970) and message without colours, oldest first. */
	entries: z.array(entry),
	tail: z.array(entry),
	/** Time of the oldest entry that was read. */
	first: z.number().optional(),
	cursor: z.string().optional(),
	more: z.boolean(),
	/** The cursor isn't in the journal any more. */
	lost: z.boolean(),
	unread: z.int(),
	/** Why nothing could be read. */
	failed: z.string().optional(),
});
/** What a round told of the journal, where it was asked for. */
export type JournalPart = z.infer<typeof journal>;

/** Written for Python 3.6 on, since any manager can be looked at. Reads and changes nothing. */
const text = ({looks, secretOptions}: Pick<ManagerPart, 'looks' | 'secretOptions'>): string => `${prelude}${unitText}${readingText}${mirrorPanelText}${looks}
import collections, threading
config_path = given.get('configPath') or '/etc/gitlab-runner/config.toml'
unit = given.get('unit') or 'gitlab-runner'

quoted = r'("""(?:.|\\n)*?"""|\\'\\'\\'(?:.|\\n)*?\\'\\'\\'|"(?:[^"\\\\\\n]|\\\\.)*"|\\'[^\\'\\n]*\\')'
secret_keys, variables, secret_options = (re.compile(words, re.I) for words in (r'${secretWords.keys}', r'${secretWords.variables}', r'${secretOptions}'))
def hide(found):
    begin, key, value = found.group(1), found.group(2), found.group(3).strip('"\\'')
    if not secret_keys.search(key):
        return found.group(0)
    if key == 'token':
        value = re.sub('^(?:glrt-|glrtr-|GR1348941)', '', value)
        partition = re.match(r'(?:t\\d_)?', value).end()
        return begin + '"' + value[:partition + 9] + '\\u2026"'
    return begin + '"hidden"'
def hide_option(found):
    option = re.match(r'(["\\'])([a-z0-9-]+)=', found.group(0))
    return option.group(0) + 'hidden' + option.group(1) if option and secret_options.search(option.group(2)) else found.group(0)
def hide_values(found):
    if not variables.search(found.group(1)):
        return found.group(0)
    return re.sub(quoted, lambda one: re.sub(r'=(?:.|\\n)*(["\\'])$', r'=hidden\\1', one.group(0)), found.group(0))
def without_secrets(text):
    text = re.sub(r'((?:^|[\\s{,])["\\']?([\\w-]+)["\\']?\\s*=\\s*)' + quoted, hide, text)
    text = re.sub(quoted, hide_option, text)
    text = re.sub(r'//[^/@\\s"\\']+@', '//hidden@', text)
    return re.sub(r'(?m)^\\s*["\\']?([\\w-]+)["\\']?\\s*=\\s*\\[(?:[^\\]"\\']|"(?:[^"\\\\]|\\\\.)*"|\\'[^\\']*\\')*\\]', hide_values, text)

def config():
    whole = read(config_path)
    return None if whole is None else {'text': without_secrets(whole), 'hash': digest(whole)}, whole

def listening(whole):
    found = re.search(r'^\\s*listen_address\\s*=\\s*["\\']([^"\\']*)["\\']', (whole or '').split('\\n[')[0], re.M)
    if not found or not found.group(1):
        return None
    host, colon, port = found.group(1).rpartition(':')
    if not colon or not port.isdigit():
        host, port = found.group(1), '9252'
    return ('127.0.0.1' if host in ('', '0.0.0.0', '[::]', '[::0]') else host) + ':' + port

def runner(address):
    if address is None:
        return {'silent': 'config.toml has no listen_address'}
    told = {}
    for key, path in (('metrics', '/metrics'), ('jobs', '/debug/jobs/list')):
        try:
            told[key] = page(address, path, 4)
        except Exception as error:
            # One that doesn't answer isn't waited for twice: everything else that is seen here waits for it.
            told['silent'] = '%s on %s: %s' % (path, address, error)
            break
    return told

def resources():
    try:
        kept = [one['keeps'] for one in executors.values() if os.path.isdir(one['keeps'])]
        disk = os.statvfs((kept + ['/'])[0])
        memory = dict(re.findall(r'^(\\w+):\\s+(\\d+) kB', read('/proc/meminfo') or '', re.M))
        return {'diskFree': disk.f_bavail * disk.f_frsize, 'diskTotal': disk.f_blocks * disk.f_frsize, 'memoryFree': int(memory['MemAvailable']) * 1024,
            'memoryTotal': int(memory['MemTotal']) * 1024, 'load1': os.getloadavg()[0], 'cpus': os.cpu_count() or 1}
    except (OSError, KeyError):
        return None

def ticks():
    first = (read('/proc/stat') or '').splitlines()[:1]
    numbers = [int(word) for word in first[0].split()[1:9]] if first and first[0].startswith('cpu ') else []
    return {'total': sum(numbers), 'idle': numbers[3] + numbers[4], 'stolen': numbers[7]} if len(numbers) == 8 else None

def journal(asked):
    told = {'entries': [], 'more': False, 'lost': False, 'unread': 0}
    tail = collections.deque(maxlen=max(1, asked['tail']))
    span = ['--after-cursor', asked['after']] if asked.get('after') else ['--since', '@%d' % (asked.get('since', 0) // 1000)]
    if asked.get('until'):
        span += ['--until', '@%d' % (asked['until'] // 1000)]
    said, scanned, timed = '', 0, []
    for fields in (['--output-fields=MESSAGE'], []):
        try:
            process = subprocess.Popen(['journalctl', '-u', unit, '-o', 'json', '--all', '--no-pager', '-q'] + fields + span, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            told['failed'] = 'journalctl: %s' % error.strerror
            break
        timer = threading.Timer(asked['seconds'], lambda: (timed.append(True), process.kill()))
        timer.start()
        full = False
        for line in process.stdout:
            scanned += 1
            try:
                fields_read = json.loads(line.decode('utf-8', 'replace'))
                at = int(fields_read['__REALTIME_TIMESTAMP']) // 1000
                told.setdefault('first', at)
                told['cursor'] = fields_read.get('__CURSOR')
                message = fields_read['MESSAGE']
                if isinstance(message, list):
                    message = bytes(message).decode('utf-8', 'replace')
                message = uncoloured(message)[:8192]
            except (ValueError, KeyError, TypeError):
                told['unread'] += 1
                continue
            tail.append([at, message])
            only = asked.get('only')
            if only is None or any(word in message for word in only):
                told['entries'].append([at, message])
                if len(told['entries']) >= asked['most']:
                    full = True
                    process.kill()
                    break
        timer.cancel()
        said = process.stderr.read(2000).decode('utf-8', 'replace').strip()
        code = process.wait()
        told['more'] = full or bool(timed)
        if code == 0 or told['more'] or scanned:
            break
    else:
        told['lost'] = bool(asked.get('after'))
        told['failed'] = said.splitlines()[-1] if said else 'journalctl ended with code %d' % code
    told['tail'] = list(tail) if asked['tail'] else []
    return {key: value for key, value in told.items() if value is not None}

now = time.time() * 1000
answer = {'now': now}
if given.get('host'):
    cleaned, whole = config()
    host = {'service': unit_state(unit, now)}
    for one in executors.values():
        host.update(one['panel']())
    for key, value in (('config', cleaned), ('resources', resources()), ('ticks', ticks()), ('mirror', mirror_panel(now))):
        if value is not None:
            host[key] = value
    host.update(runner(listening(whole)))
    answer['host'] = host
if given.get('verify'):
    answer['verify'] = verified(15)
if given.get('journal'):
    answer['journal'] = journal(given['journal'])
done(**answer)
`;

/** Everything that the live panel shows of the manager, in one round over a held connection; with what executors add. */
export function panelWith<Host extends Properties>(part: ManagerPart<Properties, Properties, Host>) {
	const outcome = z.object({
		/** Milliseconds since 1970, by the host's clock. */
		now: z.number(),
		host: z.object({...common, ...part.panel}).optional(),
		verify: verifyShape.optional(),
		journal: journal.optional(),
	});
	const script: Script<Panel, z.infer<typeof outcome>> = {
		name: 'panel',
		changes: false,
		result: outcome,
		// Texts of several lines, which their readers take apart.
		exact: ['text', 'metrics', 'jobs'],
		text: text(part),
	};
	return script;
}
