#!/usr/bin/env python3
"""
Many readers read at once while documents get new versions, the org fails now and then, the cache is too small, and
signals interrupt; finally the mount ends under load. A read that ends cleanly has the bytes of one version. For
tests/f50-stress.t, which has an org and a mount point. STRESS_SECONDS is its length, SEED repeats a run.

From two minutes on it is a soak: nearly all of the time belongs to one mount, which is measured each minute. For that
everybody pauses, so that what is measured does not depend on what runs just then. Over the last half nothing may grow.
"""
import errno, hashlib, os, random, signal, statistics, subprocess, sys, threading, time, urllib.parse, urllib.request

BUILD, TMP, MNT, ORG = os.environ['BUILD'], os.environ['TMP'], os.environ['MNT'], os.environ['ORG_URL']
SECONDS, SEED = float(os.environ.get('STRESS_SECONDS', 4)), int(os.environ.get('SEED', time.time()))
READERS, CALLERS, DOCUMENTS, TABLES = 24, 8, 40, 6
SOAK = SECONDS >= 120
EVERY = min(60, SECONDS / 24)           # seconds from one measure to the next
NOISE, LEAK = 1024, 100                 # KiB; KiB a minute
# Errors that a reader may get here: faults are made, versions are replaced, and then the mount goes.
EXPECTED = {errno.EIO, errno.ETIMEDOUT, errno.ESTALE, errno.EINTR, errno.ENOENT, errno.EACCES, errno.ENOTCONN,
            errno.ECONNABORTED, errno.EDQUOT}


def say(good, what, *why):
    global number, failed
    number += 1
    failed = failed or not good
    print(('ok' if good else 'not ok') + f' {number} - {what}')
    for w in why if not good else ():
        print('#', str(w)[:2000])


def ask(path, **form):
    return urllib.request.urlopen(f'{ORG}/_org/{path}', urllib.parse.urlencode(form).encode(), 30).read().decode()


def content(name, version):
    """The bytes of a version: the same each time, and of another size for each version."""
    r = random.Random(f'{name} {version}')
    if name.startswith('table'):
        return 'id,text\n'.encode() + b''.join(b'%d,"%s, line"\n' % (i, name.encode())
                                               for i in range(r.choice((3, 500, 20000)) + version))
    return r.randbytes(r.choice((1, 3000, 100000, 131072, 400000, 1500000, 3000000)) + version)


def rows(name, version):
    return b''.join(line.replace(b',', b'\t', 1).replace(b'"', b'') + b'\n'
                    for line in content(name, version).split(b'\n')[1:-1])


class World:
    def __init__(self):
        self.lock = threading.Lock()
        self.versions = {}          # name: those that may be read
        self.known = {}             # path below the mount: digests of what may be read there
        self.stop = threading.Event()
        self.may = threading.Event()    # go on; else pause
        self.may.set()
        self.busy = 0                   # of those who would pause
        self.problems, self.whole, self.errors = [], 0, {}
        self.going = False          # the mount is being ended

    def add(self, name, version):
        """Call it before the org has this version."""
        with self.lock:
            self.versions.setdefault(name, []).append(version)
            extension = 'csv' if name.startswith('table') else 'bin'
            for path in (f'documents/{name}/{name}.{extension}', f'documents/{name}/content'):
                self.known.setdefault(path, set()).add(hashlib.md5(content(name, version)).digest())
            if extension == 'csv':
                self.known.setdefault(f'parsed/{name}/rows.tsv', set()).add(hashlib.md5(rows(name, version)).digest())

    def judge(self, path, digest):
        with self.lock:
            self.whole += 1
            if digest not in self.known[path]:
                self.problems.append(f'{path}: bytes of no version')

    def note(self, path, e):
        with self.lock:
            self.errors[e.errno] = self.errors.get(e.errno, 0) + 1
            if e.errno not in EXPECTED:
                self.problems.append(f'{path}: {e}')


class Turn:
    """The work of a thread between two pauses."""
    def __init__(self, w):
        self.w = w

    def __enter__(self):
        while True:
            self.w.may.wait()
            with self.w.lock:
                if self.w.may.is_set():
                    self.w.busy += 1
                    return

    def __exit__(self, *why):
        with self.w.lock:
            self.w.busy -= 1


