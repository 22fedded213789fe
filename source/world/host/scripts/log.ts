/** Python: the last lines that a unit has written, without colours, the oldest first; `since` in seconds since 1970. Comes after the prelude. */
export const logText = `
def last_lines(name, count, since=None):
    span = [] if since is None else ['--since', '@%d' % since]
    shown = sh('journalctl', '--unit', name, '--lines', str(count), '--output', 'cat', '--all', '--no-pager', '--quiet', *span, limit=10)[1]
    return [line[:4096] for line in uncoloured(shown).splitlines() if line.strip()]
`;
