"""Passes connections on from one network namespace into another.

relay.py NAMESPACE_OF_CALLERS NAMESPACE_OF_TARGETS ADDRESS:PORT... — what calls one of the addresses in the first namespace reaches the same address in the second.
Ends of streams and resets are passed on as they come. A target that does not answer ends the caller's connection by a reset.
"""

import asyncio
import ctypes
import fcntl
import os
import socket
import struct
import sys

CLONE_NEWNET = 0x40000000
IFF_UP = 1
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    """os.setns, which Python has since 3.12 only."""
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def bring_up_loopback():
    """A new network namespace has its own loopback interface, which is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack_from("16sh", fcntl.ioctl(any_socket, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0)))[1]
        if not flags & IFF_UP:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


class End(asyncio.Protocol):
    """One end of a passed-on connection; `other` is the end in the other namespace, once there is one."""

    def __init__(self, other=None):
        self.transport = None
        self.other = other
        self.heard_all = False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.other:
            self.other.other = self

    def data_received(self, data):
        self.other.transport.write(data)

    def pause_writing(self):
        self.other.transport.pause_reading()

    def resume_writing(self):
        self.other.transport.resume_reading()

    def eof_received(self):
        """Answers whether this end stays open for what the other one still says."""
        self.heard_all = True
        if self.other.heard_all:
            self.other.transport.close()
            return False
        self.other.transport.write_eof()
        return True

    def connection_lost(self, error):
        if self.other and (error or not self.heard_all):
            self.other.reset()

    def reset(self):
        if not self.transport.is_closing():
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.transport.abort()


class Caller(End):
    """The end that called: nothing is read from it until its target answers."""

    def __init__(self, address):
        super().__init__()
        self.address = address
        self.reaching = None

    def connection_made(self, transport):
        super().connection_made(transport)
        # Python 3.11.2, Debian 12's, begins to read right after this call, whatever is said in it.
        asyncio.get_running_loop().call_soon(transport.pause_reading)
        self.reaching = asyncio.create_task(self.reach())

    async def reach(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: End(self), *self.address)
        except OSError:
            self.reset()
        else:
            self.transport.resume_reading()


def bound(address):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


async def serve(listeners):
    loop = asyncio.get_running_loop()
    for address, listener in listeners:
        await loop.create_server(lambda address=address: Caller(address), sock=listener, backlog=128)
    print("passing on", flush=True)
    await asyncio.Event().wait()


def main(callers, targets, *places):
    callers, targets = os.open(callers, os.O_RDONLY), os.open(targets, os.O_RDONLY)
    addresses = [(host, int(port)) for host, port in (place.split(":") for place in places)]
    for namespace in (callers, targets):
        enter(namespace)
        bring_up_loopback()
    enter(callers)
    listeners = [(address, bound(address)) for address in addresses]
    enter(targets)
    asyncio.run(serve(listeners))


main(*sys.argv[1:])
