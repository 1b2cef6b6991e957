"""Writes the numbers of a comparison: a table, records, and a chart."""

import html
import math

# In this order a line has a table cell: the first measure that it has.
MEASURES = ('bytes', 'instructions', 'nanoseconds')
UNITS = {'bytes': 'bytes', 'instructions': '', 'nanoseconds': 'ns'}


def measure_of(line, data):
    """Returns the measure by which the libraries are compared, or None."""
    for name in MEASURES:
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
    return ''.join(f'| {" | ".join(row)} |\n' for row in rows)


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


# ---- Chart ----

COLORS = {'raw': '#888888', 'libev': '#4477aa', 'libevent': '#66ccee',
          'libuv': '#228833', 'asio': '#aa3377', 'ours': '#ee6677'}
LEFT, WIDTH, ROW, TOP = 370, 480, 20, 50
STYLE = '''<style>
text { font: 12px sans-serif; fill: #222222; }
.grid { stroke: #dddddd; }
@media (prefers-color-scheme: dark) {
  text { fill: #dddddd; }
  .grid { stroke: #444444; }
}
</style>
'''


def chart(lines, libraries, data):
    """Returns an SVG: a row per line, a dot per library, on a logarithmic axis
    of instructions."""
    values = data.get('instructions', {})
    rows = [line for line in lines if measure_of(line, data) == 'instructions']
    if not rows:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    low = math.floor(math.log10(min(values.values())))
    high = math.ceil(math.log10(max(values.values())))
    scale = WIDTH / max(high - low, 1)

    def x(value):
        return LEFT + (math.log10(value) - low) * scale

    parts = [legend(libraries), axis(range(low, high + 1), x, len(rows))]
    for i, line in enumerate(rows):
        y = TOP + ROW * i + ROW / 2
        parts.append(text(LEFT - 10, y + 4, line.title, 'end'))
        # Ours is the last, and so above others.
        parts += [dot(x(values[line.workload, each]), y, each)
                  for each in libraries if (line.workload, each) in values]
    height = TOP + ROW * len(rows) + 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}"'
            f' height="{height}">\n{STYLE}{"".join(parts)}</svg>\n')


def text(x, y, words, anchor='start'):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">'
            f'{html.escape(words)}</text>\n')


def dot(x, y, library):
    radius = 6 if library == 'ours' else 4
    return (f'<circle cx="{x:.1f}" cy="{y:.0f}" r="{radius}" '
            f'fill="{COLORS[library]}"><title>{library}</title></circle>\n')


def legend(libraries):
    parts = [text(10, 20, 'user instructions per operation')]
    for i, each in enumerate(libraries):
        x = LEFT + 80 * i
        parts += [dot(x, 16, each), text(x + 10, 20, each)]
    return ''.join(parts)


def axis(powers, x, rows):
    parts = []
    for power in powers:
        at = x(10 ** power)
        parts.append(f'<line class="grid" x1="{at:.0f}" x2="{at:.0f}" '
                     f'y1="{TOP}" y2="{TOP + ROW * rows}"/>\n')
        parts.append(text(at, TOP - 6, f'{10 ** power:,}', 'middle'))
    return ''.join(parts)
