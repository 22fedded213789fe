"""Starts commands for a test's process, which is large: the kernel takes long to copy its pages for each process that it starts, and hardly anything for one of this.

Reads one command a line from standard input, {"id": 1, "argv": [...], "env": {...}, "input": "...", "limit": seconds}, and writes one line when it has ended,
{"id": 1, "code": 0, "stdout": "...", "stderr": "..."}, or {"id": 1, "error": "..."} where it could not be started. Ends with its standard input.
"""

import json
import os
import subprocess
import sys
import threading

writing = threading.Lock()


def started(argv, env, input, limit):
    try:
        process = subprocess.Popen(argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return {"error": str(error)}
    ending = threading.Timer(limit, process.kill)
    ending.start()
    stdout, stderr = process.communicate(input.encode())
    ending.cancel()
    return {"code": max(process.returncode, -1), "stdout": stdout.decode(errors="replace"), "stderr": stderr.decode(errors="replace")}


def answer(id, **asked):
    line = json.dumps({"id": id, **started(**asked)})
    with writing:
        print(line, flush=True)


for line in sys.stdin:
    threading.Thread(target=answer, kwargs=json.loads(line)).start()
os._exit(0)
