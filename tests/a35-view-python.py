# The judge of a35-view-python: what each view must be, by Python's csv module and the rules of the views.
#
# Bytes are handled as text of the same code points (latin-1), so that what is not UTF-8 comes through.
import csv, io, os, random, subprocess, sys

csv.field_size_limit(1 << 40)
VIEWS = ['header', 'table.tsv', 'rows.jsonl']
HELD = '\uE000'         # stands for a quote that is a character


def quotes_as_characters(text, delimiter, limit):
    """The text with each quote that is not closed within the limit held back from csv.reader."""
    out, start, i = [], True, 0
    while i < len(text):
        c = text[i]
        if start and c == '"':
            end = i + 1
            while True:
                end = text.find('"', end, i + limit + 2)
                if end < 0 or text[end + 1:end + 2] != '"':
                    break
                end += 2
                if end >= i + limit + 2:
                    end = -1
                    break
            if end < 0:
                out.append(HELD)
                i += 1
            else:
                out.append(text[i:end + 1])
                i = end + 1
            start = False
        else:
            out.append(c)
            start = c in '\r\n' or c == delimiter
            i += 1
    return ''.join(out)


def parse(text, delimiter, limit):
    text = quotes_as_characters(text, delimiter, limit)
    probe = list(csv.reader(io.StringIO(text + '\nX', newline=''), delimiter=delimiter))
    assert probe[-1] == ['X'], 'a quote was left open'
    records = []
    for record in csv.reader(io.StringIO(text, newline=''), delimiter=delimiter):
        record = [cell.replace(HELD, '"') for cell in record]
        if record:
            records.append(record)
        elif records and len(records[0]) == 1:
            records.append([''])
    return records


def from_1252(cell):
    return ''.join(bytes([ord(c)]).decode('cp1252', 'ignore') or c for c in cell).encode().decode('latin-1')


def is_utf8(cell):
    try:
        cell.encode('latin-1').decode()
        return True
    except UnicodeDecodeError:
        return False


def as_utf8(cell, limit):
    """A cell where UTF-8 is a must; one above the limit is judged in parts."""
    out = ''
    while len(cell) > limit:
        cut = limit
        for back in range(1, 4):
            c = ord(cell[limit - back])
            if c & 0xc0 != 0x80:
                if (4 if c >= 0xf0 else 3 if c >= 0xe0 else 2 if c >= 0xc0 else 1) > back:
                    cut = limit - back
                break
        out += as_utf8(cell[:cut], limit)
        cell = cell[cut:]
    return out + (cell if is_utf8(cell) else from_1252(cell))


