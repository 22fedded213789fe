import * as z from 'zod';

/** The runner's unit, as systemd's own properties tell of it. */
export const unitShape = z.object({
	/** ActiveState; empty where systemd can't be asked. */
	active: z.string(),
	/** SubState: `auto-restart` while systemd waits until it starts the unit again. */
	sub: z.string().optional(),
	/** Result of its last run: `success`, `exit-code`, `signal`, `core-dump`, `oom-kill`, `timeout`. */
	result: z.string().optional(),
	/** ExecMainStatus: the exit code, or the signal's number. */
	status: z.int().optional(),
	/** When it came into this state, in milliseconds since 1970. */
	since: z.number().optional(),
	/** NRestarts: how often systemd has started it again since somebody last started it. */
	restarts: z.int().optional(),
});
export type Unit = z.infer<typeof unitShape>;

/** How a unit is for those who need it. `crashed`: its process ended by itself; `stopped`: somebody ended it. */
export type UnitIs = 'running' | 'starting' | 'stopping' | 'crashed' | 'stopped' | 'unknown';

/** How a unit is. systemd calls one that has crashed `activating` for as long as it waits to start it again: with GitLab Runner's own unit two minutes. */
export function unitIs({active, sub}: Pick<Unit, 'active' | 'sub'>): UnitIs {
	if (active === 'active' || active === 'reloading') return 'running';
	if (active === 'activating') return sub === 'auto-restart' ? 'crashed' : 'starting';
	if (active === 'deactivating') return 'stopping';
	if (active === 'failed') return 'crashed';
	return active === 'inactive' ? 'stopped' : 'unknown';
}

/** How its process ended, in a few words: `exit code 1`, `killed by signal 9`; undefined where systemd doesn't say. */
export function endOf({result, status}: Pick<Unit, 'result' | 'status'>): string | undefined {
	if (result === 'oom-kill') return 'killed by the kernel for want of memory';
	if (result === 'signal' || result === 'core-dump') return `killed by signal ${status ?? 'that is not known'}`;
	if (result === 'exit-code') return `exit code ${status ?? 'not known'}`;
	return result === 'success' ? 'exit code 0' : result;
}

/** Python: asks systemd for a unit's properties; `now` in milliseconds since 1970 turns its own clock into ours. */
export const unitText = `
def unit_state(name, now):
    code, shown, _ = sh('systemctl', 'show', name, '--property', 'ActiveState,SubState,Result,ExecMainStatus,NRestarts,StateChangeTimestampMonotonic', limit=10)
    values = dict(line.split('=', 1) for line in shown.splitlines() if '=' in line)
    told = {'active': values.get('ActiveState', '') if code == 0 else ''}
    for key, name in (('sub', 'SubState'), ('result', 'Result')):
        if values.get(name):
            told[key] = values[name]
    for key, name in (('status', 'ExecMainStatus'), ('restarts', 'NRestarts')):
        if values.get(name, '').isdigit():
            told[key] = int(values[name])
    changed = values.get('StateChangeTimestampMonotonic', '')
    if changed.isdigit() and int(changed) > 0:
        told['since'] = now - (time.clock_gettime(time.CLOCK_MONOTONIC) * 1000 - int(changed) / 1000)
    return told
`;
