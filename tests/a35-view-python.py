# The judge of a35-view-python: computes each view by Python's csv module and the rules of the views.
#
# Bytes are text of the same code points (latin-1), so that bytes which are not UTF-8 survive.
import csv, io, os, random, re, subprocess, sys

csv.field_size_limit(1 << 40)
VIEWS = ['header', 'table.tsv', 'rows.jsonl', 'table.csv', 'columns', 'info.tsv', 'errors.tsv']
HELD = '\uE000'         # stands for a quote that is a character


def close_of(text, i, limit):
    """Where the quote is that closes the one at i; -1: nowhere within the limit."""
    end = i + 1
    while True:
        end = text.find('"', end, i + limit + 2)
        if end < 0 or text[end + 1:end + 2] != '"':
            return end
        end += 2


def quotes_as_characters(text, delimiter, limit):
    """The text with each quote that is not closed within the limit held back from csv.reader."""
    out, start, i = [], True, 0
    while i < len(text):
        c = text[i]
        if start and c == '"':
            end = close_of(text, i, limit)
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


def parts(cell, limit):
    """The parts of a cell above the limit, each judged by itself; cut between characters."""
    out = []
    while len(cell) > limit:
        cut = limit
        for back in range(1, 4):
            c = ord(cell[limit - back])
            if c & 0xc0 != 0x80:
                if (4 if c >= 0xf0 else 3 if c >= 0xe0 else 2 if c >= 0xc0 else 1) > back:
                    cut = limit - back
                break
        out.append(cell[:cut])
        cell = cell[cut:]
    return out + [cell]


def as_utf8(cell, limit):
    """A cell where UTF-8 is a must."""
    return ''.join(part if is_utf8(part) else from_1252(part) for part in parts(cell, limit))


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


def faults(text, delimiter, limit, offset):
    """The cells, read without csv.reader, and what is odd about them: (offset, record, column, code)."""
    records, found, line, blank, i = [], [], [], 0, 0
    width, style, start = 0, None, 0
    while i < len(text) or line:
        begin, told = i, {}
        cell = ''
        if text[i:i + 1] == '"':
            close = close_of(text, i, limit)
            if close < 0:
                told['unclosed-quote'] = i
                cell, i = '"', i + 1
            else:
                cell, i = text[i + 1:close].replace('""', '"'), close + 1
                if i < len(text) and text[i] not in '\r\n' + delimiter:
                    told['text-after-quote'] = i
        end = i
        while end < len(text) and text[end] not in '\r\n' + delimiter:
            end += 1
        if '"' in text[i:end]:
            told['quote-in-text'] = text.index('"', i)
        cell += text[i:end]
        i = end
        if any(not is_utf8(part) for part in parts(cell, limit)):
            told['invalid-utf8'] = begin
        if i < len(text) and text[i] == delimiter:
            last, i = False, i + 1
        else:
            last = 'end' if i == len(text) else 'crlf' if text[i:i + 2] == '\r\n' else text[i]
        if last and begin == end and not line:       # nothing on the line
            if width != 1:
                blank += last != 'end'
                i += {'end': 0, 'crlf': 2}.get(last, 1)
                start = i
                continue
            if last == 'end':
                break
        line.append(cell)
        found += [(offset(at), len(records), len(line), code) for code, at in told.items()]
        if not last:
            if i == len(text):                       # a delimiter ends the text: an empty cell is behind it
                line.append('')
                last = 'end'
            else:
                continue
        width, style = width or len(line), style or last
        if len(line) != width:
            found.append((offset(start), len(records), len(line),
                          'short-record' if len(line) < width else 'long-record'))
        if last == '\r' and style != '\r':
            found.append((offset(i), len(records), len(line), 'bare-cr'))
        records.append(line)
        line, i = [], i + {'end': 0, 'crlf': 2}.get(last, 1)
        start = i
    return records, found, blank


def quoted(cell, always=False):
    return '"' + cell.replace('"', '""') + '"' if always or re.search('[",\r\n]', cell) else cell