TSV = {'\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\'}
JSON = {**TSV, '"': '\\"'}


def tsv(cell):
    return ''.join(TSV.get(c, c) for c in cell)


def json(cell):
    return '"' + ''.join(JSON.get(c) or ('\\u%04x' % ord(c) if c < ' ' or c == '\x7f' else c) for c in cell) + '"'


def free_name(name, taken):
    n = 2
    while (name if n == 2 else '%s_%d' % (name, n - 1)) in taken:
        n += 1
    return name if n == 2 else '%s_%d' % (name, n - 1)


def unique(header):
    keys = []
    for i, name in enumerate(header):
        name = name if is_utf8(name) else from_1252(name)
        keys.append(free_name(name or '_%d' % (i + 1), keys))
    return keys


def views(records, limit):
    if not records:
        return {'header': '', 'table.tsv': '', 'rows.jsonl': ''}, 0
    header, rows = records[0], records[1:]
    keys = unique(header)
    head = '\t'.join(map(tsv, header)) + '\n'
    table = [head]
    lines = []
    for row in rows:
        table.append('\t'.join(map(tsv, row + [''] * (len(header) - len(row)))) + '\n')
        names = [keys[i] if i < len(keys) else free_name('_%d' % (i + 1), keys) for i in range(len(row))]
        lines.append('{' + ','.join(json(k) + ':' + json(as_utf8(v, limit)) for k, v in zip(names, row)) + '}\n')
    return {'header': head.replace('\t', '\n'), 'table.tsv': ''.join(table), 'rows.jsonl': ''.join(lines)}, len(head)


class Views:
    def __init__(self, program):
        self.process = subprocess.Popen([program, 'serve'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def numbers(self):
        line = self.process.stdout.readline()
        if not line:
            raise EOFError('the program that makes the views has ended: %s' % self.process.wait())
        return list(map(int, line.split()))

    def make(self, data, delimiter, limit, step, encoding):
        self.process.stdin.write(b'%d %d %d %s %d\n' % (ord(delimiter), limit, step, encoding.encode(), len(data)) + data)
        self.process.stdin.flush()
        rc, offset = self.numbers()
        assert rc == 0, 'survey: %d' % rc
        made = {}
        for name in VIEWS:
            rc, size, length = self.numbers()
            made[name] = self.process.stdout.read(length).decode('latin-1')
            assert rc == 0, '%s: %d, size %d, length %d' % (name, rc, size, length)
            assert size == length, '%s: size %d, length %d' % (name, size, length)
        return made, offset


# Inputs. Each kind is a function of the random numbers.
def well_formed(r, delimiter):
    cell = lambda: r.choice(['', 'a', ' b ', 'long cell', '"q"', '"a""b"', '"x%sy"' % delimiter, '"l\nm"', '"l\r\nm"', '1', '\t', '\\', 'h\xc3\xa9'])
    width = r.randint(1, 5)
    line = lambda: delimiter.join(cell() for _ in range(width))
    end = r.choice(['\n', '\r\n', '\r'])
    return end.join(line() for _ in range(r.randint(0, 9))) + r.choice(['', end])


def raw(r, delimiter):
    return ''.join(r.choice('ab"", \t\n\r\n\\' + delimiter) for _ in range(r.randint(0, 60)))


def quotes(r, delimiter):
    return ''.join(r.choice(['"', '"', '""', delimiter, 'a', '\n']) for _ in range(r.randint(0, 60)))


def any_bytes(r, delimiter):
    return ''.join(chr(r.choice([r.randint(0, 255), r.choice(b'",\n\r;'), ord(delimiter)])) for _ in range(r.randint(0, 80)))


def utf8_and_not(r, delimiter):
    return ''.join(r.choice(['\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xe9', '\x80', 'a', '"', delimiter, delimiter, '\n', '\x00', '\x1f', '\x7f'])
                   for _ in range(r.randint(0, 60)))


def names(r, delimiter):
    header = delimiter.join(r.choice(['', 'a', 'a', 'a_2', 'a_2_2', '_1', '_3', '_3_2', '_5', '\xe9', '\xc3\xa9']) for _ in range(r.randint(1, 8)))
    return header + '\n' + '\n'.join(delimiter.join('x' * r.randint(0, 2) for _ in range(r.randint(1, 9))) for _ in range(r.randint(0, 4)))


def altered(r, delimiter):
    text = list(well_formed(r, delimiter) + '\n' + well_formed(r, delimiter))
    for _ in range(r.randint(1, 4)):
        if text:
            text[r.randrange(len(text))] = r.choice(['"', '""', '', ' ', '\r', '\n', delimiter, 'x'])
    return ''.join(text)


KINDS = [well_formed, raw, quotes, any_bytes, utf8_and_not, names, altered]


def run(program, rounds, seed):
    made = Views(program)
    failed = 0
    for number, kind in enumerate(KINDS, 1):
        wrong = 0
        for i in range(rounds // len(KINDS)):
            r = random.Random('%s %s %d' % (seed, kind.__name__, i))
            delimiter = r.choice(',,,;\t|')
            text = kind(r, delimiter)
            limit = r.choice([1 << 20, 1 << 20, 4, 7, 20])
            step = r.choice([1 << 20, 1, 2, 3, 7])
            sep = r.choice(['', '', '', '', 'sep=%s\n' % delimiter])
            if text.lower().startswith(('sep=', '"sep=')) or text.startswith(('\xff\xfe', '\xfe\xff', '\xef\xbb\xbf', '\0\0\xfe\xff')):
                continue
            encoding = r.choice(['UTF-8', 'UTF-8', 'windows-1252', '-', 'UTF-16LE'])
            data = (sep + text).encode('latin-1')
            if encoding == 'windows-1252' or (encoding == '-' and not is_utf8(sep + text)):
                text = from_1252(text)
            elif encoding == 'UTF-16LE':
                text = text if is_utf8(text) else from_1252(text)
                data = (sep + text).encode('latin-1').decode().encode('utf-16le')
            want, want_offset = views(parse(text, delimiter, limit), limit)
            got, offset = made.make(data, delimiter, limit, step, encoding)
            for name in VIEWS:
                if got[name] != want[name] or offset != want_offset:
                    wrong += 1
                    if wrong < 4:
                        print('# round %d, limit %d, step %d, %s, %s: %r\n# got:  %r\n# want: %r' %
                              (i, limit, step, encoding, name, data, got[name], want[name]))
        print('%sok %d - %s: the views are those of Python' % ('not ' if wrong else '', number, kind.__name__.replace('_', ' ')), flush=True)
        failed += bool(wrong)
    print('1..%d' % len(KINDS))
    return failed


if __name__ == '__main__':
    sys.exit(run(sys.argv[1], int(os.environ.get('A35_ROUNDS', '3500')), os.environ.get('A35_SEED', '1')) != 0)
