import * as z from 'zod';
import type {ManagerPart} from '../../../world/host/scripts/manager-part.ts';
import {awsConfigPath, pluginsFolder, workerKeyPath} from '../manager-paths.ts';

const software = {
	/** Versions of the plugin `aws` that are installed, the oldest first. */
	fleetingPlugins: z.array(z.string()).default([]),
	/** Text of the AWS config file that the plugin reads. */
	awsConfig: z.string().optional(),
	/** Public half of the key by which the runner gets on to workers: `ssh-ed25519 AAAA…`, without a comment. */
	workerKey: z.string().optional(),
};

const panel = {
	/** The newest version of the plugin `aws` that is installed. */
	fleetingPlugin: z.string().optional(),
	workerKey: z.boolean().default(false),
	/** A child process of gitlab-runner is the plugin: it begins with the first job request of its runner, and not with the service. */
	pluginRuns: z.boolean().default(false),
};

/** Its settings hold no secret: the runner gets on to workers by a key that is a file. */
const secretOptions = '(?!)';

const looks = `
def docker_autoscaler(plugins, key):
    def versions():
        names = os.listdir(plugins) if os.path.isdir(plugins) else []
        found = [name for name in names if re.match(r'\\d+(\\.\\d+)*$', name) and os.access(os.path.join(plugins, name, 'plugin'), os.X_OK)]
        return sorted(found, key=lambda name: [int(part) for part in name.split('.')])
    def public_half():
        # Of the private half itself: a file beside it may be of another key.
        code, out, err = sh('ssh-keygen', '-y', '-P', '', '-f', key, limit=10)
        words = out.split()
        return ' '.join(words[:2]) if code == 0 and len(words) >= 2 else None
    def software():
        return dict(fleetingPlugins=versions(), awsConfig=read('${awsConfigPath}'), workerKey=public_half() if os.path.isfile(key) else None)
    def facts():
        return {}
    def children():
        # Processes as (command line's first word, the parent's name).
        names, told = {}, []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open('/proc/%s/stat' % pid) as file:
                    name, rest = re.match(r'\\d+ \\((.*)\\) \\S (\\d+)', file.read(), re.S).groups()
                with open('/proc/%s/cmdline' % pid) as file:
                    told.append((file.read().split('\\0')[0], rest))
                names[pid] = name
            except (OSError, AttributeError):
                continue
        return [(program, names.get(parent)) for program, parent in told]
    def is_plugin(program):
        return os.path.dirname(os.path.dirname(program)) == plugins or os.path.basename(program) == 'fleeting-plugin-aws'
    def panel():
        installed = versions()
        running = any(is_plugin(program) and parent == 'gitlab-runner' for program, parent in children())
        return dict(workerKey=os.path.isfile(key), pluginRuns=running, **({'fleetingPlugin': installed[-1]} if installed else {}))
    return dict(keeps=plugins, software=software, facts=facts, panel=panel, versions=versions)
executors['docker-autoscaler'] = docker_autoscaler('${pluginsFolder}', '${workerKeyPath}')
`;

/**
 * `given['wants']` holds the plugin's version and the region. Keys of the AWS config file that others wrote stay. The temporary file for
 * `fleeting install` names the plugin alone, so that it's there before config.toml is.
 */
const acts = `
import configparser, tempfile
def docker_autoscaler_acts(versions):
    def aws_config(region):
        ini = configparser.RawConfigParser()
        ini.optionxform = str
        try:
            ini.read_string(read('${awsConfigPath}') or '')
        except configparser.Error as error:
            return '${awsConfigPath} can\\'t be read: ' + str(error)
        if not ini.has_section('default'):
            ini.add_section('default')
        if ini.get('default', 'region', fallback=None) != region:
            ini.set('default', 'region', region)
            told = ''.join('[%s]\\n%s\\n' % (one, ''.join('%s = %s\\n' % pair for pair in ini.items(one))) for one in ini.sections())
            put('${awsConfigPath}', told, 0o644)
        return None
    def install(version):
        if version in versions():
            return None
        say(says='fleeting plugin aws:%s installing' % version)
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, 'config.toml')
            put(file, '[[runners]]\\n  executor = "docker-autoscaler"\\n  [runners.autoscaler]\\n    plugin = "aws:%s"\\n' % version, 0o600)
            code, out, err = sh('gitlab-runner', 'fleeting', '-c', file, 'install', limit=300)
        if code != 0 or version not in versions():
            return 'gitlab-runner fleeting install of aws:%s ended with %d: %s' % (version, code, uncoloured(err or out).strip()[-400:])
        return None
    def prepare(stop):
        wants = given.get('wants') or {}
        return aws_config(wants['region']) or install(wants['plugin'])
    # Workers are the group's: whoever removes the fleet deletes it with them, and a runner that starts anew takes up what is there.
    return dict(prepare=prepare, take_away=lambda: 0)
executors['docker-autoscaler'].update(docker_autoscaler_acts(executors['docker-autoscaler']['versions']))
`;

/** docker-autoscaler on a manager: the plugin `aws`, its AWS config file, and the key by which the runner gets on to workers. */
export const dockerAutoscalerPart = {looks, acts, software, facts: {}, panel, exact: ['awsConfig'], secretOptions} satisfies ManagerPart;