def read(w, r, path):
    fd = os.open(f'{MNT}/{path}', os.O_RDONLY)
    try:
        size, h, got = os.fstat(fd).st_size, hashlib.md5(), 0
        if r.random() < 0.3:        # somewhere first, as a viewer does
            os.pread(fd, 4096, r.randrange(size + 1))
        while True:
            block = os.read(fd, r.choice((4096, 65536, 1 << 20)))
            if not block:
                break
            h.update(block)
            got += len(block)
        if got != size:
            with w.lock:
                w.problems.append(f'{path}: {got} bytes to a clean end, of {size}')
        w.judge(path, h.digest())
    finally:
        os.close(fd)


def reader(w, seed):
    r, paths = random.Random(seed), sorted(w.known)
    while not w.stop.is_set():
        path = r.choice(paths)
        try:
            with Turn(w):
                read(w, r, path)
        except OSError as e:
            w.note(path, e)
            if w.going:
                return
            time.sleep(0.01)


def caller(w, seed):
    """Runs programs that read, and interrupts some of them."""
    r, paths = random.Random(seed), sorted(w.known)
    while not w.stop.is_set() and not w.going:
        path = r.choice(paths)
        with Turn(w):
            if not call(w, r, path):
                return


def call(w, r, path):
    p = subprocess.Popen(['md5sum', f'{MNT}/{path}'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if r.random() < 0.6:
        time.sleep(r.random() * 0.03)
        p.send_signal(signal.SIGINT)
    try:
        out, _ = p.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        w.problems.append(f'md5sum {path}: stuck')
        p.kill()
        return False
    if p.returncode == 0:
        w.judge(path, bytes.fromhex(out.split()[0].decode().lstrip('\\')))
    return True


def refresh(word):
    fd = os.open(f'{MNT}/.sffs/refresh', os.O_WRONLY)
    try:
        os.write(fd, word)
    finally:
        os.close(fd)        # else a lazy unmount waits for it


def changer(w, seed):
    r, names, last = random.Random(seed), sorted(w.versions), {}
    while not w.stop.is_set():
        name = r.choice(names)
        version = last[name] = last.get(name, 0) + 1
        w.add(name, version)
        file = f'{TMP}/{name}.new'
        with open(file, 'wb') as f:
            f.write(content(name, version))
        with Turn(w):
            ask('change', op='new-version', title=name, file=file)
            if r.random() < 0.5:
                try:
                    refresh(r.choice((b'now', b'full')))
                except OSError as e:
                    w.note('refresh', e)
        time.sleep(r.random() * (2 if SOAK else 0.1))   # the org keeps all versions in memory


FAULTS = [dict(kind='drop-after', bytes=70000, match='*VersionData'), dict(kind='error', status=503, match='*'),
          dict(kind='corrupt', bytes=900, match='*VersionData'),
          dict(kind='error', status=500, match='*VersionData'),
          dict(kind='error', status=401, code='INVALID_SESSION_ID', match='GET *'), dict(kind='drop', match='*'),
          dict(kind='short', bytes=10, match='*VersionData'),
          dict(kind='error', status=404, code='NOT_FOUND', match='*VersionData'), dict(kind='delay', ms=200, match='*')]


def breaker(w, seed):
    r = random.Random(seed)
    while not w.stop.is_set():
        with Turn(w):
            ask('fault', times=1, **r.choice(FAULTS))
            if r.random() < 0.1:
                ask('expire-tokens')
        time.sleep(r.random() * 0.2)


def measure(w, pid):
    """KiB of memory of its own, descriptors and threads of a mount that nobody uses."""
    w.may.clear()
    until = time.monotonic() + 120
    while w.busy and time.monotonic() < until:
        time.sleep(0.02)
    ask('fault/clear')
    ask('journal/clear')
    for word in (b'full', b'now'):      # and nothing works in the background
        try:
            refresh(word)
        except OSError as e:
            w.note('refresh', e)
    status = dict(l.split(':\t', 1) for l in open(f'/proc/{pid}/status').read().splitlines())
    sample = int(status['RssAnon'].split()[0]), len(os.listdir(f'/proc/{pid}/fd')), int(status['Threads'])
    print(f'# %d KiB of memory, %d descriptors, %d threads; %d read to the end' % (*sample, w.whole), flush=True)
    w.may.set()
    return sample


def let(w, pid, seconds):
    until, samples = time.monotonic() + seconds, []
    while SOAK and time.monotonic() + EVERY < until:
        time.sleep(EVERY)
        samples.append(measure(w, pid))
    time.sleep(max(0, until - time.monotonic()))
    return samples


def growth(samples):
    """The growth of the medians from the third quarter of the samples to the last one."""
    n = len(samples) // 4
    middle, last = samples[-2 * n:-n], samples[-n:]
    return [statistics.median(s[i] for s in last) - statistics.median(s[i] for s in middle) for i in range(3)]


def round_of(w, mount, how):
    """Starts all threads, lets them work, and ends the mount in the midst of it."""
    w.stop.clear()
    w.going = False
    threads = [threading.Thread(target=f, args=(w, f'{SEED} {how} {f.__name__} {i}'), daemon=True)
               for f, n in ((reader, READERS), (caller, CALLERS), (changer, 1), (breaker, 1)) for i in range(n)]
    for t in threads:
        t.start()
    long = SECONDS - 60 if SOAK else SECONDS / 2
    samples = let(w, mount.pid, long if how == 'SIGTERM' else SECONDS - long)
    w.going = True
    if how == 'SIGTERM':
        mount.terminate()
    else:
        subprocess.run(['fusermount3', '-uz', MNT], check=True)
    w.stop.set()
    until = time.monotonic() + 60
    for t in threads:
        t.join(max(0, until - time.monotonic()))
    stuck = [t.name for t in threads if t.is_alive()]
    try:
        status = mount.wait(60)
    except subprocess.TimeoutExpired:
        status = 'still running'
        mount.kill()
    ask('fault/clear')
    ask('release')
    return status, stuck, samples


def start():
    log = open(f'{TMP}/stress.log', 'a')
    p = subprocess.Popen([f'{BUILD}/sffs', '-f', '-o', 'refresh=1,cache_size=16M,tries=2,timeout=20', 'sim', MNT],
                         stdin=subprocess.DEVNULL, stderr=log)
    until = time.monotonic() + 60
    while not os.path.ismount(MNT) and p.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    return p


number, failed = 0, False
w = World()
for i in range(DOCUMENTS):
    w.add(f'd{i:02}', 0)
for i in range(TABLES):
    w.add(f'table{i}', 0)
if __name__ == '__main__' and sys.argv[1:] == ['make']:
    for name in w.versions:
        with open(f'{TMP}/data/{name}.{"csv" if name.startswith("table") else "bin"}', 'wb') as f:
            f.write(content(name, 0))
    sys.exit(0)
print(f'# SEED={SEED}')
for how in ('SIGTERM', 'fusermount3'):
    status, stuck, samples = round_of(w, start(), how)
    say(status == 0 and not stuck, f'{how} under load ends the mount and all readers', status, stuck,
        *open(f'{TMP}/stress.log').readlines()[-5:])
    if len(samples) >= 8:
        grown = growth(samples)
        say(grown[0] <= NOISE + LEAK * EVERY * len(samples) / 4 / 60 and max(grown[1:]) <= 4,
            'memory, descriptors and threads do not grow in the last half', grown)
say(not w.problems, 'each file read to a clean end is one version', *w.problems[:20])
say(w.whole > 50, 'more than 50 files were read to a clean end', w.whole)
mount = start()
refresh(b'now')
wrong = []
for name, versions in w.versions.items():
    try:
        with open(f'{MNT}/documents/{name}/content', 'rb') as f:
            if f.read() != content(name, versions[-1]):
                wrong.append(name)
    except OSError as e:
        wrong.append(e)
say(not wrong, 'without load each document is its last version', *wrong)
subprocess.run(['fusermount3', '-u', MNT], check=True)
say(mount.wait(60) == 0, 'the mount exits 0')
print('#', w.whole, 'read to the end;', {errno.errorcode[e]: n for e, n in w.errors.items()})
sys.stdout.flush()
os._exit(1 if failed else 0)
