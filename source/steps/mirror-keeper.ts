import {mirror} from '../world/host/scripts/mirror-paths.ts';

/** Once so much of the mirror's room is taken, what was used longest ago goes until no more than that is. The registry itself knows no bound but age. */
const room = {most: 0.8, until: 0.6};
/** Docker Hub is asked so often, in seconds, how many pulls are left; that counts as none. */
const askedEach = 300;

/**
 * What runs on the manager each minute, as the mirror's user. A layer that is gone is fetched anew by the registry when it's asked for: only the data of a
 * blob is deleted, and whoever reads one meanwhile reads it to its end. For Python 3.6 on.
 */
export const keeperProgram = `#!/usr/bin/python3
# Written by gitlab-runner-aws: makes room in the mirror of Docker Hub, and asks how many pulls are left there.
import base64, glob, json, os, shutil, time, urllib.error, urllib.request
store, told_path = '${mirror.store}', '${mirror.told}'
def taken():
    seen = os.statvfs(store)
    return 1 - seen.f_bavail / seen.f_blocks
def blobs():
    found = []
    for path in glob.glob(store + '/data/docker/registry/v2/blobs/sha256/*/*/data'):
        try:
            found.append((os.stat(path).st_atime, os.path.dirname(path)))
        except OSError:
            continue
    return sorted(found)
def make_room():
    if taken() < ${room.most}:
        return 0
    gone = 0
    for at, folder in blobs():
        if taken() < ${room.until}:
            break
        shutil.rmtree(folder, ignore_errors=True)
        gone += 1
    print('%d layers went, those that were used longest ago: %d %% of the room is taken' % (gone, round(100 * taken())), flush=True)
    return gone
def plain(value):
    # The login is written as the registry's own YAML wants it.
    return value[1:-1].replace("''", "'") if value[:1] == "'" == value[-1:] else value
def ask(url, headers, method):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method), timeout=20) as reply:
        return reply.read(1 << 20), reply.headers
def pulls():
    user, password = (plain(os.environ.get('REGISTRY_PROXY_' + name, '')) for name in ('USERNAME', 'PASSWORD'))
    login = {'Authorization': 'Basic ' + base64.b64encode((user + ':' + password).encode()).decode()} if user else {}
    try:
        token = json.loads(ask('https://auth.docker.io/token?service=registry.docker.io&scope=repository:ratelimitpreview/test:pull', login, 'GET')[0].decode())['token']
        headers = ask('https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest', {'Authorization': 'Bearer ' + token}, 'HEAD')[1]
    except urllib.error.HTTPError as error:
        return {'refused': error.code}
    except (OSError, ValueError, KeyError) as error:
        return {'silent': str(error)[:200]}
    told = {key: headers.get('ratelimit-' + key, '').split(';')[0] for key in ('limit', 'remaining')}
    return {'unlimited': True} if not told['remaining'].isdigit() else {key: int(value) for key, value in told.items() if value.isdigit()}
try:
    with open(told_path) as file:
        told = json.load(file)
except (OSError, ValueError):
    told = {}
now = time.time()
told['gone'] = told.get('gone', 0) + make_room()
if now - told.get('asked', 0) >= ${askedEach}:
    told.update(asked=now, pulls=pulls())
with open(told_path + '.new', 'w') as file:
    json.dump(told, file)
os.chmod(told_path + '.new', 0o644)
os.rename(told_path + '.new', told_path)
`;
