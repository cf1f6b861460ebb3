"""Figures: compares the contenders and prints the result."""

import statistics

from world import Failed


class Contender:
    """Somebody who can do the figure's job. once() prepares, does it, and returns a value. check() returns what is
    wrong with the result, or None. once() fills extra: memory, processor time, calls."""
    def __init__(self, name, command, once, check=None, most=None):
        self.name, self.command, self.once, self.check, self.most = name, command, once, check, most
        self.values, self.extra, self.problem = [], {}, None

    @property
    def value(self):
        return statistics.median(self.values) if self.values else None

    def overlaps(self, other):
        return min(self.values) <= max(other.values) and min(other.values) <= max(self.values)


class Goal:
    """sffs against a peer, as a ratio; without a peer, its own value. `reach` is a better value that is not required;
    `why` says what stands in the way."""
    def __init__(self, peer, sign, bound, reach=None, why=''):
        self.peer, self.sign, self.bound, self.reach, self.why = peer, sign, bound, reach, why

    def met(self, value, bound=None):
        bound = bound or self.bound
        return value >= bound if self.sign == '>=' else value <= bound

    def __str__(self):
        text = f'{self.sign} {number(self.bound)}'
        return text + (f' (reach {number(self.reach)})' if self.reach else '')


class Figure:
    """contenders[0] is sffs. Values in `unit`; more is better or less is."""
    def __init__(self, name, unit, contenders, goals=(), rounds=3, note=''):
        self.name, self.unit, self.contenders, self.goals = name, unit, contenders, list(goals)
        self.rounds, self.note = rounds, note

    def run(self):
        """Round by round, each time in another order, so that no one always comes after the same neighbour."""
        for i in range(self.rounds):
            k = i % len(self.contenders)
            for c in self.contenders[k:] + self.contenders[:k]:
                if c.problem or (c.most and len(c.values) >= c.most):
                    continue
                try:
                    c.values.append(c.once())
                except (Failed, OSError) as e:
                    c.problem = str(e) or type(e).__name__
        for c in self.contenders:
            if c.check and not c.problem:
                try:
                    c.problem = c.check()
                except (Failed, OSError) as e:
                    c.problem = str(e)
        return self

    def peer(self, name):
        return next((c for c in self.contenders if c.name == name), None)

    def ratio(self, peer):
        """Of values of the same round, since a machine's mood lasts longer than a round."""
        pairs = [a / b for a, b in zip(self.contenders[0].values, peer.values) if b]
        return statistics.median(pairs) if pairs else None

    def verdicts(self):
        """(goal, peer's value, ratio or own value, what to say)"""
        own = self.contenders[0]
        for goal in self.goals:
            peer = self.peer(goal.peer) if goal.peer else own
            if own.problem or own.value is None:
                yield goal, None, None, f'failed: {own.problem}'
            elif peer is None or peer.problem or peer.value is None:
                yield goal, None, None, f'no peer: {peer.problem if peer else "not here"}'
            else:
                value = self.ratio(peer) if goal.peer else own.value
                even = goal.peer and goal.bound == 1 and own.overlaps(peer)
                verdict = 'met' if goal.met(value) else 'even: the spreads overlap' if even else 'MISSED'
                yield goal, peer.value, value, verdict


class Series:
    """How something grows: one value for each x, for several things. Axes are logarithmic."""
    def __init__(self, name, x, unit, lines):
        self.name, self.x, self.unit, self.lines = name, x, unit, lines	# lines: {label: [(x, value)]}


def number(v):
    if v is None:
        return '-'
    if v == int(v) and abs(v) < 1e6:
        return str(int(v))
    return f'{v:,.0f}' if abs(v) >= 100 else f'{v:.2f}' if abs(v) >= 1 else f'{v:.3f}'


def spread(c):
    return f'{number(min(c.values))}-{number(max(c.values))}' if len(c.values) > 1 else ''


def print_figure(f):
    own = f.contenders[0]
    print(f'\n{f.name} ({f.unit})')
    print(f'    {own.command}')
    print(f'    {own.name:28} {number(own.value):>9}  {spread(own):16} {extras(own)}'
          + (f'WRONG: {own.problem}' if own.problem else ''))
    for c in f.contenders[1:]:
        r = f.ratio(c)
        print(f'    {c.name:28} {number(c.value):>9}  {spread(c):16} {"x " + number(r) if r else "":9} {extras(c)}' +
              (f'WRONG: {c.problem}' if c.problem else ''))
    for goal, _, value, verdict in f.verdicts():
        print(f'    goal: {"against " + goal.peer if goal.peer else f.unit} {goal}: {number(value)} {verdict}')


def extras(c):
    return ''.join(f'{k} {number(v)}; ' for k, v in c.extra.items())


