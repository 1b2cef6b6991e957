#!/bin/sh
# A send() on a connected UDP socket that fails with ECONNREFUSED reports an earlier
# datagram, and does not send its own.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12) on Linux 6.18. No more
# than the package python3 is needed.
#
# The usual guess: ECONNREFUSED of send() is about what was sent before, as the
# answer to a new datagram cannot be there yet, so the new one is on its way.
# Seen: the pending error is taken and the call ends. The server is up again, and
# the message is lost on the way to the network. A client that sends one message a
# minute while the server restarts loses two, and asyncio's DatagramTransport.sendto()
# calls error_received() and forgets the data. The next send() succeeds.
/usr/bin/python3 - <<'PYTHON'
import asyncio
import platform
import socket
import sys


def bound(port=0):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", port))
    server.settimeout(10)
    return server


def port_without_server():
    with bound() as server:
        return server.getsockname()[1]


def with_socket():
    port = port_without_server()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.send(b"first, to nobody")
        with bound(port) as server:
            try:
                client.send(b"second")
                print("socket: the second send() succeeds")
            except ConnectionRefusedError as error:
                print(f"socket: the second send(): {error}")
            client.send(b"third")
            return server.recv(99)


class Protocol(asyncio.DatagramProtocol):
    def error_received(self, error):
        print(f"asyncio: error_received(): {error}")


async def with_asyncio():
    loop = asyncio.get_running_loop()
    port = port_without_server()
    transport, _ = await loop.create_datagram_endpoint(
        Protocol, remote_addr=("127.0.0.1", port)
    )
    transport.sendto(b"first, to nobody")
    with bound(port) as server:
        transport.sendto(b"second")
        transport.sendto(b"third")
        transport.close()
        return server.recv(99)


print(f"Linux {platform.release()}, Python {platform.python_version()}")
seen = [with_socket(), asyncio.run(with_asyncio())]
print("received first, by socket and asyncio:", seen)
sys.exit(seen != [b"third", b"third"])
PYTHON
