"""The machine's process 1: reaps what nobody waits for; its end, at SIGTERM, is the machine's."""

import os
import signal

awaited = {signal.SIGCHLD, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
open("/run/booted", "w").close()
while signal.sigwait(awaited) != signal.SIGTERM:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
