# views.py VIEW DATA MOUNT: names the documents of DATA whose VIEW is not what Python's csv module reads; prints nothing
# if all are right.
import csv, io, json, os, sys

view, data, mount = sys.argv[1:]
csv.field_size_limit(1 << 30)
ESCAPES = {'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}


def cells_of_file(path):
    with open(path, 'rb') as f:
        raw = f.read()
    text = raw.decode('utf-8-sig') if not raw.startswith((b'\xff\xfe', b'\xfe\xff')) else raw.decode('utf-16')
    delimiter = '\t' if path.endswith('.tsv') else max(',;\t|', key=text.split('\n', 1)[0].count)
    return [r for r in csv.reader(io.StringIO(text, newline=''), delimiter=delimiter) if r]


def unescape(cell):
    out, it = [], iter(cell)
    for c in it:
        out.append(ESCAPES[next(it)] if c == '\\' else c)
    return ''.join(out)


def cells_of_view(path):
    if view == 'table.csv':
        with open(path, encoding='utf-8', newline='') as f:
            return list(csv.reader(f))
    with open(path, encoding='utf-8', newline='\n') as f:
        lines = f.read().split('\n')
    assert lines.pop() == '', 'no newline at the end'
    if view == 'table.tsv':
        return [[unescape(c) for c in line.split('\t')] for line in lines]
    return [list(json.loads(line).items()) for line in lines]


def wanted(records):
    if view in ('table.tsv', 'table.csv'):
        return [r + [''] * (len(records[0]) - len(r)) for r in records]
    return [list(zip(records[0], r)) for r in records[1:]]


for name in sorted(os.listdir(data)):
    title = name.rsplit('.', 1)[0]
    if [n.rsplit('.', 1)[0] for n in os.listdir(data)].count(title) > 1 and not name.endswith('.csv'):
        title = name
    path = os.path.join(mount, 'documents', title, name)
    try:
        with open(path, 'rb') as f, open(os.path.join(data, name), 'rb') as g:
            assert f.read() == g.read(), 'not the same document'
        assert cells_of_view(os.path.join(mount, 'parsed', title,
                                          view)) == wanted(cells_of_file(os.path.join(data, name))), 'differs'
    except Exception as e:
        print(name, e)
