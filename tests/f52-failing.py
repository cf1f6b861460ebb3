#!/usr/bin/env python3
"""
tests/failing.c makes calls of sffs fail at random: malloc, open, socket, pthread_create and mmap. For a while a few of
them fail, or all. Meanwhile a start mounts or says why not, the mount goes on, and a read without an error has the
bytes of one version. Afterwards each document, view and list is right, and shows the last version.
tests/f52-failing.t runs this with an org. ROUNDS and STARTS set how long it runs; SEED repeats a run.
"""
import ctypes, errno, hashlib, mmap, os, random, subprocess, sys, threading, time, urllib.parse, urllib.request

BUILD, TMP, MNT, ORG = os.environ['BUILD'], os.environ['TMP'], os.environ['MNT'], os.environ['ORG_URL']
ROUNDS, STARTS = int(os.environ.get('ROUNDS', 6)), int(os.environ.get('STARTS', 8))
SEED = int(os.environ.get('SEED', 1))
READERS, LOOKS = 6, 12
DOCUMENTS = [f'd{i:02}' for i in range(16)]
TABLES = {'table0': 'utf-8', 'table1': 'utf-16', 'table2': 'iso8859-2'}
LAST = 60                           # seconds in which all must be well again
KINDS = ('memory', 'open', 'thread', 'map', 'large')


class Control(ctypes.Structure):    # as in failing.c
    _fields_ = [('rates', ctypes.c_uint32 * 5), ('seed', ctypes.c_uint32), ('spare', ctypes.c_uint32),
                ('calls', ctypes.c_uint32),
                ('failed', ctypes.c_uint32 * 5)]


def say(good, what, *why):
    global number, failed
    number += 1
    failed = failed or not good
    print(('ok' if good else 'not ok') + f' {number} - {what}', flush=True)
    for w in why if not good else ():
        print('#', str(w)[:2000])


def ask(path, **form):
    return urllib.request.urlopen(f'{ORG}/_org/{path}', urllib.parse.urlencode(form).encode(), 30).read().decode()


def text(name, version):
    records = random.Random(f'{name} {version}').choice((3, 500, 5000))
    return 'id,text\n' + ''.join(f'{i},{name} {version}\n' for i in range(records))


def content(name, version):
    if name in TABLES:
        return text(name, version).encode(TABLES[name])
    r = random.Random(f'{name} {version}')
    return r.randbytes(r.choice((1, 3000, 100000, 131072, 400000, 1500000)) + version)


def rows(name, version):
    return text(name, version).split('\n', 1)[1].replace(',', '\t').encode()


def expected(name, version):
    """Paths below the mount, and the bytes of each."""
    all_of = {f'documents/{name}/content': content(name, version)}
    if name in TABLES:
        all_of[f'parsed/{name}/rows.tsv'] = rows(name, version)
    return all_of


def digest(b):
    return hashlib.md5(b).digest()


class World:
    def __init__(self):
        self.lock, self.version, self.known = threading.Lock(), {}, {}
        self.problems, self.errors, self.whole = [], {}, 0
        for name in [*DOCUMENTS, *TABLES]:
            self.add(name, 0)

    def add(self, name, version):
        self.version[name] = version
        for path, b in expected(name, version).items():
            self.known.setdefault(path, set()).add(digest(b))

    def note(self, e):
        with self.lock:
            self.errors[e.errno] = self.errors.get(e.errno, 0) + 1


def whole(path):
    """All bytes of a file, read without Python's buffers."""
    fd = os.open(f'{MNT}/{path}', os.O_RDONLY)
    try:
        parts = []
        while part := os.read(fd, 1 << 17):
            parts.append(part)
        return b''.join(parts)
    finally:
        os.close(fd)


def refresh(word=b'now'):
    fd = os.open(f'{MNT}/.sffs/refresh', os.O_WRONLY)
    try:
        os.write(fd, word)
    finally:
        os.close(fd)


def look(w, r):
    what = r.random()
    if what < 0.1:
        refresh(r.choice((b'now', b'full')))
    elif what < 0.2:
        os.listdir(f'{MNT}/' + r.choice(('documents', 'parsed/table0', 'parsed/table1/columns', 'by-id', '.')))
    elif what < 0.25:
        whole('.sffs/' + r.choice(('MD5SUMS', 'status.json', 'documents.tsv')))
    else:
        path = r.choice(sorted(w.known))
        b = whole(path)
        with w.lock:
            w.whole += 1
            if digest(b) not in w.known[path]:
                w.problems.append(f'{path}: bytes of no version')


def looker(w, seed):
    r = random.Random(seed)
    for _ in range(LOOKS):
        try:
            look(w, r)
        except OSError as e:
            w.note(e)


def fail(r, gently=False):
    """Makes calls fail: one kind or all kinds, at a small rate or, if not gently, at any rate up to 100 %."""
    most = r.choice((300, 3000, 30000) if gently else (3000, 30000, 300000, 1000000))
    kind = r.choice((*range(5), None, None, 0))
    control.seed, control.spare = r.randrange(1 << 32), gently
    for i in range(5):
        control.rates[i] = most if kind in (None, i) else 0
    return f'{KINDS[kind] if kind is not None else "all"} {most / 10000} %'