def escape(text):
    return text.replace('|', '\\|')


def goals_table(figures):
    rows = ['| figure | sffs | peer | ratio | goal | |', '|---|---|---|---|---|---|']
    for f in figures:
        for goal, peer, value, verdict in f.verdicts():
            against = f'{number(peer)} {f.unit} ({goal.peer})' if goal.peer else ''
            rows.append(f'| {f.name} | {number(f.contenders[0].value)} {f.unit} | {escape(against)} | '
                        f'{number(value) if goal.peer else ""} | {goal} | {escape(verdict)} |')
    return '\n'.join(rows)


def shortfalls(figures):
    """Why a goal, or what was to be reached beyond it, is not met; a reason once."""
    short = {}
    for f in figures:
        for goal, _, value, _ in f.verdicts():
            if goal.why and value is not None and not goal.met(value, goal.reach):
                short.setdefault((f.name, goal.why), []).append(f'against {goal.peer}' if goal.peer else str(goal))
    return [f'- {name}, {" and ".join(goals)}: {why}' for (name, why), goals in short.items()]


def figure_table(f):
    rows = [f'### {f.name}', '']
    if f.note:
        rows += [f.note, '']
    rows += [f'| {f.unit} | median | spread | sffs / it | also | command |', '|---|---|---|---|---|---|']
    for c in f.contenders:
        ratio = f.ratio(c) if c is not f.contenders[0] else None
        value = f'**{number(c.value)}**' if c is f.contenders[0] else number(c.value)
        also = extras(c).rstrip('; ') + (f' **wrong or not done: {c.problem}**' if c.problem else '')
        rows.append(f'| {escape(c.name)} | {value} | {spread(c)} | {number(ratio) if ratio else ""} | '
                    f'{escape(also)} | `{escape(c.command)}` |')
    return '\n'.join(rows + [''])


def series_table(s):
    xs = sorted({x for points in s.lines.values() for x, _ in points})
    rows = [f'### {s.name}', '', f'| {s.x} | ' + ' | '.join(number(x) for x in xs) + ' |', '|---|' + '---|' * len(xs)]
    for label, points in s.lines.items():
        values = dict(points)
        rows.append(f'| {label} | ' + ' | '.join(number(values.get(x)) for x in xs) + ' |')
    return '\n'.join(rows + [''])


COLOURS = ('#1b6ca8', '#c2410c', '#15803d', '#7e22ce', '#a16207', '#be123c', '#0f766e', '#52525b')


def powers(low, high):
    """The powers of ten around what is drawn, as exponents."""
    def exponent(v):
        e = 0
        while v >= 10 ** (e + 1):
            e += 1
        while v < 10 ** e:
            e -= 1
        return e
    first, last = exponent(low), exponent(high)
    return first, last + 1 if high > 10 ** last else max(last, first + 1)


def svg(s):
    """A plot with two logarithmic axes: what grows in proportion is a straight line of 45 degrees."""
    import math
    width, height, left, top, right, bottom = 760, 420, 60, 36, 250, 44
    points = [(x, y) for line in s.lines.values() for x, y in line if y and y > 0]
    x0, x1 = powers(min(x for x, _ in points), max(x for x, _ in points))
    y0, y1 = powers(min(y for _, y in points), max(y for _, y in points))

    def px(x):
        return left + (math.log10(x) - x0) / (x1 - x0) * (width - left - right)

    def py(y):
        return height - bottom - (math.log10(y) - y0) / (y1 - y0) * (height - top - bottom)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           f'font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{left}" y="20" font-size="14" font-weight="bold">{s.name} ({s.unit})</text>']
    for e in range(x0, x1 + 1):
        x = px(10 ** e)
        out.append(f'<path d="M{x:.1f} {top}V{height - bottom}" stroke="#ddd"/>'
                   f'<text x="{x:.1f}" y="{height - bottom + 16}" text-anchor="middle">{10 ** e:,}</text>')
    for e in range(y0, y1 + 1):
        y = py(10 ** e)
        out.append(f'<path d="M{left} {y:.1f}H{width - right}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10 ** e:g}</text>')
    out.append(f'<text x="{(left + width - right) / 2}" y="{height - 8}" text-anchor="middle">{s.x}</text>')
    for i, (label, line) in enumerate(s.lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        at = [(px(x), py(y)) for x, y in sorted(line) if y and y > 0]
        out.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                   + ' '.join(f'{x:.1f},{y:.1f}' for x, y in at) + '"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at]
        y = top + 14 + 20 * i
        out.append(f'<path d="M{width - right + 14} {y}h18" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{width - right + 38}" y="{y + 4}">{label}</text>')
    return '\n'.join(out + ['</svg>', ''])
