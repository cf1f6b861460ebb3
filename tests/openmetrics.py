#!/usr/bin/env python3
"""
Reads OpenMetrics text from standard input, and prints each place where it is not as the specification says (version
1.0, section "Text format"), or where the older format of Prometheus (0.0.4), which node_exporter reads, knows no such
type. For tests/e14-metrics.t.
"""
import re, sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{LABEL}(?:,{LABEL})*)?)\}})? (\S+)$')
text = sys.stdin.buffer.read().decode('utf-8')
lines = text.split('\n')
if lines[-1] or lines[-2] != '# EOF':
    print('the last line is not # EOF')
family, seen, kinds, units, samples = None, set(), {}, {}, set()
for line in lines[:-1]:
    metadata = re.match(rf'# (TYPE|UNIT|HELP) ({NAME}) (.*)$', line)
    if line == '# EOF':
        break
    if metadata:
        what, name, rest = metadata.groups()
        if name != family:
            if name in seen:
                print('a family in two places:', line)
            seen.add(name)
            family, given, begun = name, set(), False
        if what in given or begun:
            print('metadata twice, or behind a sample:', line)
        given.add(what)
        if what == 'TYPE':
            kinds[name] = rest
            if rest not in ('gauge', 'counter'):
                print('a type that not both formats know:', line)
        elif what == 'UNIT' and not name.endswith('_' + rest):
            print('the name does not end in the unit:', line)
        elif what == 'UNIT':
            units[name] = rest
        elif what == 'HELP' and (not rest or re.search(r'\\(?![\\n"])', rest)):
            print('no help, or a wrong escape:', line)
        continue
    sample = SAMPLE.match(line)
    if not sample:
        print('no sample:', line)
        continue
    name, labels, value = sample.groups()
    begun = True
    if name != (family or '') + ('_total' if kinds.get(family) == 'counter' else ''):
        print('a sample of no family, or without _total:', line)
    names = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="', re.sub(r'\\.', '', labels or ''))
    if len(names) != len(set(names)):
        print('a label twice:', line)
    if (name, labels) in samples:
        print('a sample twice:', line)
    samples.add((name, labels))
    if not re.fullmatch(r'[-+]?[0-9]+(\.[0-9]+)?', value) or (name.endswith('_total') and float(value) < 0):
        print('no value, or a counter below 0:', line)
    for word in ('bytes', 'seconds'):
        if re.search(rf'_{word}(_total)?$', name) and units.get(family) != word:
            print('a unit without UNIT:', line)
if not samples:
    print('there is no sample')
