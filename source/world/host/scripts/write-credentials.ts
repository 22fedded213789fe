import * as z from 'zod';
import {prelude, type Script} from '../script.ts';

const outcome = z.discriminatedUnion('is', [z.object({is: z.literal('written')}), z.object({is: z.literal('failed'), detail: z.string()})]);

const text = `${prelude}
import configparser, io
path = '/root/.aws/credentials'
def write():
    os.makedirs('/root/.aws', mode=0o700, exist_ok=True)
    standing, ours = (configparser.RawConfigParser(default_section='\\0') for _ in range(2))
    standing.read_string(read(path) or '')
    ours.read_string(given['section'])
    if not [name for name in standing.sections() if name != 'default']:
        put(path, given['section'], 0o600)
        return
    standing['default'] = dict(ours['default'])
    written = io.StringIO()
    standing.write(written)
    put(path, written.getvalue(), 0o600)
held = lock()
try:
    write()
except configparser.Error:
    # The parser's own words hold lines of the file.
    done(**{'is': 'failed', 'detail': 'the file that stands there is none of AWS credentials'})
except OSError as error:
    done(**{'is': 'failed', 'detail': str(error)})
done(**{'is': 'written'})
`;

/** Writes the [default] section of root's AWS credentials file (0600), with its secret; other sections stay. */
export const writeCredentialsScript: Script<{section: string}, z.infer<typeof outcome>> = {name: 'write-credentials', changes: true, result: outcome, text};
