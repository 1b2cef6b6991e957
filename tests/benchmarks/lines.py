"""The lines and curves of the comparison: which workload each line and each point
is, and what is counted."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Library:
    name: str
    # Debian's package; None for the code of this project.
    package: str | None = None

    @property
    def program(self):
        return ('our' if self.name == 'ours' else self.name) + '_bench'


LIBRARIES = (
    Library('raw'),
    Library('libev', 'libev-dev'),
    Library('libevent', 'libevent-dev'),
    Library('libuv', 'libuv1-dev'),
    Library('asio', 'libasio-dev'),
    Library('ours'),
)


@dataclasses.dataclass(frozen=True)
class Line:
    """A workload of the programs; see workload.h."""
    workload: str
    title: str
    # Rounds of a run for instructions, and of a run for CPU time.
    rounds: int = 2
    cpu_rounds: int = 10
    instructions: bool = True
    calls: bool = False
    cpu: bool = True
    # Left out by --quick.
    slow: bool = False

    @property
    def bytes(self):
        return self.workload.endswith('_bytes')


_TIMERS = (('insert', 'insert'), ('cancel', 'cancel'),
           ('fire', 'fire, half of them cancelled'), ('put_off', 'put off'))


def _timers():
    for timers in (10_000, 1_000_000):
        big = timers > 10_000
        for kind, title in _TIMERS:
            yield Line(f'timer_{kind}/{timers}', f'{timers:,} timers: {title}',
                       cpu_rounds=1 if big else 5, instructions=not big,
                       slow=big)


def _queues():
    for queue, name in (('heap', 'TimerHeap'), ('wheel', 'TimerWheel')):
        for kind, title in _TIMERS:
            yield Line(f'{queue}_timer_{kind}/10000',
                       f'{name} alone, 10,000: {title}', cpu_rounds=5)


def _echo():
    for connections in (1, 100, 1000):
        for size, name in ((64, '64 B'), (4096, '4 KiB')):
            for kind in ('callbacks', 'awaiter', 'streams'):
                workload = 'echo' if kind == 'callbacks' else f'echo_{kind}'
                plural = 's' if connections > 1 else ''
                yield Line(f'{workload}/{connections}/{size}',
                           f'echo, {connections:,} connection{plural}, {name}: '
                           + kind, cpu_rounds=3, calls=True, slow=size > 64 or
                           connections == 1)


def _bytes(workload, title):
    return Line(workload, title, instructions=False, cpu=False)


LINES = (
    *_timers(),
    _bytes('timer_bytes', 'bytes of a timer, of 1,000,000'),
    *_queues(),
    *(Line(f'dispatch/{n}', f'dispatch, {n:,} of 1,000 ready', cpu_rounds=5,
           calls=True) for n in (1, 10, 100, 1000)),
    *_echo(),
    Line('change/1000',
         'add reader, add writer, remove both; the kernel between', calls=True),
    Line('remove_and_add', 'remove all, add all; the kernel between',
         calls=True),
    _bytes('fd_bytes', 'bytes of a watched descriptor, of 19,000'),
    Line('post/1', 'post from 1 thread', cpu_rounds=5),
    Line('post/4', 'post from 4 threads', cpu_rounds=5),
    Line('chain', 'call_soon, a chain', calls=True),
    Line('burst/1000', 'call_soon, a burst of 1,000', cpu_rounds=50),
    Line('burst/50000', 'call_soon, the second burst of 50,000', rounds=1,
         cpu_rounds=1),
    Line('child', 'await a coroutine that does not suspend'),
    Line('done_future', 'await a future that is done'),
    Line('next_turn', 'await the next iteration', calls=True),
    Line('spawn', 'spawn a task and await it'),
    Line('eager', 'spawn a task that starts at once, and await it'),
    Line('hand_over', 'an item through a queue for one'),
    Line('due_timer', 'await a timer that is due', calls=True),
    Line('cancel_sleeping/1000', 'cancel a sleeping task, and unwind'),
    _bytes('task_bytes', 'bytes of a sleeping task, of 100,000'),
)


@dataclasses.dataclass(frozen=True)
class Curve:
    """A workload with several numbers of items."""
    title: str
    workload: str
    sizes: tuple[int, ...] = (10, 1000, 100_000)
    # Of a point that has few items; a point has fewer if it has many.
    rounds: int = 100

    def points(self):
        """Returns a line for each number of items."""
        return tuple(
            Line(f'{self.workload}/{size}', f'{self.title}, {size:,}',
                 rounds=max(1, min(self.rounds, 10_000 // size)), cpu=False)
            for size in self.sizes)


_MILLION = (10, 1000, 100_000, 1_000_000)
# A process may have 20,000 descriptors, and these workloads need two each.
_DESCRIPTORS = (10, 1000, 9000)

CURVES = (
    *(Curve(f'timers: {title}', f'timer_{kind}', _MILLION)
      for kind, title in _TIMERS),
    Curve('call_soon, a burst', 'burst', _MILLION),
    # A round has 1,000 posts or more.
    Curve('post from 1 thread, a batch', 'post_batch', _MILLION, rounds=2),
    Curve('dispatch, 10 ready of many', 'dispatch_of', _DESCRIPTORS),
    Curve('add reader, writer; remove', 'change', _DESCRIPTORS),
    Curve('spawn many tasks, await all', 'spawn_all', _MILLION),
    Curve('cancel sleeping tasks', 'cancel_sleeping'),
)
