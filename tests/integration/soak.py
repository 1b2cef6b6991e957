"""A soak of http_server and chat_server: soak.py SECONDS HTTP_SERVER CHAT_SERVER.

Each round sends the same clients, most of which behave badly, and each checks what
it is owed. After a round all clients are gone: then the memory, descriptors and
processor time of the server are sampled. At the end the samples must be flat.

A server that has no clients must not run at all: that is measured while the round
of the other server lasts.
"""

import asyncio
import os
import random
import resource
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

DESCRIPTORS = 100  # The limit of each server, once it has started.
# The limit before. A server serves three quarters as many clients at a time, which
# are more than there are descriptors later.
DESCRIPTORS_AT_START = 200
MORE_THAN_FIT = 150  # The clients that ask for more: the rest fits the backlog.
WARM_UP = 3  # Rounds.
# Without these, glibc keeps a freed MiB now and then: its thresholds adapt.
RETURN_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "65536",
                 "MALLOC_TRIM_THRESHOLD_": "65536"}
LINE_LIMIT = 1 << 20


class Server:
    """A server program, and what the kernel knows of it."""

    def __init__(self, path):
        self.name = os.path.basename(path)
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [path, "0"], stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env=os.environ | RETURN_MEMORY,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (DESCRIPTORS_AT_START,) * 2))
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE,
                         (DESCRIPTORS, DESCRIPTORS))
        self.descriptors_at_rest = self.descriptors()
        self.exhausted = 0
        self.samples = []

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}") as file:
            return file.read()

    def status(self, key):
        return int(self.proc("status").split(key + ":")[1].split()[0])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu(self):
        """Returns the processor time in milliseconds."""
        return int(self.proc("schedstat").split()[0]) / 1e6

    def waits(self):
        """Returns how often the server has blocked: once an iteration at rest."""
        return self.status("voluntary_ctxt_switches")

    async def at_rest(self):
        """Waits until the server has closed the connections of a round."""
        deadline = time.monotonic() + 60
        while self.descriptors() != self.descriptors_at_rest:
            assert time.monotonic() < deadline, (
                f"{self.name}: {self.descriptors()} descriptors, and "
                f"{self.descriptors_at_rest} at rest")
            await asyncio.sleep(0.005)

    def check_reports(self):
        """Allows reports of resets, and one report each time that accept() fails."""
        self.errors.seek(0)
        reports = self.errors.read().splitlines()
        failures = [line for line in reports if "accept() failed" in line]
        other = [line for line in reports if line not in failures
                 and "Connection reset by peer" not in line]
        assert not other, f"{self.name} reports {other[:5]}"
        assert len(failures) <= self.exhausted, failures


class Client:
    """A connection that reads without blocking the others."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, server):
        return cls(*await asyncio.open_connection(
            "127.0.0.1", server.port, limit=LINE_LIMIT))

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def send_one_by_one(self, data):
        for i in range(len(data)):
            await self.send(data[i:i + 1])
            await asyncio.sleep(0)

    async def line(self):
        line = await self.reader.readline()
        assert line.endswith(b"\n"), f"the server has closed after {line!r}"
        return line.decode().rstrip()

    async def expect(self, data):
        found = await self.reader.readexactly(len(data))
        assert found == data, f"{found[:200]!r} instead of {data[:200]!r}"

    async def expect_end(self):
        rest = await self.reader.read()
        assert rest == b"", f"{rest[:200]!r} instead of the end"

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()

    def reset(self):
        self.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def open_with_little_room(server):
    """Returns a socket that receives little before it is read from."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", server.port))
    sock.setblocking(False)
    return sock


async def exhaust(server, request, answer):
    """Takes all descriptors of a server, which then serves those that waited."""
    server.exhausted += 1
    clients = [await Client.open(server) for _ in range(MORE_THAN_FIT)]
    room = DESCRIPTORS - server.descriptors()
    answered = asyncio.Semaphore(0)

    async def ask(client):
        await client.send(request)
        await client.expect(answer)
        answered.release()

    tasks = [asyncio.create_task(ask(client)) for client in clients]
    while server.descriptors() < DESCRIPTORS:
        await answered.acquire()
    before = server.cpu()
    first = [i for i, task in enumerate(tasks) if task.done()]
    for i in first:
        await clients[i].close()
    for i, task in enumerate(tasks):
        await task
        if i not in first:
            await clients[i].close()
    used = server.cpu() - before
    assert used < 200, f"{server.name}: {used} ms without a descriptor"


# ---- http_server ----

