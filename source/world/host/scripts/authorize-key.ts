import * as z from 'zod';
import {type OpenScript, prelude} from '../script.ts';

const outcome = z.object({added: z.boolean()});

const text = `${prelude}
import pwd
held = lock()
account = pwd.getpwnam(given['user'])
folder = os.path.join(account.pw_dir, '.ssh')
path = os.path.join(folder, 'authorized_keys')
os.makedirs(folder, mode=0o700, exist_ok=True)
os.chown(folder, account.pw_uid, account.pw_gid)
standing = read(path) or ''
wanted = given['publicKey'].split()[:2]
if any(wanted == line.split()[:2] for line in standing.splitlines()):
    done(added=False)
if standing and not standing.endswith('\\n'):
    standing += '\\n'
put(path, standing + given['publicKey'].strip() + '\\n', 0o600)
os.chown(path, account.pw_uid, account.pw_gid)
done(added=True)
`;

/** Lets one more public key in, for the login user, once. */
export const authorizeKeyScript: OpenScript<{user: string; publicKey: string}, z.infer<typeof outcome>> = {
	name: 'authorize-key',
	changes: true,
	secrets: 'none',
	result: outcome,
	text,
};
