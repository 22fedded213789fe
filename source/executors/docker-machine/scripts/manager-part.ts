import * as z from 'zod';
import type {ManagerPart} from '../../../world/host/scripts/manager-part.ts';
import {paths} from '../../../world/host/scripts/paths.ts';
import {secretOptions} from './secret-options.ts';

/** What docker-machine changes on a manager: its certificates are made, machines that a drained service leaves behind are taken away. */
const acts = `
from concurrent.futures import ThreadPoolExecutor
def docker_machine_acts(store, has_certificates):
    def prepare(stop):
        # Certificates are made on first use without a lock, so made here once while no runner can use docker-machine (docs/facts.md, "docker-machine: its store and certificates").
        if has_certificates():
            return None
        # A runner of another executor makes no machines, and goes on.
        if re.search(r'^\\s*executor\\s*=\\s*["\\']docker\\+machine["\\']', read('${paths.config}') or '', re.M):
            stop()
        say(says="docker-machine's certificates being made")
        sh('docker-machine', 'rm', '-y', 'certificates')
        code, out, err = sh('docker-machine', 'create', '--driver', 'none', '--url', 'localhost', 'certificates', limit=120)
        if code != 0:
            return 'docker-machine create --driver ended with %d: %s' % (code, (err or out).strip()[-400:])
        sh('docker-machine', 'rm', '-y', 'certificates')
        return None if has_certificates() else 'docker-machine made no certificates in ' + os.path.join(store, 'certs', '')
    def never_launched(name):
        # An entry of a create that failed is kept. One without an instance has nothing in EC2 that could stay behind, whatever EC2 refuses.
        try:
            with open(os.path.join(store, 'machines', name, 'config.json')) as file:
                return not json.load(file)['Driver'].get('InstanceId')
        except (OSError, ValueError, KeyError):
            return False
    def remove(name):
        code, out, err = sh('docker-machine', 'rm', '-y', name, limit=180)
        if code != 0 and never_launched(name):
            code = sh('docker-machine', 'rm', '-f', name, limit=180)[0]
        # None once it is gone, else docker-machine's words.
        why = None if code == 0 else (err or out).strip()[-200:]
        say(line='%s removed' % name if why is None else '%s not removed: %s' % (name, why))
        return why
    def take_away():
        folder = os.path.join(store, 'machines')
        ours = re.compile(r'runner-[a-z0-9-]{1,9}-%s-\\d{9,11}-[0-9a-f]{8}' % re.escape(given.get('fleet') or ''))
        also = given.get('names') or []
        names = [name for name in sorted(os.listdir(folder)) if ours.fullmatch(name) or name in also] if os.path.isdir(folder) else []
        if not names:
            return 0
        say(says='%d machines going' % len(names) if len(names) > 1 else '1 machine going')
        with ThreadPoolExecutor(4) as pool:
            return sum(why is None for why in pool.map(remove, names))
    return dict(prepare=prepare, take_away=take_away, remove=remove)
executors['docker+machine'].update(docker_machine_acts(executors['docker+machine']['keeps'], executors['docker+machine']['has_certificates']))
`;

/** Where `amazonec2-userdata` points: the option takes a path on the manager. */
export const userDataPath = '/etc/gitlab-runner/gitlab-runner-aws-user-data';

const software = {
	dockerMachine: z.string().optional(),
	/** docker-machine's certificates and their keys are there, for root. */
	certificates: z.boolean(),
	/** The file that workers' user data comes from. */
	userData: z.string().optional(),
};

const facts = {
	/** Machines in docker-machine's own store. */
	machines: z.array(z.object({name: z.string(), instanceId: z.string()})),
	/**
	 * Docker's version on the newest worker that has it, and when docker-machine began to make that one (its name tells), in milliseconds since 1970;
	 * absent where there is no worker or it doesn't answer.
	 */
	engine: z.object({version: z.string(), madeAt: z.number()}).optional(),
};

const panel = {
	hasStore: z.boolean(),
	certificates: z.boolean(),
	/** Fields picked from each machine's config.json; access keys stay there. */
	machines: z.array(z.unknown()),
	unreadMachines: z.array(z.string()),
};

const looks = `
import glob
def docker_machine(store):
    def stored():
        # Machines in the store: name, config.json and the driver in it, both None where it can't be read.
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
    def has_certificates():
        return all(os.path.isfile(os.path.join(store, 'certs', name)) for name in ('ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'))
    def software():
        return dict(dockerMachine=version_of('docker-machine', r'version v?([^, ]+)'), certificates=has_certificates(), userData=read('${userDataPath}'))
    def engine():
        found = []
        for path in glob.glob(os.path.join(glob.escape(store), 'machines', '*', 'server.pem')):
            name = os.path.basename(os.path.dirname(path))
            made = re.search(r'-(\\d{9,11})-[0-9a-f]{8}$', name)
            if made:
                found.append((int(made.group(1)), name))
        if not found:
            return None
        at, name = max(found)
        # docker-machine's own question about the version speaks an API that Docker no longer answers.
        told = re.match(r'\\d{1,9}\\.\\d{1,9}\\.\\d{1,9}[\\w.+~-]{0,40}', sh('docker-machine', 'ssh', name, 'sudo', 'docker', 'version', '--format', '{{.Server.Version}}', limit=10)[1])
        return dict(version=told.group(0), madeAt=at * 1000) if told else None
    def facts():
        return dict(machines=[dict(name=name, instanceId=(driver or {}).get('InstanceId') or '') for name, whole, driver in stored()], engine=engine())
    picked = [('instanceId', 'InstanceId', str), ('ip', 'IPAddress', str), ('privateIp', 'PrivateIPAddress', str), ('type', 'InstanceType', str), ('region', 'Region', str),
        ('zone', 'Zone', str), ('spot', 'RequestSpotInstance', bool), ('diskGib', 'RootSize', int), ('privateOnly', 'PrivateIPOnly', bool)]
    def panel():
        found, unread = [], []
        for name, whole, driver in stored():
            if whole is None:
                unread.append(name)
                continue
            machine = {'name': whole.get('Name') or name}
            for key, field, kind in picked:
                if isinstance(driver.get(field), kind):
                    machine[key] = driver[field]
            found.append(machine)
        return dict(hasStore=os.path.isdir(store), certificates=has_certificates(), machines=found, unreadMachines=unread)
    return dict(keeps=store, software=software, facts=facts, panel=panel, has_certificates=has_certificates, stored=stored)
executors['docker+machine'] = docker_machine(given.get('storePath') or '/root/.docker/machine')
`;

/** docker-machine on a manager: its program, its certificates, and the machines in its store. */
export const dockerMachinePart = {looks, acts, software, facts, panel, exact: ['userData'], secretOptions} satisfies ManagerPart;
