#!/usr/bin/env python3
"""Compares this library with others, and with code by hand over system calls.

  ./bazelw run --config=opt //tests/benchmarks:compare [-- --quick]
  ./bazelw run --config=opt //tests/benchmarks:compare -- --suite=forky

Installs the Debian packages that are missing, builds a program for each library
and runs all workloads of all of them. Prints a table, and writes it as
compare.md, the numbers as compare.json, a chart of them as compare.svg, and a chart
of how costs grow as growth.svg. At last writes the table of what the libraries
promise, promises.md. --suite runs the last commit in a chroot of a suite of Debian,
with its compiler and libraries; see tests/machines.sh.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

import charts
import measure
import report
from lines import CURVES, LIBRARIES, LINES

TOOLS = {'valgrind': 'valgrind', 'strace': 'strace'}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Progress:
    """Shows how many steps of how many are done: on a terminal in one line."""

    def __init__(self, what, steps):
        self.what, self.steps, self.done = what, steps, 0

    def step(self):
        self.done += 1
        end = '\r' if sys.stderr.isatty() and self.done < self.steps else '\n'
        tenth = 10 * self.done // self.steps > 10 * (self.done - 1) // self.steps
        if end == '\r' or tenth:
            print(f'{self.what}: {self.done} of {self.steps}', end=end,
                  file=sys.stderr, flush=True)


# ---- Programs ----

def is_installed(package):
    query = ('dpkg-query', '--show', '--showformat=${db:Status-Status}', package)
    try:
        done = subprocess.run(query, capture_output=True, text=True)
    except FileNotFoundError:  # Not Debian: the compiler will tell.
        return True
    return done.stdout == 'installed'


def install():
    """Installs the missing packages, or says which they are."""
    packages = [each.package for each in LIBRARIES
                if each.package and not is_installed(each.package)]
    packages += [package for tool, package in TOOLS.items()
                 if not shutil.which(tool)]
    if not packages:
        return
    if os.geteuid() != 0:
        say(f'Left out, not installed: {" ".join(packages)}')
        return
    say(f'Installing: {" ".join(packages)}')
    for command in (('update', '-qq'),
                    ('install', '-qq', '-y', '--no-install-recommends',
                     *packages)):
        subprocess.run(('apt-get', *command), stdout=sys.stderr,
                       env=os.environ | {'DEBIAN_FRONTEND': 'noninteractive'})


def bazel(*arguments):
    return subprocess.run(('./bazelw', *arguments), stdout=subprocess.PIPE,
                          text=True,
                          cwd=os.environ['BUILD_WORKSPACE_DIRECTORY'])


def build():
    """Builds the programs. Returns those of the libraries that are here."""
    targets = [f'//tests/benchmarks:{each.program}' for each in LIBRARIES]
    bazel('build', '-c', 'opt', '--keep_going', '--noshow_progress',
          '--ui_event_filters=error', *targets, '//tests/benchmarks:echo_client')
    folder = bazel('info', '-c', 'opt', 'bazel-bin').stdout.strip()
    programs = {each.name: pathlib.Path(folder, 'tests/benchmarks', each.program)
                for each in LIBRARIES}
    return {name: path for name, path in programs.items() if path.exists()}


# ---- Measurements ----

def workloads(path):
    return set(subprocess.check_output([path], text=True).split())


def once(lines):
    """Returns the first line of each workload."""
    found = {}
    for line in lines:
        found.setdefault(line.workload, line)
    return list(found.values())


FAILED = []  # The message of each measurement that failed.


def attempt(function, *arguments):
    """Returns the result; None if the program fails, which is no reason to lose
    all other results."""
    try:
        return function(*arguments)
    except RuntimeError as error:
        FAILED.append(str(error))
        say(f'Failed: {error}')
        return None


def count(what, function, wanted):
    """Calls function(line, library) for all that are wanted, a few at a time."""
    progress = Progress(what, len(wanted))
    results = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {pool.submit(attempt, function, *each): each
                   for each in wanted}
        for future in concurrent.futures.as_completed(futures):
            line, name = futures[future]
            if (result := future.result()) is not None:
                results[line.workload, name] = result
            progress.step()
    return results


def cpu_rounds(programs, wanted, rounds):
    """Measures CPU time in rounds, in which each line runs with all libraries.

    Returns medians of nanoseconds, and of ratios to raw's in the same round.
    """
    progress = Progress('CPU time', len(wanted) * rounds)
    times = collections.defaultdict(list)
    for _ in range(rounds):
        for line, name in wanted:
            mine = times[line.workload, name]
            if None not in mine:  # A workload that failed would fail again.
                mine.append(attempt(measure.cpu_time, programs[name],
                                    line.workload, line.cpu_rounds))
            progress.step()
    times = {key: each for key, each in times.items() if None not in each}
    ratios = {}
    for (workload, name), each in times.items():
        if raw := times.get((workload, 'raw')):
            ratios[workload, name] = statistics.median(
                mine / its for mine, its in zip(each, raw))
    return {key: statistics.median(each) for key, each in times.items()}, ratios


def measure_all(programs, lines, rounds):
    """Returns a dictionary by measure, workload and library."""
    has = {name: workloads(path) for name, path in programs.items()}

    def wanted(kind):
        some = once(line for line in lines if getattr(line, kind))
        return [(line, name) for line in some for name in programs
                if line.workload in has[name]]

    data = {'bytes': count(
        'bytes', lambda line, name: measure.bytes_each(
            programs[name], line.workload), wanted('bytes'))}
    if shutil.which('valgrind'):
        data['instructions'] = count(
            'instructions', lambda line, name: measure.instructions(
                programs[name], line.workload, line.rounds)[0],
            wanted('instructions'))
    if shutil.which('strace'):
        data['calls'] = count(
            'system calls', lambda line, name: measure.system_calls(
                programs[name], line.workload), wanted('calls'))
    if rounds:
        data['nanoseconds'], data['ratio'] = cpu_rounds(
            programs, wanted('cpu'), rounds)
    return data


# ---- Output ----

def version(package):
    done = subprocess.run(('dpkg-query', '--show', '--showformat=${Version}',
                           package), capture_output=True, text=True)
    return re.sub(r'^\d+:|[-+].*', '', done.stdout) or '?'


def environment(programs):
    """Returns a sentence about machine, kernel, compiler and libraries."""
    model = re.search('model name.*: (.*)', pathlib.Path('/proc/cpuinfo')
                      .read_text(errors='replace'))
    compiler = subprocess.check_output([programs['ours'], '--compiler'],
                                       text=True).strip()
    libraries = [f'{each.name} {version(each.package)}' for each in LIBRARIES
                 if each.package and each.name in programs]
    return ', '.join([
        model.group(1).strip() if model else platform.machine(),
        f'{os.cpu_count()} processors',
        f'{platform.system()} {platform.release()}',
        f'{compiler}, -O2', *libraries])


def write(folder, lines, points, names, data, about):
    folder.mkdir(parents=True, exist_ok=True)
    table = report.table(lines, names, data)
    (folder / 'compare.md').write_text(f'{about}\n\n{table}')
    (folder / 'compare.json').write_text(json.dumps(
        report.records(once(lines + points), names, data, about), indent=1)
        + '\n')
    (folder / 'compare.svg').write_text(charts.lines_chart(lines, names, data))
    (folder / 'growth.svg').write_text(charts.growth_chart(CURVES, names, data))
    print(f'{about}\n\n{table}')
    say(f'Written: compare.md, compare.json, and charts in {folder}')


def compare_promises(table):
    """Writes the table of the promises that the libraries keep."""
    done = bazel('run', '-c', 'opt', '--noshow_progress',
                 '--ui_event_filters=error', '//tests/benchmarks/promises',
                 '--', str(table))
    if done.returncode != 0:
        FAILED.append('promises')
    else:
        say(f'Written: {table}')


def selected(lines, options):
    return [line for line in lines if re.search(options.only, line.workload)]


# ---- Another suite of Debian ----

def run_in_suite(options, out):
    """Runs the comparison in a chroot, and copies its output. Returns the exit
    status."""
    arguments = [f'--only={options.only}']
    if options.quick:
        arguments.append('--quick')
    if options.rounds is not None:
        arguments.append(f'--rounds={options.rounds}')
    with contextlib.ExitStack() as stack:
        machines = os.environ.get('MACHINES') or stack.enter_context(
            tempfile.TemporaryDirectory(prefix='machines.',
                                        dir=os.environ.get('TMPDIR',
                                                           '/var/tmp')))
        machines = from_here(machines)
        done = subprocess.run(
            ('tests/machines.sh', '--run', options.suite, './bazelw', 'run',
             '-c', 'opt', '//tests/benchmarks:compare', '--',
             '--out=/src/comparison', *arguments),
            cwd=os.environ['BUILD_WORKSPACE_DIRECTORY'],
            env=os.environ | {'MACHINES': str(machines)})
        results = machines / options.suite / 'src/comparison'
        if results.exists():
            shutil.copytree(results, out, dirs_exist_ok=True)
            say(f'Copied to {out}')
    return done.returncode


def from_here(path):
    """Returns a path from the folder of the user, which Bazel has left."""
    return pathlib.Path(os.environ.get('BUILD_WORKING_DIRECTORY', '.'), path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--quick', action='store_true',
                        help='few rounds, without what takes long')
    parser.add_argument('--only', default='', metavar='REGEX',
                        help='the workloads to run (see lines.py)')
    parser.add_argument('--rounds', type=int, help='of CPU time; 0: none')
    parser.add_argument('--out', help='folder of the output')
    parser.add_argument('--suite', help='of Debian, to run in; as root')
    options = parser.parse_args()
    out = from_here(options.out or tempfile.mkdtemp(prefix='compare-'))
    if options.suite:
        sys.exit(run_in_suite(options, out))
    rounds = options.rounds
    if rounds is None:
        rounds = 2 if options.quick else 11
    lines = [line for line in selected(LINES, options)
             if not (options.quick and line.slow)]
    points = [] if options.quick else selected(
        (point for curve in CURVES for point in curve.points()), options)
    install()
    programs = build()
    if missing := [each.name for each in LIBRARIES if each.name not in programs]:
        say(f'Left out, not built: {" ".join(missing)}')
    data = measure_all(programs, lines + points, rounds)
    write(out, lines, points, list(programs), data, environment(programs))
    if not options.only and not options.quick:
        compare_promises(out.resolve() / 'promises.md')
    if FAILED:
        sys.exit(f'{len(FAILED)} measurements failed')


if __name__ == '__main__':
    main()
