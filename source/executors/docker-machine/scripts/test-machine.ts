import * as z from 'zod';
import {type OpenScript, prelude, type Script} from '../../../world/host/script.ts';
import {outlivingText} from '../../../world/host/scripts/outliving.ts';

export type TestMachine = {
	/** `runner-test-<fleet>-<unix>-<hex>`: the pattern by which leftovers are found. */
	name: string;
	/** The runner's MachineOptions, as `flag=value`. */
	options: string[];
	/** Seconds until everything is given up and taken away. */
	limitSeconds: number;
	/** The container that proves Docker on the worker. */
	image: string;
};

const outcome = z.discriminatedUnion('is', [
	/** `engine` is Docker's version on it, where it told; `at` is when, by the manager's clock, in milliseconds since 1970. */
	z.object({is: z.literal('proven'), seconds: z.number(), engine: z.string().optional(), at: z.number()}),
	/** `stage` is the last one that began; `detail` docker-machine's own last error lines. `removed` says whether the machine is gone. */
	z.object({is: z.literal('failed'), stage: z.string(), detail: z.string(), removed: z.boolean()}),
]);
export type TestMachineOutcome = z.infer<typeof outcome>;

/**
 * The stages of a test machine in their order, as `{"stage"}` names them, with the line of docker-machine that begins each
 * (docs/facts.md, "docker-machine: stages").
 */
export const machineStages: readonly {name: string; begins: string}[] = [
	{name: 'check', begins: 'Running pre-create checks...'},
	{name: 'create', begins: 'Creating machine...'},
	{name: 'launch', begins: 'Launching instance...'},
	{name: 'running', begins: 'Waiting for machine to be running'},
	{name: 'ssh', begins: 'Waiting for SSH to be available...'},
	{name: 'system', begins: 'Detecting the provisioner...'},
	{name: 'provision', begins: 'Provisioning with '},
	{name: 'docker install', begins: 'Installing Docker...'},
	{name: 'certificates', begins: 'Copying certs to the local machine directory...'},
	{name: 'docker set up', begins: 'Setting Docker configuration on the remote daemon...'},
	{name: 'docker answer', begins: 'Checking connection to Docker...'},
	{name: 'container', begins: ''},
	{name: 'removal', begins: ''},
];

const text = `${prelude}${outlivingText}
import shlex
stages = json.loads(${JSON.stringify(JSON.stringify(machineStages.filter(({begins}) => begins !== '')))})
folder = '/root/.docker/machine/machines/'
last = dict(stage='check')
errors = []

def stage(name):
    last['stage'] = name
    tell(stage=name)

def follow(stream, is_error):
    for line in stream:
        line = uncoloured(line).rstrip()
        if not line:
            continue
        if is_error:
            errors.append(line)
        bare = line[len(given['name']) + 3:] if line.startswith('(%s) ' % given['name']) else line
        for one in stages:
            if bare.startswith(one['begins']):
                stage(one['name'])
        tell(line=line)

def instance(name):
    try:
        return (json.loads(read(folder + name + '/config.json') or '{}').get('Driver') or {}).get('InstanceId') or ''
    except ValueError:
        return ''

def run(argv, ends):
    # Own process group: a signal to this script reaches nothing that docker-machine does.
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, errors='replace', start_new_session=True)
    readers = [threading.Thread(target=follow, args=(stream, is_error), daemon=True) for stream, is_error in ((child.stdout, False), (child.stderr, True))]
    for reader in readers:
        reader.start()
    while child.poll() is None:
        # Ended while it launches, docker-machine would forget the instance it has just paid for: wait until the id is written down.
        over = time.monotonic() > ends + (120 if last['stage'] == 'launch' and not instance(given['name']) else 0)
        gone = lost.is_set() and (last['stage'] != 'launch' or instance(given['name']))
        if over or gone:
            errors.append('Given up after %d s.' % given['limitSeconds'] if over else 'Given up, since the connection was lost.')
            os.killpg(child.pid, signal.SIGKILL)
        time.sleep(0.1)
    for reader in readers:
        reader.join(5)
    return child.returncode

def remove(name):
    for turn in (1, 2, 3):
        if not os.path.isdir(folder + name):
            return True
        code, out, err = sh('docker-machine', 'rm', '-y', name, limit=180)
        tell(line=((out + err).strip().splitlines() or ['rm ended with %d' % code])[-1])
        if code == 0 and not os.path.isdir(folder + name):
            return True
        if not instance(name):
            # It never launched: only the local entry is left.
            sh('docker-machine', 'rm', '-f', name, limit=60)
    return not os.path.isdir(folder + name)

def engine_of(name):
    told = re.match(r'\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}[\\w.+~-]{0,40}', sh('docker-machine', 'ssh', name, 'sudo', 'docker', 'version', '--format', '{{.Server.Version}}', limit=60)[1])
    return dict(engine=told.group(0)) if told else {}

def leftovers():
    prefix = re.sub(r'\\d+-[0-9a-f]+$', '', given['name'])
    names = [name for name in os.listdir(folder) if re.fullmatch(re.escape(prefix) + r'\\d+-[0-9a-f]+', name)] if os.path.isdir(folder) else []
    for name in sorted(names):
        tell(says='%s of an earlier run going' % name)
        remove(name)

held = lock('-test')
leftovers()
begun = time.monotonic()
ends = begun + given['limitSeconds']
options = ['--' + option for option in given['options']]
removed, failed_at, proven = True, None, {}
try:
    if run(['docker-machine', '--bugsnag-api-token=no-report', 'create', '--driver', 'amazonec2', *options, given['name']], ends) != 0:
        failed_at = last['stage']
    if failed_at is None:
        stage('container')
        # docker-machine joins what it is to run there with spaces, for the worker's shell to read.
        if run(['docker-machine', 'ssh', given['name'], 'sudo docker run --rm %s true' % shlex.quote(given['image'])], ends) != 0:
            failed_at = 'container'
    if failed_at is None:
        proven.update(engine_of(given['name']), at=int(time.time() * 1000))
finally:
    if failed_at is None:
        stage('removal')
    else:
        tell(stage='removal')
    removed = remove(given['name'])
if failed_at is None and not removed:
    failed_at = 'removal'
ended = {'is': 'proven', 'seconds': round(time.monotonic() - begun, 1), **proven} if failed_at is None else {'is': 'failed', 'stage': failed_at, 'detail': '\\n'.join(errors[-12:])[-3000:], 'removed': removed}
tell(result=ended)
`;

/** Makes one real worker, runs a container on it, takes it away; cleans up by itself on the manager, whatever happens to this laptop. */
export const testMachineScript: Script<TestMachine, TestMachineOutcome> = {
	name: 'test-machine',
	changes: true,
	result: outcome,
	// Lines of docker-machine, of which a problem takes what it tells.
	exact: ['detail'],
	text,
};

/** The same for options that hold no secret. */
export const openTestMachineScript: OpenScript<TestMachine, TestMachineOutcome> = {...testMachineScript, secrets: 'none'};
