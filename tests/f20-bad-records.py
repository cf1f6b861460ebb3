#!/usr/bin/env python3
"""
Pages of bad records: a record that cannot be served is left out, with one line in the log; one that can be mended is
mended; all others are served. The pages come from the org, with one change in each record. For tests/f20-bad-records.t.
"""
import json, os, subprocess, sys, urllib.parse, urllib.request
sys.path.insert(0, os.path.dirname(__file__))
import front as fronts

BUILD, TMP = os.environ['BUILD'], os.environ['TMP']
number, failed = 0, False


def check(what, got, want):
    global number, failed
    number += 1
    print(('ok' if got == want else 'not ok') + f' {number} - {what}')
    if got != want:
        failed = True
        print(f'# got:  {got}\n# want: {want}')


def put(path, value):
    """A change of a record: the member at the path."""
    def change(whole):
        record = whole
        *way, last = path.split('.')
        for part in way:
            record = record[part]
        record[last] = value
        return whole
    change.what = f'{path} = {json.dumps(value)[:60]}'
    return change


def both(one, other):
    def change(record):
        return other(one(record))
    change.what = f'{one.what}, {other.what}'
    return change


def drop(path):
    def change(record):
        del record[path]
        return record
    change.what = f'no {path}'
    return change


def become(value):
    def change(record):
        return value
    change.what = f'{json.dumps(value)} instead of a record'
    return change


def raw(path, text):
    """Sets the member to this JSON text, as it stands."""
    def change(record):
        RAW.append((f'"RAW{len(RAW)}WAR"', text))
        return put(path, RAW[-1][0][1:-1])(record)
    change.what = f'{path} = {text[:60]}'
    return change


RAW = []
# A record with one of these changes cannot be served.
LEFT_OUT = [
    become(None), become(7), become('x'), become([]), become({}),
    drop('Id'), put('Id', None), put('Id', 7), put('Id', {}), put('Id', ''), put('Id', '001000000000001AAA'),
    put('Id', '069000000000001'),
    put('Id', "069' OR Id != '06"), put('Id', '069/../../../00000'),
    drop('ContentSize'), put('ContentSize', None), put('ContentSize', -1), put('ContentSize', '12'),
    put('ContentSize', 1e300), put('ContentSize', 12.5),
    both(put('ContentSize', None), put('LatestPublishedVersion.ContentLocation', '')),
    drop('CreatedDate'), put('CreatedDate', None), put('CreatedDate', 12), put('CreatedDate', 'yesterday'),
    put('CreatedDate', '2024-13-01T00:00:00.000+0000'),
    drop('SystemModstamp'), put('SystemModstamp', None),
    drop('LatestPublishedVersionId'), put('LatestPublishedVersionId', None),
    put('LatestPublishedVersionId', '069000000000001AAA'),
]
MENDED = 7      # invalid escapes in SERVED
# A record with one of these changes can be served, under this name (None: its own).
SERVED = [
    (put('Unknown', {'a': [1, {'b': None}]}), None), (put('Title', 'Caf\u00e9 \U0001f600'), 'Caf\u00e9 \U0001f600'),
    (drop('Title'), '_'), (put('Title', None), '_'), (put('Title', 7), '_'), (put('Title', {}), '_'),
    (put('Title', ''), '_'),
    (put('Title', 'a/b'), None), (put('Title', '..'), None), (put('Title', '.'), None), (put('Title', '-rf'), None),
    (put('Title', 'a\nb\x07'), None),
    (put('Title', 'x' * 5000), None), (put('Title', '\u202egnp.exe'), None),
    (raw('Title', '"lone \\ud800 surrogate"'), 'lone \ufffd surrogate'), (raw('Title', '"low \\udc00"'), 'low \ufffd'),
    (raw('Title', '"two \\ud800\\ud800"'), None),
    (raw('Title', '"cut\\u0000off"'), None), (raw('Title', '"odd \\u00zz escape"'), None),
    (raw('Title', '"no \\x escape"'), None),
    (raw('Title', '"bytes \udcff\udcfe"'), None), (raw('Title', '"overlong \udcc0\udcaf"'), None),
    (raw('Title', '"control \x01\x1b[2J"'), None),
    (put('Description', 'y' * 40000), None), (put('Description', 5), None),
    (put('FileExtension', '../../etc/passwd'), None), (put('FileExtension', 'e' * 600), None),
    (put('FileType', []), None), (put('ContentModifiedDate', None), None), (put('OwnerId', 'nobody'), None),
    (put('IsDeleted', 'true'), None),
    (put('LatestPublishedVersion', None), None), (put('LatestPublishedVersion', 'x'), None),
    (put('LatestPublishedVersion.Checksum', None), None),
    (put('LatestPublishedVersion.Checksum', 'abc'), None), (put('attributes', None), None),
]

