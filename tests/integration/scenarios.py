"""Acts a side of scenarios.txt with asyncio, and prints its log:
scenarios.py server FILE, or scenarios.py client FILE PORT."""

import asyncio
import socket
import struct
import sys
import zlib

LIMIT = 1000


def encode(text):
    return text.replace("\\n", "\n").replace("\\r", "\r").encode()


def decode(data):
    return data.decode().replace("\n", "\\n").replace("\r", "\\r")


def summary(data):
    return f"{len(data)} bytes, {zlib.adler32(data):08x}"


def pattern(size):
    letters = bytes(range(ord("a"), ord("a") + 23))
    return (letters * (size // 23 + 1))[:size]


class Side:
    """The actions of one side, by their names; each returns a text for the log."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def write(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def send(self, text):
        await self.write(encode(text))

    async def pattern(self, size):
        await self.write(pattern(int(size)))

    async def line(self, _):
        return decode(await self.reader.readline())

    async def until(self, text):
        return decode(await self.reader.readuntil(encode(text)))

    async def exactly(self, size):
        return summary(await self.reader.readexactly(int(size)))

    async def some(self, size):
        return summary(await self.reader.read(int(size)))

    async def rest(self, _):
        return summary(await self.reader.read())

    async def at_eof(self, _):
        return "yes" if self.reader.at_eof() else "no"

    async def cancel(self, _):
        task = asyncio.create_task(self.reader.readline())
        await asyncio.sleep(0)
        task.cancel()
        await task

    async def twice(self, _):
        task = asyncio.create_task(self.reader.readline())
        await asyncio.sleep(0)
        try:
            await self.reader.readexactly(1)
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def eof(self, _):
        self.writer.write_eof()

    async def is_closing(self, _):
        return "yes" if self.writer.is_closing() else "no"

    async def peer(self, _):
        return self.writer.get_extra_info("peername")[0]

    async def reset(self, _):
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self, _):
        self.writer.close()
        await self.writer.wait_closed()


def name_of(error):
    if isinstance(error, asyncio.IncompleteReadError):
        return (f"IncompleteReadError: {len(error.partial)} of "
                f"{error.expected or 'undefined'}")
    if isinstance(error, asyncio.LimitOverrunError):
        return f"LimitOverrunError: {error.consumed}"
    return type(error).__name__


async def act(steps, side):
    """Performs the steps of a scenario, and returns the log."""
    log = []
    for verb, argument in steps:
        try:
            result = await getattr(side, verb)(argument)
        except (Exception, asyncio.CancelledError) as error:
            result = name_of(error)
        log.append(" ".join(filter(None, [verb, argument, result])))
    return log


def read_scenarios(path, role):
    """Returns the steps of one side: name, and pairs of verb and argument."""
    scenarios = []
    with open(path) as file:
        for line in file:
            first, _, rest = line.rstrip("\n").partition(" ")
            if first == "scenario":
                scenarios.append((rest, []))
            elif first == role:
                verb, _, argument = rest.partition(" ")
                scenarios[-1][1].append((verb, argument))
    return scenarios


async def serve(scenarios):
    """Serves a client per scenario, and returns the logs."""
    logs = []

    async def serve_client(reader, writer):
        log = loop.create_future()
        logs.append(log)
        _, steps = scenarios[len(logs) - 1]
        log.set_result(await act(steps, Side(reader, writer)))
        if len(logs) == len(scenarios):
            all_here.set()

    loop = asyncio.get_running_loop()
    all_here = asyncio.Event()
    server = await asyncio.start_server(
        serve_client, "127.0.0.1", 0, limit=LIMIT)
    host, port = server.sockets[0].getsockname()
    print(f"listening on {host}:{port}", flush=True)
    await all_here.wait()
    return [await log for log in logs]


async def connect(scenarios, port):
    """Opens a connection per scenario, and returns the logs."""
    return [await act(steps, Side(*await asyncio.open_connection(
        "127.0.0.1", port, limit=LIMIT))) for _, steps in scenarios]


role, path, *port = sys.argv[1:]
scenarios = read_scenarios(path, role)
logs = asyncio.run(
    serve(scenarios) if role == "server" else connect(scenarios, int(port[0])))
for (name, _), log in zip(scenarios, logs):
    print(f"scenario {name}", *log, sep="\n")