def http(body):
    return (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
            b"%d\r\n\r\n" % len(body)) + body


def post(body):
    return b"POST /echo HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(
        body) + body


async def keep_alive(server):
    client = await Client.open(server)
    for _ in range(20):
        body = random.randbytes(random.randrange(1, 20_000))
        await client.send(post(body))
        await client.expect(http(body))
    await client.close()


async def pipeline_and_half_close(server):
    client = await Client.open(server)
    bodies = [random.randbytes(random.randrange(1, 2_000)) for _ in range(50)]
    await client.send(b"".join(map(post, bodies)))
    client.writer.write_eof()
    for body in bodies:
        await client.expect(http(body))
    await client.expect_end()
    await client.close()


async def one_byte_at_a_time(server):
    client = await Client.open(server)
    await client.send_one_by_one(post(b"slow"))
    for byte in http(b"slow"):
        await client.expect(bytes([byte]))
    await client.send_one_by_one(post(b"never")[:-3])
    await client.close()


async def read_slowly(server):
    loop = asyncio.get_running_loop()
    size = 1_000_000
    with open_with_little_room(server) as sock:
        await loop.sock_sendall(
            sock, b"GET /bytes/%d HTTP/1.0\r\n\r\n" % size)
        received = b""
        while data := await loop.sock_recv(sock, 4096):
            received += data
    assert received.partition(b"\r\n\r\n")[2] == b"x" * size


async def reset_while_it_sends(server):
    client = await Client.open(server)
    await client.send(b"GET /bytes/100000000 HTTP/1.1\r\n\r\n")
    await client.reader.readexactly(100_000)
    client.reset()


async def reset_while_it_reads(server):
    client = await Client.open(server)
    await client.send(post(b"x" * 1000)[:-1])
    client.reset()


async def half_close_a_half_request(server):
    client = await Client.open(server)
    await client.send(post(b"x" * 1000)[:-1])
    client.writer.write_eof()
    await client.expect_end()
    await client.close()


async def send_nonsense(server):
    for request, status in [(b"hello\r\n\r\n", b"400"),
                            (b"GET / HTTP/1.1\r\n" + b"x" * 100_000, b"431")]:
        client = await Client.open(server)
        client.writer.write(request)
        try:
            await client.expect(b"HTTP/1.1 " + status)
        except ConnectionResetError:
            pass  # The server has not read all of the request.
        client.writer.transport.abort()


async def http_round(server):
    silent = [open_with_little_room(server) for _ in range(5)]
    for sock in silent:
        sock.sendall(b"GET /bytes/1000000000 HTTP/1.1\r\n\r\n")
    await asyncio.gather(*(behave(server) for behave in [
        keep_alive, pipeline_and_half_close, one_byte_at_a_time, read_slowly,
        reset_while_it_sends, reset_while_it_reads, half_close_a_half_request,
        send_nonsense] for _ in range(5)))
    for sock in silent:
        sock.close()
    await server.at_rest()
    await exhaust(server, b"GET / HTTP/1.1\r\n\r\n", http(b"Hello!\n"))


# ---- chat_server ----

GREETING = b"What is your name?\n"
TALKERS = 5


async def join(server, name):
    client = await Client.open(server)
    await client.expect(GREETING)
    await client.send(name.encode() + b"\n")
    while await client.line() != f"{name} is here":
        pass
    return client


async def talk(server, name, ready, count):
    """Sends lines, and must get all lines of all talkers, in order."""
    client = await join(server, name)
    await ready.wait()
    for i in range(count):
        await client.send(f"{i}\n".encode())
    seen = {}
    while len(seen) < TALKERS or min(seen.values()) < count:
        speaker, _, text = (await client.line()).partition(": ")
        if speaker.startswith("talker") and text:
            assert int(text) == seen.get(speaker, 0), f"{speaker}: {text}"
            seen[speaker] = seen.get(speaker, 0) + 1
    await client.close()


async def type_slowly_and_reset(server, name):
    client = await Client.open(server)
    await client.send_one_by_one(f"{name}\nhello\n".encode())
    while await client.line() != f"{name}: hello":
        pass
    client.reset()


async def half_close_a_half_line(server, name):
    client = await join(server, name)
    await client.send(b"last words")
    client.writer.write_eof()
    lines = (await client.reader.read()).decode().split("\n")
    assert f"{name}: last words" in lines, lines
    await client.close()


async def leave_without_a_name(server):
    client = await Client.open(server)
    client.reset()


