"""Runs the benchmark programs: CPU time, instructions, system calls, bytes."""

import dataclasses
import re
import subprocess


@dataclasses.dataclass(frozen=True)
class Result:
    """The output of a program; see workload.h."""
    operations: float
    cpu: float
    bytes: float
    allocations: float


def run(command, program, workload, rounds):
    """Runs a program, under `command` if that is not empty.

    Returns its result, and the standard error. Raises RuntimeError if the
    program fails, or runs for more than ten minutes.
    """
    try:
        done = subprocess.run([*command, str(program), workload, str(rounds)],
                              capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f'{program} {workload}: no end') from None
    if done.returncode != 0:
        raise RuntimeError(f'{program} {workload}: {done.stderr.strip()}')
    return Result(*map(float, done.stdout.split())), done.stderr


def cpu_time(program, workload, rounds):
    """Returns nanoseconds of CPU time an operation."""
    result, _ = run((), program, workload, rounds)
    return result.cpu / result.operations


def bytes_each(program, workload):
    return run((), program, workload, 1)[0].bytes


def instructions(program, workload, rounds):
    """Returns user instructions and allocations an operation.

    callgrind counts the measured parts of the workload only, so start-up and
    the round that warms up are not in it.
    """
    result, errors = run(
        ('valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null',
         '--toggle-collect=benchmarks::measured_part*'),
        program, workload, rounds)
    return (parse_callgrind(errors) / result.operations,
            result.allocations / result.operations)


def parse_callgrind(errors):
    """Returns the number of instructions that callgrind reports."""
    return int(re.search(r'Collected : (\d+)', errors).group(1))


def system_calls(program, workload):
    """Returns system calls an operation of the main thread.

    The difference of two runs, so start-up is not in it.
    """
    runs = []
    for rounds in (1, 3):
        result, errors = run(('strace', '-c'), program, workload, rounds)
        runs.append((parse_strace(errors), result.operations))
    (calls, operations), (more_calls, more_operations) = runs
    return (more_calls - calls) / (more_operations - operations)


def parse_strace(errors):
    """Returns the sum of the column "calls" of `strace -c`."""
    rows = re.findall(r'^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(?!total)\w+$',
                      errors, re.MULTILINE)
    return sum(map(int, rows))
