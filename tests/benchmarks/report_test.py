#!/usr/bin/env python3
"""Tests of the pieces of the comparison that need no program to run."""

import unittest
import xml.etree.ElementTree

import budget_test
import charts
import compare
import measure
import report
from lines import Curve, Line

LINES = (Line('a', 'Work <a>'), Line('b', 'work b', instructions=False),
         Line('c_bytes', 'bytes'), Line('absent', 'absent'))
LIBRARIES = ('raw', 'libev', 'libuv', 'ours')
DATA = {
    'instructions': {('a', 'raw'): 10.25, ('a', 'libev'): 1234.5,
                     ('a', 'libuv'): 99.96, ('a', 'ours'): 50.},
    'calls': {('a', 'libuv'): 2.},
    'nanoseconds': {('a', 'raw'): 5., ('b', 'libev'): 7.},
    'ratio': {('a', 'raw'): 1., ('a', 'ours'): 1.25},
    'bytes': {('c_bytes', 'ours'): 96.},
}


class MeasureTest(unittest.TestCase):
    def test_instructions(self):
        self.assertEqual(measure.parse_callgrind(
            '==7== Events    : Ir\n==7== Collected : 123456\n'), 123456)

    def test_system_calls(self):
        self.assertEqual(measure.parse_strace(
            '% time     seconds  usecs/call     calls    errors syscall\n'
            '------ ----------- ----------- --------- --------- ---------\n'
            ' 60.00    0.000030           3        10         2 recvfrom\n'
            ' 40.00    0.000020           4         5           epoll_wait\n'
            '------ ----------- ----------- --------- --------- ---------\n'
            '100.00    0.000050           3        15         2 total\n'), 15)


class TableTest(unittest.TestCase):
    def test_table(self):
        self.assertEqual(report.table(LINES, LIBRARIES, DATA).splitlines(), [
            '|  | raw | libev | libuv | ours |',
            '| --- | --- | --- | --- | --- |',
            '| Work <a> | 10.2 | 1,234 | **100; 2.00** | 50 (1.2) |',
            '| work b, ns | – | **7** | – | – |',
            '| bytes | – | – | – | 96 |'])

    def test_records(self):
        records = report.records(LINES, LIBRARIES, DATA, 'here')
        self.assertEqual(records['about'], 'here')
        self.assertEqual(len(records['lines']), 6)
        self.assertEqual(records['lines'][-2:], [
            {'workload': 'b', 'title': 'work b', 'library': 'libev',
             'nanoseconds': 7.},
            {'workload': 'c_bytes', 'title': 'bytes', 'library': 'ours',
             'bytes': 96.}])

    def test_short_table(self):
        records = report.records(LINES, LIBRARIES, DATA, 'here')
        self.assertEqual(report.parse(records), DATA)
        other = {'instructions': {('a', 'ours'): 48.}}
        self.assertEqual(
            report.short_table(LINES, LIBRARIES, DATA, other).splitlines(), [
                '|  | best peer | ours | ours in the other run |',
                '| --- | --- | --- | --- |',
                '| Work <a> | libuv 100; 2.00 | **50 (1.2)** | 48 |'])
        other['instructions']['a', 'ours'] = 49.
        self.assertNotIn(
            '**', report.short_table(LINES, LIBRARIES, DATA, other))


class ChartTest(unittest.TestCase):
    SVG = '{http://www.w3.org/2000/svg}'

    def test_each_library_has_a_dot(self):
        chart = xml.etree.ElementTree.fromstring(
            charts.lines_chart(LINES, LIBRARIES, DATA))
        dots = chart.findall(self.SVG + 'circle')
        self.assertEqual(len(dots), 4 + len(LIBRARIES))  # With the legend.

    def test_no_instructions(self):
        xml.etree.ElementTree.fromstring(
            charts.lines_chart(LINES, LIBRARIES, {}))

    def test_each_library_has_a_line_in_each_of_its_panels(self):
        curves = (Curve('Items <of> a', 'a', (10, 1000)), Curve('b', 'b', (10,)),
                  Curve('absent', 'absent'))
        data = {'instructions': {
            ('a/10', 'raw'): 10., ('a/1000', 'raw'): 1000.,
            ('a/10', 'ours'): 20., ('b/10', 'ours'): 30.}}
        chart = xml.etree.ElementTree.fromstring(
            charts.growth_chart(curves, LIBRARIES, data))
        panels = [
            [(line.get('stroke'), len(line.get('points').split()))
             for line in panel.findall(self.SVG + 'polyline')]
            for panel in chart.findall(self.SVG + 'g')]
        raw, ours = charts.COLORS['raw'], charts.COLORS['ours']
        self.assertEqual(panels, [[(raw, 2), (ours, 1)], [(ours, 1)]])

    def test_equal_growth_has_equal_slope(self):
        axis = charts.Axis([20, 3000], 100, 400)
        self.assertEqual(axis.powers(), [10, 100, 1000, 10_000])
        self.assertEqual([axis(each) for each in axis.powers()],
                         [100, 200, 300, 400])
        self.assertEqual(charts.Axis([20], 0, 1, decades=3).powers(),
                         axis.powers())

    def test_no_points(self):
        xml.etree.ElementTree.fromstring(
            charts.growth_chart((Curve('a', 'a'),), LIBRARIES, {}))


class LinesTest(unittest.TestCase):
    def test_points(self):
        self.assertEqual(
            [(each.workload, each.rounds)
             for each in Curve('a', 'a', (10, 1000, 1_000_000)).points()],
            [('a/10', 100), ('a/1000', 10), ('a/1000000', 1)])
        self.assertEqual(
            [each.rounds for each in Curve('a', 'a', rounds=20).points()],
            [20, 10, 1])

    def test_workload_of_a_line_and_a_point_is_measured_once(self):
        line, point = Line('a/10', 'line'), Line('a/10', 'point')
        self.assertEqual(compare.once([line, point, LINES[1]]),
                         [line, LINES[1]])

    def test_line_in_nanoseconds_stays_so_when_a_curve_has_instructions(self):
        line = Line('a', 'a', instructions=False)
        self.assertEqual(report.measure_of(line, DATA), 'nanoseconds')


class BudgetTest(unittest.TestCase):
    def test_budget(self):
        compiler, budget = budget_test.parse(
            '# g++ 1, glibc 2\n# workload\tinstructions\tallocations\n'
            'a\t100.0\t0.0000\nb\t50.0\t2.0000\n')
        self.assertEqual(compiler, 'g++ 1, glibc 2')
        self.assertEqual(budget, {'a': (100., 0.), 'b': (50., 2.)})
        self.assertEqual(budget_test.over_budget(
            budget, [('a', 102.9, 0.), ('b', 1., 2.06)]), [])
        self.assertEqual(
            [message.split(',')[0] for message in budget_test.over_budget(
                budget, [('a', 104., .5), ('b', 1., 2.1), ('c', 1., 1.)])],
            ['a: 104 instructions', 'a: 0.5 allocations',
             'b: 2.1 allocations', 'c: not in tests/benchmarks/budget.tsv'])


if __name__ == '__main__':
    unittest.main()