def views(records, limit):
    keys, offset = [], 0
    out = {name: '' for name in VIEWS}
    if records:
        header, rows = records[0], records[1:]
        widest = max(map(len, records))
        keys = unique(header)
        extra = keys + [free_name('_%d' % (i + 1), keys) for i in range(len(keys), widest)]
        head = '\t'.join(map(tsv, header)) + '\n'
        offset = len(head)
        out['header'] = head.replace('\t', '\n')
        out['table.tsv'] = head + ''.join('\t'.join(map(tsv, row + [''] * (len(header) - len(row)))) + '\n'
                                          for row in rows)
        out['rows.jsonl'] = ''.join('{' + ','.join(json(k) + ':' + json(as_utf8(v, limit)) for k, v in zip(extra, row))
                                    + '}\n' for row in rows)
        out['table.csv'] = ','.join(map(quoted, extra)) + '\n' + ''.join(
            ','.join(quoted(as_utf8(v, limit), len(v) > limit or widest == 1 and not v) for v in row
                     + [''] * (widest - len(row))) + '\n' for row in rows)
        out['columns'] = ''.join(tsv(row[i]) + '\n' if i < len(row) else '\n' for i in range(len(header))
                                 for row in rows)
    return out, offset


class Views:
    def __init__(self, program):
        self.process = subprocess.Popen([program, 'serve'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def numbers(self):
        line = self.process.stdout.readline()
        if not line:
            raise EOFError('the program that makes the views has ended: %s' % self.process.wait())
        return list(map(int, line.split()))

    def make(self, data, delimiter, limit, step, encoding):
        self.process.stdin.write(b'%d %d %d %s %d\n' % (ord(delimiter), limit, step, encoding.encode(), len(data))
                                 + data)
        self.process.stdin.flush()
        rc, offset, columns = self.numbers()
        assert rc == 0, 'survey: %d' % rc
        made = {}
        for name in VIEWS:
            rc, size, length = self.numbers()
            made[name] = self.process.stdout.read(length).decode('latin-1')
            assert rc == 0, '%s: %d, size %d, length %d' % (name, rc, size, length)
            assert size == length, '%s: size %d, length %d' % (name, size, length)
        made['places'] = [self.numbers() for _ in range(columns)]
        return made, offset


# Inputs. Each kind is a function of the random numbers.
def well_formed(r, delimiter):
    cell = lambda: r.choice(['', 'a', ' b ', 'long cell', '"q"', '"a""b"', '"x%sy"' % delimiter, '"l\nm"', '"l\r\nm"',
                             '1', '\t', '\\', 'h\xc3\xa9'])
    width = r.randint(1, 5)
    line = lambda: delimiter.join(cell() for _ in range(width))
    end = r.choice(['\n', '\r\n', '\r'])
    return end.join(line() for _ in range(r.randint(0, 9))) + r.choice(['', end])


def raw(r, delimiter):
    return ''.join(r.choice('ab"", \t\n\r\n\\' + delimiter) for _ in range(r.randint(0, 60)))


def quotes(r, delimiter):
    return ''.join(r.choice(['"', '"', '""', delimiter, 'a', '\n']) for _ in range(r.randint(0, 60)))


def any_bytes(r, delimiter):
    return ''.join(chr(r.choice([r.randint(0, 255), r.choice(b'",\n\r;'), ord(delimiter)]))
                   for _ in range(r.randint(0, 80)))


def utf8_and_not(r, delimiter):
    return ''.join(r.choice(['\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xe9', '\x80', 'a', '"', delimiter,
                             delimiter, '\n', '\x00', '\x1f', '\x7f'])
                   for _ in range(r.randint(0, 60)))


def names(r, delimiter):
    header = delimiter.join(r.choice(['', 'a', 'a', 'a_2', 'a_2_2', '_1', '_3', '_3_2', '_5', '\xe9', '\xc3\xa9'])
                            for _ in range(r.randint(1, 8)))
    return header + '\n' + '\n'.join(delimiter.join('x' * r.randint(0, 2) for _ in range(r.randint(1, 9)))
                                     for _ in range(r.randint(0, 4)))


def altered(r, delimiter):
    text = list(well_formed(r, delimiter) + '\n' + well_formed(r, delimiter))
    for _ in range(r.randint(1, 4)):
        if text:
            text[r.randrange(len(text))] = r.choice(['"', '""', '', ' ', '\r', '\n', delimiter, 'x'])
    return ''.join(text)


KINDS = [well_formed, raw, quotes, any_bytes, utf8_and_not, names, altered]


def info_wanted(info, records, found, blank, keys):
    """The lines of info.tsv that follow from the cells."""
    count = lambda code: sum(f[3] == code for f in found)
    ragged = count('short-record') + count('long-record')
    wanted = {'clean': 'no' if found else 'yes', 'records': max(len(records) - 1, 0),
              'columns': len(records[0]) if records else 0,
              'widest': max(map(len, records), default=0), 'short': count('short-record'), 'long': count('long-record'),
              'repairs': len(found) - ragged,
              'blank-lines': blank,
              'formulas': sum(cell[:1] in tuple('=+-@\t\r\0') for row in records[1:] for cell in row),
              'renamed': sum(a != b for a, b in zip(keys, records[0])) if records else 0}
    for code in 'unclosed-quote', 'text-after-quote', 'quote-in-text', 'bare-cr', 'invalid-utf8':
        wanted[code] = count(code)
    lines = dict(line.split('\t') for line in info.splitlines())
    return ''.join('%s\t%s\n' % (key, wanted.get(key, value)) for key, value in lines.items())


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
            if text.lower().startswith(('sep=', '"sep=')) or text.startswith(('\xff\xfe', '\xfe\xff', '\xef\xbb\xbf',
                                                                              '\0\0\xfe\xff')):
                continue
            encoding = r.choice(['UTF-8', 'UTF-8', 'windows-1252', '-', 'UTF-16LE'])
            data = (sep + text).encode('latin-1')
            if encoding == '-' and data.count(0) >= 4 and not (0 in data[::2] and 0 in data[1::2]):
                continue        # it may be taken for UTF-16 without a mark
            offset = lambda at: len(sep) + at
            chars = lambda at: text[:at].encode('latin-1').decode()
            if encoding == 'windows-1252' or (encoding == '-' and not is_utf8(sep + text)):
                text = from_1252(text)
                offset = lambda at: len(sep + chars(at))
            elif encoding == 'UTF-16LE':
                text = text if is_utf8(text) else from_1252(text)
                data = (sep + text).encode('latin-1').decode().encode('utf-16le')
                offset = lambda at: len((sep + chars(at)).encode('utf-16le'))
            records = parse(text, delimiter, limit)
            scanned, found, blank = faults(text, delimiter, limit, offset)
            assert scanned == records, (scanned, records)
            want, want_offset = views(records, limit)
            got, offset = made.make(data, delimiter, limit, step, encoding)
            want['info.tsv'] = info_wanted(got['info.tsv'], records, found, blank,
                                           unique(records[0]) if records else [])
            # In their order, but for what is odd about one cell in several ways.
            want['errors.tsv'] = 'offset\trecord\tcolumn\tcode\n' + ''.join(sorted('%d\t%d\t%d\t%s\n' % f
                                                                                   for f in found))
            first, rest = (got['errors.tsv'].split('\n', 1) + [''])[:2]
            got['errors.tsv'] = first + '\n' + ''.join(sorted(rest.splitlines(True)))
            want['places'] = []
            for column in range(len(records[0]) if records else 0):
                size = sum(len(tsv(row[column])) if column < len(row) else 0 for row in records[1:]) + len(records) - 1
                want['places'].append([sum(place[1] for place in want['places']), size])
            for name in got:
                if got[name] != want[name] or offset != want_offset:
                    wrong += 1
                    if wrong < 4:
                        print('# round %d, limit %d, step %d, %s, %s: %r\n# got:  %r\n# want: %r' %
                              (i, limit, step, encoding, name, data, got[name], want[name]))
        print('%sok %d - %s: the views are those of Python'
              % ('not ' if wrong else '', number, kind.__name__.replace('_', ' ')), flush=True)
        failed += bool(wrong)
    print('1..%d' % len(KINDS))
    return failed


if __name__ == '__main__':
    sys.exit(run(sys.argv[1], int(os.environ.get('A35_ROUNDS', '3500')), os.environ.get('A35_SEED', '1')) != 0)
