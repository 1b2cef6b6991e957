"""Writes the numbers of a comparison: a table, and records.

  python3 tests/benchmarks/report.py COMPARE.JSON OTHER.JSON

prints the best of the other libraries in a run beside ours, and beside ours in
another run, which may be with another compiler.
"""

import json
import pathlib
import sys

from lines import LIBRARIES, LINES

# In this order a line has a table cell: the first measure that it has.
MEASURES = ('bytes', 'instructions', 'nanoseconds')
UNITS = {'bytes': 'bytes', 'instructions': '', 'nanoseconds': 'ns'}


def measure_of(line, data):
    """Returns the measure by which the libraries are compared, or None."""
    for name in MEASURES:
        # A point of a curve may have counted the instructions of its workload.
        if name == 'instructions' and not line.instructions:
            continue
        if any(workload == line.workload for workload, _ in data.get(name, ())):
            return name
    return None


def number(value):
    return f'{value:,.0f}' if value >= 99.95 else f'{value:.3g}'


def cell(line, library, data):
    """Returns number, system calls in brackets, and ratio of CPU time."""
    key = line.workload, library
    value = data.get(measure_of(line, data), {}).get(key)
    if value is None:
        return '–'
    text = number(value)
    if key in data.get('calls', {}):
        text += f'; {data["calls"][key]:.2f}'
    if key in data.get('ratio', {}) and library != 'raw':
        text += f' ({data["ratio"][key]:.2g})'
    return text


def markdown(rows):
    return ''.join(f'| {" | ".join(row)} |\n' for row in rows)


def table(lines, libraries, data):
    """Returns a table in Markdown. The best peer's cell is in bold type."""
    rows = [['', *libraries], ['---'] * (len(libraries) + 1)]
    for line in lines:
        measure = measure_of(line, data)
        if measure is None:
            continue
        best = best_peer(line, libraries, data)
        cells = [cell(line, each, data) for each in libraries]
        cells = [f'**{text}**' if each == best else text
                 for each, text in zip(libraries, cells)]
        unit = UNITS[measure]
        rows.append([line.title + (f', {unit}' if unit == 'ns' else ''), *cells])
    return markdown(rows)


def best_peer(line, libraries, data):
    """Returns the library that needs least, apart from raw and ours."""
    values = data.get(measure_of(line, data), {})
    peers = [each for each in libraries if each not in ('raw', 'ours')
             and (line.workload, each) in values]
    return min(peers, key=lambda each: values[line.workload, each], default=None)


def records(lines, libraries, data, about):
    """Returns all numbers, for a machine."""
    return {'about': about, 'lines': [
        {'workload': line.workload, 'title': line.title, 'library': library,
         **{measure: values[line.workload, library]
            for measure, values in data.items()
            if (line.workload, library) in values}}
        for line in lines for library in libraries
        if any((line.workload, library) in values for values in data.values())]}


def parse(records):
    """Returns all numbers, by measure, workload and library."""
    data = {}
    for record in records['lines']:
        key = record['workload'], record['library']
        for measure in record.keys() - {'workload', 'library', 'title'}:
            data.setdefault(measure, {})[key] = record[measure]
    return data


def short_table(lines, libraries, data, other):
    """Returns a table in Markdown of the lines that another library has. Ours is in
    bold type where it costs 3 % more than in the run `other`."""
    rows = [['', 'best peer', 'ours', 'ours in the other run'], ['---'] * 4]
    for line in lines:
        values = data.get(measure_of(line, data), {})
        best = best_peer(line, libraries, data)
        if best is None or (line.workload, 'ours') not in values:
            continue
        ours, before = (cell(line, 'ours', each) for each in (data, other))
        if is_dearer(line, data, other):
            ours = f'**{ours}**'
        rows.append([line.title, f'{best} {cell(line, best, data)}', ours, before])
    return markdown(rows)


def is_dearer(line, data, other):
    mine, its = (each.get(measure_of(line, data), {}).get(
        (line.workload, 'ours')) for each in (data, other))
    return None not in (mine, its) and mine > 1.03 * its


def main():
    data, other = (parse(json.loads(pathlib.Path(path).read_text()))
                   for path in sys.argv[1:])
    libraries = [each.name for each in LIBRARIES]
    print(short_table(LINES, libraries, data, other), end='')


if __name__ == '__main__':
    main()
