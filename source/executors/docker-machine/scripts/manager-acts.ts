import {paths} from '../../../world/host/scripts/paths.ts';

/** What docker-machine changes on a manager: its certificates are made, machines that a drained service leaves behind are taken away. */
export const acts = `
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