# Extensions as an org may hold them, and what becomes of each in the name.
EXTENSIONS = {'csv': 'csv', '.csv': 'csv', 'CSV': 'CSV', '.CSV': 'CSV', ' csv ': 'csv', '..csv': 'csv', 'csv.': 'csv',
              '\tcsv\r\n': 'csv',
              'tar.gz': 'tar.gz', '.': '', ' ': '', '': '', None: ''}
SERVED += [(put('FileExtension', e), None) for e in EXTENSIONS]


def api(path, form=None, token=None):
    request = urllib.request.Request(f'https://127.0.0.1:{front.port}{path}',
                                     urllib.parse.urlencode(form).encode() if form else None,
                                     {'Authorization': f'Bearer {token}'} if token else {})
    return json.load(urllib.request.urlopen(request, context=front.to_org))


def mount():
    p = subprocess.run([f'{BUILD}/sffs', '-o', 'tries=2,timeout=10,refresh=3600', 'sim', mnt], stdin=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True, timeout=60)
    return p.returncode, p.stderr


def unmount():
    subprocess.run(['fusermount3', '-u', mnt], check=True)


def log():
    with open(f'{mnt}/.sffs/log') as f:
        return [l.split(': ', 1)[1] for l in f.read().splitlines()]


def refresh():
    fd = os.open(f'{mnt}/.sffs/refresh', os.O_WRONLY)
    try:
        os.write(fd, b'now\n')
        return 'ok'
    except OSError as e:
        return e.strerror
    finally:
        os.close(fd)


def encode(page):
    text = json.dumps(page)
    for mark, instead in RAW:
        text = text.replace(mark, instead)
    return text.encode('utf-8', 'surrogateescape')


def reply(body):
    front.set('reply', r'^GET \S*/query(All)?\?q=SELECT Id,Title', fronts.sized('200 OK', body))


mnt, data = f'{TMP}/mnt', f'{TMP}/data'
count = len(LEFT_OUT) + len(SERVED) + 3
os.makedirs(data)
for i in range(count):
    with open(f'{data}/d{i:03}.txt', 'w') as f:
        f.write(f'content {i}\n' * (i + 1))
org_port = fronts.free_port()
front = fronts.Front(TMP, org_port)
cert, key = fronts.make_certificate(TMP, 'front')
org = subprocess.Popen([f'{BUILD}/sffs-org', '--data', data, '--port', str(org_port), '--front', str(front.port),
                        '--tls-cert', cert, '--tls-key', key],
                       stdout=subprocess.PIPE, text=True)
config = {}
with open(os.environ['XDG_CONFIG_HOME'] + '/sffs/config', 'w') as f:
    os.fchmod(f.fileno(), 0o600)
    for line in org.stdout:
        f.write(line)
        config.update([line.rstrip('\n').split(' = ', 1)] if ' = ' in line else [])
        if line.startswith('client_secret'):
            break
    f.write(f'ca_file = {cert}\n')
