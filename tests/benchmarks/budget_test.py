#!/usr/bin/env python3
"""Checks that no operation of the library needs more instructions than before.

budget.tsv has user instructions and allocations of an operation, by callgrind;
3 % more fail. After a change that is worth its price, or that saves some:

  ./bazelw run //tests/benchmarks:budget_test -- --renew
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

import measure
from lines import LINES

ROOM = 1.03
# Other processes and threads change the order of the work. The clock changes the
# pivots of the loop's heap when timers are put off; heap_timer_put_off counts.
UNSTEADY = ('echo', 'post', 'timer_put_off')
PROGRAM = pathlib.Path('tests/benchmarks/our_bench_optimized')
FILE = pathlib.Path('tests/benchmarks/budget.tsv')


def compiler():
    return subprocess.check_output([PROGRAM.absolute(), '--compiler'],
                                   text=True).strip()


def measure_all():
    """Returns workload, instructions and allocations of each operation."""
    has = subprocess.check_output([PROGRAM.absolute()], text=True).split()
    lines = [line for line in LINES
             if line.instructions and line.workload in has
             and not line.workload.startswith(UNSTEADY)]

    def measure_one(line):
        return line.workload, *measure.instructions(
            PROGRAM.absolute(), line.workload, line.rounds)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(measure_one, lines))


def renew():
    rows = [f'{workload}\t{instructions:.1f}\t{allocations:.4f}\n'
            for workload, instructions, allocations in measure_all()]
    path = pathlib.Path(os.environ['BUILD_WORKSPACE_DIRECTORY'], FILE)
    path.write_text(f'# {compiler()}\n'
                    '# workload\tinstructions\tallocations\n' + ''.join(rows))


def over_budget(budget, measured):
    """Returns a message for each number that is too high."""
    messages = []
    for workload, *numbers in measured:
        if workload not in budget:
            messages.append(f'{workload}: not in {FILE}')
            continue
        for name, number, limit in zip(('instructions', 'allocations'), numbers,
                                       budget[workload]):
            if number > ROOM * limit + 0.001:
                messages.append(f'{workload}: {number:.4g} {name}, '
                                f'{100 * (number / max(limit, 1e-4) - 1):.0f} % '
                                f'more than {limit}')
    return messages


def parse(text):
    """Returns the compiler of the file, and the numbers of each workload."""
    head, _, *rows = text.splitlines()
    fields = [row.split('\t') for row in rows]
    return head.removeprefix('# '), {
        workload: tuple(map(float, numbers)) for workload, *numbers in fields}


def main():
    if not shutil.which('valgrind'):
        print('SKIPPED: no valgrind here')
        return 0
    if sys.argv[1:] == ['--renew']:
        renew()
        return 0
    built_with, budget = parse(FILE.read_text())
    if compiler() != built_with:
        print(f'SKIPPED: the budget is for {built_with}, this is {compiler()}')
        return 0
    messages = over_budget(budget, measure_all())
    for message in messages:
        print(message)
    return 1 if messages else 0


if __name__ == '__main__':
    sys.exit(main())
