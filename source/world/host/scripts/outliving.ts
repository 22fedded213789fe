/**
 * Python for a script that cleans up by itself, whatever happens to the laptop that asked for it: `tell` says and doesn't mind that nobody reads, and
 * `lost` is set once nobody does, or a signal wants an end. Comes after the prelude.
 */
export const outlivingText = `
import select
lost = threading.Event()
def tell(**what):
    # A laptop that goes away must not end this before what it made is gone.
    try:
        say(**what)
    except OSError:
        lost.set()
for name in ('SIGHUP', 'SIGTERM', 'SIGINT'):
    signal.signal(getattr(signal, name), lambda *_: lost.set())
def watch_reader():
    poll = select.poll()
    poll.register(1, 0)
    while not lost.is_set():
        if any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(1000)):
            lost.set()
threading.Thread(target=watch_reader, daemon=True).start()
`;