async def listen_slowly(server, name):
    loop = asyncio.get_running_loop()
    with open_with_little_room(server) as sock:
        await loop.sock_sendall(sock, name.encode() + b"\nbye\n")
        heard = b""
        while f"{name}: bye\n".encode() not in heard:
            heard += await loop.sock_recv(sock, 10)


async def flood_the_deaf(server, name):
    """Sends until the client that reads nothing is disconnected."""
    loud = await join(server, "loud")
    with open_with_little_room(server) as deaf:
        deaf.sendall(name.encode() + b"\n")
        while await loud.line() != f"{name} is here":
            pass
        line = "x" * 50_000
        has_left = False
        for _ in range(1000):
            await loud.send(line.encode() + b"\n")
            while (heard := await loud.line()) != "loud: " + line:
                has_left = has_left or heard == f"{name} has left"
            if has_left:
                break
        assert has_left
    await loud.close()


class Witness:
    """A client that stays, and hears of each that comes and leaves."""

    async def start(self, server):
        self.client = await join(server, "witness")
        self.present = set()
        self.count = 0
        self.empty = asyncio.Event()
        self.task = asyncio.create_task(self.listen())

    async def listen(self):
        while True:
            line = await self.client.line()
            name, _, what = line.partition(" ")
            if what == "is here":
                self.present.add(name)
                self.count += 1
            elif what == "has left":
                self.present.remove(name)
            if not self.present:
                self.empty.set()
            else:
                self.empty.clear()

    async def all_have_left(self, count):
        """Waits until `count` clients have come since the start, and left."""
        while self.present or self.count < count:
            self.empty.clear()
            await self.empty.wait()
        assert self.count == count


async def chat_round(server, witness):
    ready = asyncio.Barrier(TALKERS)
    before = witness.count
    await asyncio.gather(
        *(talk(server, f"talker{i}", ready, 40) for i in range(TALKERS)),
        *(type_slowly_and_reset(server, f"typist{i}") for i in range(5)),
        *(half_close_a_half_line(server, f"half{i}") for i in range(5)),
        *(listen_slowly(server, f"slow{i}") for i in range(5)),
        *(leave_without_a_name(server) for i in range(5)))
    await flood_the_deaf(server, "deaf")
    await witness.all_have_left(before + TALKERS + 15 + 2)
    await server.at_rest()
    await exhaust(server, b"", GREETING)


# ---- The soak ----

async def run_round(server, idle, clients):
    cpu, waits = server.cpu(), idle.waits()
    start = time.monotonic()
    await asyncio.wait_for(clients, 120)
    await server.at_rest()
    waits = idle.waits() - waits
    assert waits <= 5, f"{idle.name} has run {waits} times without a client"
    server.samples.append(
        (server.status("RssAnon"), server.descriptors(), server.cpu() - cpu))
    print("{}: round {} of {:.1f} s, {} KiB, {} descriptors, {:.0f} ms of "
          "processor time".format(server.name, len(server.samples),
                                  time.monotonic() - start,
                                  *server.samples[-1]), flush=True)


def check_flat(server):
    """Compares the medians of the second half of the samples with the first."""
    samples = server.samples[WARM_UP:]
    middle = len(samples) // 2
    (memory, descriptors, cpu), late = (
        [statistics.median(column) for column in zip(*half)]
        for half in (samples[:middle], samples[middle:]))
    print(f"{server.name}: {len(samples)} rounds, memory {memory:.0f} and "
          f"{late[0]:.0f} KiB, descriptors {descriptors:.0f} and {late[1]:.0f}, "
          f"processor time {cpu:.0f} and {late[2]:.0f} ms")
    # The heap grows once or twice when the machine is busy and more data wait. A
    # round has over 200 connections, and a leak would keep a KiB of each.
    assert late[0] <= memory + 512, "the memory grows"
    assert late[2] <= 2 * cpu, "the work of a round grows"


async def soak(seconds, web, chat):
    witness = Witness()
    await witness.start(chat)
    chat.descriptors_at_rest = chat.descriptors()
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(web.samples) < WARM_UP + 4:
        await run_round(web, chat, http_round(web))
        await run_round(chat, web, chat_round(chat, witness))
        assert not witness.task.done(), witness.task.exception()
    for server in (web, chat):
        server.check_reports()
        check_flat(server)


def main():
    servers = [Server(path) for path in sys.argv[2:]]
    try:
        asyncio.run(soak(float(sys.argv[1]), *servers))
    finally:
        for server in servers:
            server.process.kill()
            server.process.wait()


main()