try:
    token = api('/services/oauth2/token',
                {'grant_type': 'client_credentials', 'client_id': config['client_id'],
                 'client_secret': config['client_secret']})
    check('a mount of sound records starts', mount()[0], 0)
    unmount()
    line = [r for r in front.requests if 'SELECT Id,Title' in r][0]
    soql = line.split('?q=')[1]
    page = api('/services/data/v62.0/query?q=' + urllib.parse.quote(soql), token=token['access_token'])
    check('the org gives the page of records', (len(page['records']), page['done']), (count, True))

    # Each record has one change. Three more records are as they were, and one of them comes twice.
    records, contents = [], {}
    for i, change in enumerate(LEFT_OUT + [c for c, _ in SERVED]):
        record = page['records'][i]
        contents[i] = record['Title']
        records.append(change(record))
    records += page['records'][-3:] + [page['records'][-1]]
    bad = encode(dict(page, records=records, totalSize=len(records)))
    subprocess.run(['rm', '-rf', os.environ['XDG_CACHE_HOME'] + '/sffs'], check=True)
    reply(bad)
    status, said = mount()
    check('a mount of a page with bad records starts', status, 0)
    check('the log has one line for each bad record', said,
          f'sffs: {MENDED} invalid escapes in an answer, shown as U+FFFD or ?\n'
          f'sffs: query: {len(LEFT_OUT)} of {len(records)} records left out: no usable Id, version, size or date\n')
    names = os.listdir(f'{mnt}/documents')
    check('each record that can be served has one name', len(names), len(SERVED) + 3)
    by_version = {}
    for name in names:
        with open(f'{mnt}/documents/{name}/metadata.json' if os.path.exists(f'{mnt}/documents/{name}/metadata.json')
                  else '/dev/null') as f:
            by_version[json.load(f)['LatestPublishedVersionId']] = name
    wrong = []
    for i, (change, name) in enumerate(SERVED):
        got = by_version.get(records[len(LEFT_OUT) + i]['LatestPublishedVersionId'])
        if got is None:
            wrong.append(f'{change.what}: not there')
            continue
        if name and got != name and not got.startswith(f'{name} (') and got != f'{name}.txt':
            wrong.append(f'{change.what}: {got!r}, not {name!r}')
        if got in ('.', '..') or got[0] in '.-' or len(os.fsencode(got)) > 255 or any(ord(c) < 32 for c in got):
            wrong.append(f'{change.what}: is called {got!r}')
        inside = [f for f in os.listdir(f'{mnt}/documents/{got}') if not f.endswith('.json') and f != 'parsed']
        with open(f'{mnt}/documents/{got}/content') as f, open(f'{data}/{contents[len(LEFT_OUT) + i]}.txt') as want:
            if f.read() != want.read():
                wrong.append(f'{change.what}: other bytes')
        if len(inside) != 1:
            wrong.append(f'{change.what}: {inside} are in it')
    check('each served record has a safe name and its bytes', wrong, [])
    wrong = []
    for i, extension in enumerate(EXTENSIONS):
        record = records[len(records) - 4 - len(EXTENSIONS) + i]
        name = by_version[record['LatestPublishedVersionId']]
        file, views = f'{record["Title"]}.{EXTENSIONS[extension]}'.rstrip('.'), EXTENSIONS[extension].lower() == 'csv'
        if not os.path.exists(f'{mnt}/documents/{name}/{file}') or \
           os.path.exists(f'{mnt}/parsed/{name}/header') != views:
            wrong.append(f'{extension!r}: {os.listdir(f"{mnt}/documents/{name}")}')
    check('an extension has no dot and no blank around it, and csv has views', wrong, [])
    before = len(log())
    check('a refresh with the same bad records succeeds', refresh(), 'ok')
    check('a refresh with the same bad records changes no name', sorted(os.listdir(f'{mnt}/documents')), sorted(names))
    check('a refresh with the same bad records logs two lines', len(log()) - before, 2)
    front.clear()

    # Pages that are wrong as a whole: sffs uses nothing of them.
    good = page['records'][-2:]
    whole = {
        'no records': {'done': True, 'totalSize': 2},
        'records that are none': {'done': True, 'totalSize': 1, 'records': 'x'},
        'no end': {'totalSize': 2, 'records': good},
        'an end that is none': {'done': 1, 'totalSize': 2, 'records': good},
        'more without a place': {'done': False, 'totalSize': 2, 'records': good},
        'more on another host': {'done': False, 'totalSize': 2, 'records': good,
                                 'nextRecordsUrl': 'https://evil.example.com/services/data/v62.0/query/01g'},
        'more, but nothing here': {'done': False, 'totalSize': 2, 'records': [],
                                   'nextRecordsUrl': '/services/data/v62.0/query/01gx-2000'},
        'an array': [good], 'a text': 'x',
    }
    for what, body in whole.items():
        reply(json.dumps(body).encode())
        before = len(log())
        check(f'{what}: the refresh fails and the log says why',
              (refresh(), [l for l in log()[before:] if 'not a page of records' in l] != []),
              ('Input/output error', True))
        front.clear()
        refresh()
    front.set('reply', r'^GET \S*/query',
              fronts.sized('200 OK', json.dumps({'done': False, 'totalSize': 2, 'records': good,
              'nextRecordsUrl': '/services/data/v62.0/query/01gx-2000'}).encode()))
    check('a page that leads to itself is an error', refresh(), 'Input/output error')
    check('a page that leads to itself is asked for less than five times', len(front.requests) < 5, True)
    front.clear()
    check('when the org sends sound records again the names are there',
          (refresh(), sorted(os.listdir(f'{mnt}/documents')) != []),
          ('ok', True))
    unmount()
finally:
    subprocess.run(['fusermount3', '-uz', mnt], stderr=subprocess.DEVNULL)
    org.terminate()
sys.stdout.flush()
os._exit(1 if failed else 0)
