#!/usr/bin/env python3
"""
Makes random changes in an org and in a model of it. After each refresh the whole tree is as in the model: names, Ids,
titles, dates, versions, sizes, checksums and, of some documents, bytes. If a refresh fails, no document disappears.

tests/f55-model.t runs this with an org and a mount point. STEPS is the number of steps; SEED repeats a run.
"""
import datetime, hashlib, json, os, random, select, signal, subprocess, sys, time, urllib.parse, urllib.request

BUILD, TMP, MNT, ORG = (os.environ[k] for k in ('BUILD', 'TMP', 'MNT', 'ORG_URL'))
STEPS, SEED = int(os.environ.get('STEPS', 60)), int(os.environ.get('SEED', time.time()))
r = random.Random(SEED)
DAY, YEAR_1, YEAR_9999, YEAR_2099 = 86400, -62135596800, 253402300799, 4070908800
SKEWS = [0, 0, 40 * DAY, -3 * DAY, 660]     # seconds
TITLES = ['Plan', 'Plan', 'Report 2024', 'Über', 'a/b', '.hidden', 'Plan.txt', 'x' * 300]
EXTENSIONS = ['txt', 'csv', 'bin']


def ask(path, /, **form):
    data = urllib.parse.urlencode(form).encode()
    return urllib.request.urlopen(f'{ORG}/_org/{path}', data, 60).read().decode()


def daemon():
    """The process that serves the mount, not its sffs-mounter."""
    pids = subprocess.run(['pgrep', '-f', f'^{BUILD}/sffs .* sim {MNT}$'], stdout=subprocess.PIPE).stdout.split()
    return int(pids[0])


def unmount():
    """Tries again while the mount is busy, since a program like df may look at all mounts just now."""
    for _ in range(100):
        done = subprocess.run(['fusermount3', '-u', MNT], stderr=subprocess.PIPE, text=True)
        if 'busy' not in done.stderr:
            break
        time.sleep(0.1)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)


class Document:
    def __init__(self, number, title, extension):
        self.number, self.title, self.extension = number, title, extension
        self.id = self.version = None
        self.versions = []
        self.created, self.modified = r.randrange(YEAR_1, YEAR_9999), r.randrange(YEAR_1, YEAR_9999)
        self.deleted = self.archived = self.hidden = False

    def listed(self):
        return not (self.deleted or self.archived or self.hidden)


def safe(name):
    """The name for a Title, as in sffs-tree(5)."""
    name = ''.join('_' if c == '/' or ord(c) < 32 or ord(c) == 127 else c for c in name)
    if name[:1] in ('.', '-'):
        name = '_' + name[1:]
    while len(name.encode()) > 255:
        name = name[:-1]
    return name


def with_extension(title, extension):
    if title.lower().endswith('.' + extension):
        return safe(title)
    name = safe(title)
    while len(name.encode()) + 1 + len(extension) > 255:
        name = name[:-1]
    return name + '.' + extension


def with_id(title, id):
    name = safe(title)
    while len(name.encode()) + 3 + len(id) > 255:
        name = name[:-1]
    return f'{name} ({id})'


def iso(seconds):
    """As in Salesforce: 0001-01-31T12:00:00."""
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat()


