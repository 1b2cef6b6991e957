#!/bin/sh
# Of two tasks that await loop.sock_accept() on one socket, asyncio resumes the last
# alone; if that one is cancelled, the other is not resumed either.
#
# Seen with CPython 3.11.2 (python3 3.11.2-1+b1, Debian 12). No more than the package
# python3 is needed.
#
# The usual guess: two workers share a listener, as two threads or processes do, and
# each connection goes to one of them; or the second call raises an exception, as
# trio's does and as a second read() of a StreamReader does.
# Seen: a descriptor has one reader, which each call of sock_accept(), sock_recv() and
# sock_recv_into() replaces without a word. Cancelling the last call, by a time-out
# for instance, removes the reader, and the task that waits longer waits forever,
# with connections in the queue. So let one task accept, or hold an asyncio.Lock.
/usr/bin/python3 - <<'PYTHON'
import asyncio
import platform
import socket
import sys


async def until(condition):
    """Wait up to a minute for what takes one iteration."""
    for _ in range(6000):
        if condition():
            return True
        await asyncio.sleep(0.01)
    return False


async def main():
    loop = asyncio.get_running_loop()
    accepted = [0, 0]

    async def worker(number):
        while True:
            (await loop.sock_accept(listener))[0].close()
            accepted[number] += 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = listener.getsockname()
        workers = [asyncio.create_task(worker(number)) for number in range(2)]
        await asyncio.sleep(0)
        for count in range(1, 11):
            with socket.create_connection(address):
                await until(lambda: sum(accepted) == count)
        print("10 connections, accepted by the two workers:", accepted)
        workers[1].cancel()
        await asyncio.wait(workers[1:])
        with socket.create_connection(address):
            await asyncio.sleep(1)
            alone = sum(accepted) - 10
        print(f"1 more after the second was cancelled: {alone} accepted")
        waiting = not workers[0].done()
        workers[0].cancel()
        await asyncio.wait(workers)
        return accepted == [0, 10] and alone == 0 and waiting


print(f"Python {platform.python_version()}")
sys.exit(not asyncio.run(main()))
PYTHON