def calm():
    for i in range(5):
        control.rates[i] = 0


def until_well(what, w):
    """Tries each check until it passes, for at most LAST seconds. Returns those that never pass."""
    left = {'refresh': refresh,
            'the list': lambda: set(os.listdir(f'{MNT}/documents')) >= {*w.version} or 'not whole'}
    for name, version in w.version.items():
        for path, b in expected(name, version).items():
            left[path] = lambda path=path, b=b: whole(path) == b or 'other bytes'
    until, wrong = time.monotonic() + LAST, {}
    while left and time.monotonic() < until:
        wrong = {}
        for key, try_it in left.items():
            try:
                result = try_it()
                if result not in (None, True):
                    wrong[key] = result
            except OSError as e:
                wrong[key] = e
        left = {key: left[key] for key in wrong}
        if left:
            time.sleep(0.1)
    return [f'after {what}: {key}: {why}' for key, why in wrong.items()]


def start():
    p = subprocess.Popen([f'{BUILD}/sffs', '-f', '-o', 'refresh=1,tries=2,timeout=20', 'sim', MNT],
                         stdin=subprocess.DEVNULL, stderr=open(f'{TMP}/failing.log', 'w'),
                         env={**os.environ, 'LD_PRELOAD': f'{TMP}/failing.so', 'FAILING': f'{TMP}/control'})
    until = time.monotonic() + LAST
    while not os.path.ismount(MNT) and p.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    return p


def log():
    return open(f'{TMP}/failing.log', errors='replace').read()


def end(p):
    subprocess.run(['fusermount3', '-uz', MNT], check=True)
    try:
        return p.wait(LAST)
    except subprocess.TimeoutExpired:
        p.kill()
        return 'still running'


def starts(w, r):
    """Starts sffs while calls fail. Returns what is wrong, and the number of starts that mounted."""
    wrong, mounted = [], 0
    for i in range(STARTS):
        what = fail(r, gently=True)
        if i == 0:                  # large ones fail: each thread that takes requests needs one
            calm()
            control.rates[4] = 500000
        p = start()
        calm()
        if os.path.ismount(MNT):
            mounted += 1
            if p.poll() is None:
                wrong += until_well(f'a start with {what}', w)
            status = end(p)
            if status != 0:
                wrong.append(f'{what}: mounted, and ended with {status}: {log()[-300:]}')
        elif p.poll() is None:
            p.kill()
            wrong.append(f'{what}: neither mounted nor ended: {log()[-300:]}')
        elif p.returncode not in (1, 2, 3, 4, 5, 6) or not log():
            wrong.append(f'{what}: ended with {p.returncode}: {log()[-300:]}')
    return wrong, mounted


number, failed = 0, False
w = World()
if sys.argv[1:] == ['make']:
    for name in w.version:
        with open(f'{TMP}/data/{name}.{"csv" if name in TABLES else "bin"}', 'wb') as f:
            f.write(content(name, 0))
    sys.exit(0)
with open(f'{TMP}/control', 'wb') as f:
    f.write(bytes(ctypes.sizeof(Control)))
with open(f'{TMP}/control', 'r+b') as f:
    control = Control.from_buffer(mmap.mmap(f.fileno(), ctypes.sizeof(Control)))
print(f'# SEED={SEED}')
r = random.Random(SEED)
wrong, mounted = starts(w, r)
say(not wrong, 'a start mounts or says why not while calls fail', *wrong)
print(f'# {mounted} of {STARTS} starts mounted')
mount, wrong, stuck = start(), [], 0
wrong += until_well('a calm start', w)
for i in range(ROUNDS):
    for name in r.sample(sorted(w.version), 6):
        version = w.version[name] + 1
        with w.lock:
            w.add(name, version)
        with open(f'{TMP}/{name}.{version}', 'wb') as f:
            f.write(content(name, version))
        ask('change', op='new-version', title=name, file=f'{TMP}/{name}.{version}')
    what = fail(r)
    threads = [threading.Thread(target=looker, args=(w, f'{SEED} {i} {k}'), daemon=True) for k in range(READERS)]
    for t in threads:
        t.start()
    until = time.monotonic() + 2 * LAST
    for t in threads:
        t.join(max(0, until - time.monotonic()))
    stuck += sum(t.is_alive() for t in threads)
    calm()
    if mount.poll() is not None or stuck:
        wrong.append(f'{what}: {stuck} readers are stuck, and the mount is {mount.poll()}')
        break
    wrong += until_well(what, w)
say(mount.poll() is None and not stuck, 'failing calls end no mount and keep no reader waiting',
    mount.poll(), stuck, log()[-500:])
say(not w.problems, 'while calls fail, a read without an error has the bytes of one version', *w.problems[:20])
say(not wrong, 'after the failures everything is read, listed and refreshed', *wrong[:20], log()[-1000:])
for i in range(5):
    control.rates[i] = 1000000
status = end(mount)
calm()
say(status == 0, 'a mount ends with status 0 while all its calls fail', status, log()[-500:])
print('#', w.whole, 'read to the end;', {errno.errorcode[e]: n for e, n in w.errors.items()},
      'failed:', dict(zip(KINDS, control.failed)))
sys.stdout.flush()
os._exit(1 if failed else 0)
