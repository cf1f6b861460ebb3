#!/usr/bin/env python3
"""
Reads of files that are not cached, with a fault at a random place of each download: the result is an error or every
byte. After the faults the same file reads right in the same mount. For tests/f80-corrupt-downloads.t, which has an org
of READS documents. SEED repeats a run.
"""
import errno, hashlib, os, queue, random, sys, threading, time, urllib.parse, urllib.request

MNT, ORG = os.environ['MNT'], os.environ['ORG_URL']
READS, SEED = int(os.environ['READS']), int(os.environ.get('SEED', time.time()))
WORKERS, LIMIT = 12, 60
ALLOWED = {errno.EIO, errno.ETIMEDOUT, errno.EACCES, errno.ENOENT, errno.EDQUOT}


def ask(path, **form):
    return urllib.request.urlopen(f'{ORG}/_org/{path}', urllib.parse.urlencode(form).encode(), LIMIT).read().decode()


def faults(r, size):
    """One or two faults, each at a random place."""
    at = lambda: r.randrange(size + 1)
    some = [lambda: dict(kind='drop-after', bytes=at()), lambda: dict(kind='corrupt', bytes=at()),
            lambda: dict(kind='short', bytes=r.randint(1, size)),
            lambda: dict(kind='long', bytes=r.randint(1, 70000)), lambda: dict(kind='silent', bytes=at()),
            lambda: dict(kind='slow', bytes=size * 2 + 1),
            lambda: dict(kind='drop'),
            lambda: dict(kind='error', status=r.choice((401, 403, 404, 420, 500, 503)), code='UNKNOWN_EXCEPTION'),
            lambda: dict(kind='html', status=r.choice((200, 502))), lambda: dict(kind='garbage'),
            lambda: dict(kind='empty'), lambda: dict(kind='not-http'),
            lambda: dict(kind='error', status=403, code='REQUEST_LIMIT_EXCEEDED',
                         message='ConcurrentRequests (Concurrent API Requests) Limit exceeded.')]
    return [r.choice(some)() for _ in range(r.randint(1, 2))]


def read(r, path):
    """Reads a file: the digest and the bytes up to its end, or the error."""
    h, n = hashlib.md5(), 0
    try:
        fd = os.open(path, os.O_RDONLY)
        try:
            while block := os.read(fd, r.choice((4096, 65536, 1 << 20))):
                h.update(block)
                n += len(block)
        finally:
            os.close(fd)
    except OSError as e:
        return e.errno, n
    return h.hexdigest(), n


def judge(name, got, size, checksum, calm):
    outcome, n = got
    if outcome == checksum and n == size:
        return []
    if isinstance(outcome, int):
        return [] if outcome in ALLOWED and not calm else [f'{name}: {errno.errorcode.get(outcome, outcome)}'
                                                           + (' when all is calm' if calm else '')]
    return [f'{name}: WRONG BYTES to a clean end: {n} of {size}, {outcome}, not {checksum}']


def work(names):
    while True:
        try:
            name = names.get_nowait()
        except queue.Empty:
            return
        r, path = random.Random(f'{SEED} {name}'), f'{MNT}/documents/{name}/content'
        size, checksum = os.stat(path).st_size, os.getxattr(path, 'user.salesforce.checksum').decode()
        match = '*' + os.getxattr(path, 'user.salesforce.version_id').decode() + '/VersionData'
        for fault in faults(r, size):
            ask('fault', match=match, times=r.choice((1, 1, 2, 3)), **fault)
        began = time.monotonic()
        got = read(r, path)
        took = time.monotonic() - began
        while True:                 # more reads use up the remaining faults, and each of them must end, too
            again = read(r, path)
            if not isinstance(again[0], int) or match not in listed():
                break
        calm = read(r, path)
        with lock:
            outcomes.append('ok' if got[0] == checksum else errno.errorcode.get(got[0], '?'))
            problems.extend(judge(name, got, size, checksum, False) + judge(name, again, size, checksum, False)
                            + judge(name, calm, size, checksum, True))
            if took > LIMIT:
                problems.append(f'{name}: {took:.0f} s')


def listed():
    return urllib.request.urlopen(f'{ORG}/_org/fault', timeout=LIMIT).read().decode()


names, lock, outcomes, problems = queue.Queue(), threading.Lock(), [], []
order = sorted(os.listdir(f'{MNT}/documents'))
random.Random(SEED).shuffle(order)
for n in order[:READS]:
    names.put(n)
began = time.monotonic()
threads = [threading.Thread(target=work, args=(names,), daemon=True) for _ in range(WORKERS)]
for t in threads:
    t.start()
for t in threads:
    t.join(LIMIT * 2 + READS)
stuck = sum(t.is_alive() for t in threads)
print(f'# SEED={SEED}: {len(outcomes)} reads in {time.monotonic() - began:.0f} s: '
      + ', '.join(f'{outcomes.count(o)} {o}' for o in sorted(set(outcomes))))
good = [not problems, len(outcomes) == READS and not stuck]
print(('ok' if good[0] else 'not ok')
      + ' 1 - each read gives an error or every byte, and every byte when the org is right again')
for p in problems[:20]:
    print('#', p)
print(('ok' if good[1] else 'not ok') + f' 2 - all {READS} reads ended')
sys.stdout.flush()
os._exit(0 if all(good) else 1)