class Model:
    def __init__(self):
        self.documents = []
        self.files = 0
        self.need_full = False          # only a full refresh shows the last changes
        self.changed = False            # since the last refresh

    def names(self):
        """From the oldest document on, each takes the first free one of its three names."""
        taken = {}
        for d in sorted(self.documents, key=lambda d: d.created):
            if d.listed():
                for name in (safe(d.title), with_extension(d.title, d.extension), with_id(d.title, d.id)):
                    if name not in taken:
                        taken[name] = d
                        break
        return taken

    def some(self, condition):
        fitting = [d for d in self.documents if condition(d)]
        return r.choice(fitting) if fitting else None

    def content(self):
        size = r.choice((0, 1, 17, 4096, 70000, 200000))
        return ''.join(r.choices('abcdefgh,\n"', k=size)) if size < 5000 else f'{r.random()}\n' * (size // 20)

    def put(self, text):
        """Writes the text to a new file. The org reads this file when somebody downloads the document."""
        self.files += 1
        path = f'{TMP}/content-{self.files}'
        with open(path, 'w', encoding='utf8') as f:
            f.write(text)
        return path

    def change(self, op, d, **form):
        answer = ask('change', op=op, id=d.id, **form).split()
        d.version = answer[1]

    def step(self):
        kind = r.choice(('create', 'create', 'version', 'version', 'rename', 'replace', 'replace', 'delete',
                         'undelete', 'archive', 'unarchive', 'hide', 'share', 'stamp'))
        self.changed = True
        d = self.some({'undelete': lambda d: d.deleted, 'unarchive': lambda d: d.archived and not d.deleted,
                       'share': lambda d: d.hidden and not d.deleted}.get(kind, Document.listed))
        if kind == 'create' or not d:
            d = Document(len(self.documents), r.choice(TITLES), r.choice(EXTENSIONS))
            text = self.content()
            path = f'{d.title}.{d.extension}'.replace('/', '_')
            answer = ask('change', op='add', title=d.title, path=path, file=self.put(text))
            d.id, d.version = answer.split()
            d.versions.append(text)
            self.change('date', d, created=d.created, modified=d.modified)
            self.documents.append(d)
        elif kind == 'version':
            text = self.content()
            self.change('new-version', d, file=self.put(text), path=f'{d.title}.{d.extension}'.replace('/', '_'))
            d.versions.append(text)
            d.modified = None
        elif kind == 'replace':         # in place: other bytes under the same Id, often of the same size
            old = d.versions[-1]
            d.versions[-1] = ''.join(r.sample(old, len(old))) if r.random() < 0.6 else self.content()
            self.change('replace', d, file=self.put(d.versions[-1]))
        elif kind == 'rename':
            d.title, d.modified = r.choice(TITLES), None
            self.change('rename', d, to=d.title)
        elif kind == 'stamp':
            self.change('date', d, stamp=YEAR_2099)
        else:
            self.change({'hide': 'unshare'}.get(kind, kind), d)
            if kind in ('delete', 'undelete'):
                d.deleted = kind == 'delete'
            elif kind in ('archive', 'unarchive'):
                d.archived = kind == 'archive'
            else:
                d.hidden = kind == 'hide'
                self.need_full = True
        return f'{kind} {d.id} {d.title[:20]!r}'


FAULTS = [dict(kind='error', status=500), dict(kind='error', status=503), dict(kind='drop'), dict(kind='html'),
          dict(kind='garbage'), dict(kind='empty'), dict(kind='not-http'), dict(kind='drop-after', bytes=100),
          dict(kind='short', bytes=10), dict(kind='error', status=401, code='INVALID_SESSION_ID'),
          dict(kind='error', status=400, code='INVALID_QUERY_LOCATOR', match='GET */query/*'),
          dict(kind='delay', ms=50), dict(kind='slow', bytes=100000),
          dict(kind='long', bytes=10, match='GET */VersionData'),
          dict(kind='corrupt', bytes=10, match='GET */VersionData'),
          dict(kind='body', body='{"totalSize":5,"done":true,"records":[]}'),
          dict(kind='body', body='{"totalSize":9,"done":false,"nextRecordsUrl":"/services/data/v62.0/query/x",'
                                 '"records":[{"Id":"069000000000001AAA"}]}', times='forever')]
MATCHES = ['GET */query*', 'GET */VersionData', 'GET */queryAll*', 'POST */composite', 'POST */oauth2/token']


def calm():
    ask('fault/clear')
    ask('set', missing=0, loop=0)


class World:
    def __init__(self):
        self.model = Model()
        self.log = []
        self.problems = []
        self.clock = r.choice(('skew', 'date-skew'))    # wrong is the org's clock, or only its Date header
        self.skew = 0

    def mount(self):
        calm()                          # because a first fill that fails mounts nothing
        mounted = subprocess.run([f'{BUILD}/sffs', '-o', 'refresh=3600,tries=2', 'sim', MNT], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
        if mounted.returncode != 0:
            self.problem(f'it does not mount: {mounted.stdout.decode()}')
        return mounted.returncode == 0

    def problem(self, text):
        self.problems.append(f'{text}; after: {"; ".join(self.log[-6:])}')

    def disturb(self):
        """Anything but a change of a document: faults, page sizes, tokens that expire, the end of the process."""
        what = r.choice(('fault', 'fault', 'page-size', 'kill', 'expire', 'remount', 'skew', 'rows'))
        if what == 'fault':
            fault, match = r.choice(FAULTS), r.choice(MATCHES)
            ask('fault', **dict(dict(match=match, times=1), **fault))
            what += f' {fault} {match}'
        elif what == 'skew':
            before, self.skew = self.skew, r.choice(SKEWS)
            ask('set', **{self.clock: self.skew})
            # While the clock was behind, changes got dates before those that the mount knows.
            self.model.need_full |= self.model.changed and self.clock == 'skew' and self.skew > before
            what = f'{self.clock}={self.skew}'
        elif what == 'page-size':
            ask('set', **{'page-size': r.choice((1, 2, 3, 7, 200, 2000))})
        elif what == 'rows':            # fewer records than counted, or the same ones again and again
            setting = r.choice(('missing', 'loop'))
            ask('set', **{setting: r.choice((1, 2, 1000))})
            what = f'rows: {setting}'
        elif what == 'expire':
            ask('expire-tokens')
        elif what in ('kill', 'remount'):
            if what == 'kill':
                process = os.pidfd_open(daemon())
                signal.pidfd_send_signal(process, signal.SIGKILL)
                select.select([process], [], [])
                os.close(process)
            unmount()
            self.mount()
        self.log.append(what)

    def refresh(self):
        full = self.model.need_full or r.random() < 0.2
        try:
            with open(f'{MNT}/.sffs/refresh', 'w') as f:
                f.write('full\n' if full else 'now\n')
        except OSError as e:
            self.log.append(f'refresh: {e.strerror}')
            return False
        self.model.need_full, self.model.changed = self.model.need_full and not full, False
        return True

    def compare(self, full):
        names = self.model.names()
        found = set(os.listdir(f'{MNT}/documents'))
        if found != set(names):
            self.problem(f'listed wrongly: {sorted(n[:30] for n in found - set(names))}, '
                         f'missing: {sorted(n[:30] for n in set(names) - found)}')
            return
        if (ids := set(os.listdir(f'{MNT}/by-id'))) != {d.id for d in names.values()}:
            self.problem(f'by-id has {len(ids)} of {len(names)}')
        for name, d in names.items():
            self.compare_document(name, d, full or r.random() < 0.15)
        self.compare_sums(names)

    def compare_document(self, name, d, read):
        want, directory = d.versions[-1].encode(), f'{MNT}/documents/{name}'
        record = json.load(open(f'{directory}/metadata.json'))
        path = f'{directory}/{with_extension(d.title, d.extension)}'
        for what, got, right in (
                ('Id', record['Id'], d.id), ('Title', record['Title'], d.title),
                ('version', record['LatestPublishedVersionId'], d.version),
                ('checksum', record['LatestPublishedVersion.Checksum'] if 'LatestPublishedVersion.Checksum' in record
                 else record['LatestPublishedVersion']['Checksum'], hashlib.md5(want).hexdigest()),
                ('size', os.stat(path).st_size, len(want)),
                ('created', record['CreatedDate'][:19], iso(d.created)),
                ('date', d.modified and int(os.stat(path).st_mtime_ns // 10**9), d.modified),
                ('link', os.readlink(f'{MNT}/by-id/{d.id}'), f'../documents/{name}')):
            if got != right:
                self.problem(f'{name[:30]} ({d.id}): {what} is {got}, not {right}')
        if read:
            try:
                if open(path, 'rb').read() != want:
                    self.problem(f'{name[:30]} ({d.id}): other bytes')
            except OSError as e:
                self.problem(f"{name[:30]} ({d.id}): {e.strerror}: " + open(f"{MNT}/.sffs/log").read()[-600:])

    def read_any(self):
        """A read gives the right bytes or an error, whatever is wrong with the org just now."""
        for name, d in r.sample(sorted(self.model.names().items()), min(2, len(self.model.names()))):
            try:
                with open(f'{MNT}/documents/{name}/content', 'rb') as f:
                    if f.read() != d.versions[-1].encode():
                        self.problem(f'{name[:30]} ({d.id}): a read gives other bytes while the org has a fault')
            except OSError as e:
                self.log.append(f'read: {e.strerror}')

    def compare_sums(self, names):
        want = sorted(hashlib.md5(d.versions[-1].encode()).hexdigest() for d in names.values())
        got = sorted(line.lstrip('\\')[:32] for line in open(f'{MNT}/.sffs/MD5SUMS'))
        if want != got:
            self.problem(f'MD5SUMS has {len(got)} sums, of which {len(set(got) & set(want))} are right')

    def run(self):
        if not self.mount():
            return
        for i in range(STEPS):
            for _ in range(r.randrange(4)):
                self.log.append(self.model.step())
            if r.random() < 0.4:
                self.disturb()
            for _ in range(10):
                before = set(os.listdir(f'{MNT}/documents')) & set(self.model.names())
                if self.refresh():
                    break
                if lost := before - set(os.listdir(f'{MNT}/documents')):
                    self.problem(f'a refresh that failed has taken away {sorted(n[:30] for n in lost)}')
                calm()
            else:
                self.problem('no refresh in ten succeeds')
            self.read_any()
            calm()
            self.compare(i == STEPS - 1)
            if self.problems:
                return


w = World()
w.run()
if os.path.ismount(MNT):
    unmount()
good = not w.problems
print(('ok' if good else 'not ok') + f' 1 - {STEPS} random steps: after each refresh the tree is what the org has')
if not good:
    print(f'# SEED={SEED}')
    for p in w.problems[:5]:
        print('#', p[:1500])
sys.exit(not good)
