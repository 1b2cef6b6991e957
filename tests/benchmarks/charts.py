"""Draws the numbers of a comparison: its lines, and how costs grow."""

import html
import math

import report

COLORS = {'raw': '#888888', 'libev': '#4477aa', 'libevent': '#66ccee',
          'libuv': '#228833', 'asio': '#aa3377', 'ours': '#ee6677'}
STYLE = '''<style>
text { font: 12px sans-serif; fill: #222222; }
.grid { stroke: #dddddd; }
@media (prefers-color-scheme: dark) {
  text { fill: #dddddd; }
  .grid { stroke: #444444; }
}
</style>
'''
# The end of the chart's legend, and the distance of its libraries.
TOP, LEGEND = 50, 80


# ---- Parts of charts ----

class Axis:
    """A logarithmic axis, from a power of ten to a higher one: of so many decades,
    or of more if the values need more."""

    def __init__(self, values, start, end, decades=1):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + decades)
        self.start, self.end = start, end

    def __call__(self, value):
        """Returns the place of a value."""
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def powers(self):
        return [10 ** each for each in range(self.low, self.high + 1)]


def svg(width=0, height=0, parts=()):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}">\n{STYLE}{"".join(parts)}</svg>\n')


def text(x, y, words, anchor='start'):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">'
            f'{html.escape(words)}</text>\n')


def dot(x, y, library, radius=4):
    # Ours is above others.
    radius += 2 if library == 'ours' else 0
    return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" '
            f'fill="{COLORS[library]}"><title>{library}</title></circle>\n')


def grid(x1, y1, x2, y2):
    return (f'<line class="grid" x1="{x1:.0f}" y1="{y1:.0f}" '
            f'x2="{x2:.0f}" y2="{y2:.0f}"/>\n')


def legend(left, words, libraries):
    parts = [text(10, 20, words)]
    for i, each in enumerate(libraries):
        x = left + LEGEND * i
        parts += [dot(x, 16, each), text(x + 10, 20, each)]
    return ''.join(parts)


# ---- The lines ----

LEFT, WIDTH, ROW = 370, 480, 20


def lines_chart(lines, libraries, data):
    """Returns an SVG: a row per line, a dot per library, on a logarithmic axis
    of instructions."""
    rows = [line for line in lines
            if report.measure_of(line, data) == 'instructions']
    if not rows:
        return svg()
    values = {(line.workload, each): data['instructions'][line.workload, each]
              for line in rows for each in libraries
              if (line.workload, each) in data['instructions']}
    x = Axis(values.values(), LEFT, LEFT + WIDTH)
    bottom = TOP + ROW * len(rows)
    parts = [legend(LEFT, 'user instructions per operation', libraries)]
    for power in x.powers():
        parts += [grid(x(power), TOP, x(power), bottom),
                  text(x(power), TOP - 6, f'{power:,}', 'middle')]
    for i, line in enumerate(rows):
        y = TOP + ROW * i + ROW / 2
        parts.append(text(LEFT - 10, y + 4, line.title, 'end'))
        parts += [dot(x(values[line.workload, each]), y, each)
                  for each in libraries if (line.workload, each) in values]
    return svg(LEFT + WIDTH + 30, bottom + 10, parts)


# ---- How costs grow ----

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 3, 290, 210
# The room of a panel around its grid.
PANEL_LEFT, PANEL_RIGHT, PANEL_TOP, PANEL_BOTTOM = 50, 20, 30, 30


def growth_chart(curves, libraries, data):
    """Returns an SVG: a panel per curve, a line per library, of instructions per
    item over the number of items. The axes of all panels have as many decades, so
    that equal slopes are equal growth."""
    values = data.get('instructions', {})
    panels = [(curve, lines) for curve in curves
              if (lines := points_of(curve, libraries, values))]
    if not panels:
        return svg()
    x = Axis([size for curve, _ in panels for size in curve.sizes], PANEL_LEFT,
             PANEL_WIDTH - PANEL_RIGHT)
    decades = max(len(y_axis(lines).powers()) for _, lines in panels) - 1
    parts = [legend(LEFT, 'user instructions per item, by items', libraries)]
    for i, (curve, lines) in enumerate(panels):
        left, top = i % COLUMNS * PANEL_WIDTH, i // COLUMNS * PANEL_HEIGHT
        parts.append(f'<g transform="translate({left},{TOP - 20 + top})">\n'
                     f'{panel(curve, lines, x, y_axis(lines, decades))}</g>\n')
    rows = math.ceil(len(panels) / COLUMNS)
    return svg(COLUMNS * PANEL_WIDTH, TOP - 20 + rows * PANEL_HEIGHT, parts)


def points_of(curve, libraries, values):
    """Returns the items and the instructions of each point, by library."""
    lines = {each: [(size, values[point.workload, each])
                    for size, point in zip(curve.sizes, curve.points())
                    if (point.workload, each) in values]
             for each in libraries}
    return {each: line for each, line in lines.items() if line}


def y_axis(lines, decades=1):
    return Axis([value for line in lines.values() for _, value in line],
                PANEL_HEIGHT - PANEL_BOTTOM, PANEL_TOP, decades)


def short(number):
    for unit, letter in ((1_000_000, 'M'), (1000, 'k')):
        if number >= unit:
            return f'{number // unit} {letter}'
    return str(number)


def panel(curve, lines, x, y):
    parts = [text(x.start, y.end - 10, curve.title)]
    for power in y.powers():
        parts += [grid(x.start, y(power), x.end, y(power)),
                  text(x.start - 6, y(power) + 4, short(power), 'end')]
    for power in x.powers():
        parts += [grid(x(power), y.start, x(power), y.end),
                  text(x(power), y.start + 16, short(power), 'middle')]
    for library, points in lines.items():
        places = [(x(size), y(value)) for size, value in points]
        path = ' '.join(f'{across:.1f},{up:.1f}' for across, up in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke-width="2" '
                     f'stroke="{COLORS[library]}"/>\n')
        parts += [dot(*place, library, radius=2) for place in places]
    return ''.join(parts)
