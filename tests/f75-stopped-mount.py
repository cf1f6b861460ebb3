#!/usr/bin/env python3
"""
Two mounts share a cache. SIGSTOP stops one of them at a random moment of a start, a refresh, a read or a renewal of its
login. Meanwhile the other one lists, reads, refreshes, unmounts and mounts. Then the first one goes on, and finishes
its work. tests/f75-stopped-mount.t runs this with an org and a mount point. ROUNDS is the number of stops, SEED repeats
a run.
"""
import errno, hashlib, os, random, signal, subprocess, sys, threading, time, urllib.parse, urllib.request

BUILD, TMP, MNT, ORG = os.environ['BUILD'], os.environ['TMP'], os.environ['MNT'], os.environ['ORG_URL']
ROUNDS, SEED = int(os.environ.get('ROUNDS', 10)), int(os.environ.get('SEED', time.time()))
OTHER = f'{TMP}/other'
TIMEOUT = 5
LIMIT = 120         # seconds in which anything ends: the lock of a login is waited for longest, 75 s
random.seed(SEED)


def ask(path, **form):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    return urllib.request.urlopen(f'{ORG}/_org/{path}', data, 30).read().decode()


def start(where):
    return subprocess.Popen([f'{BUILD}/sffs', '-f', '-o', f'refresh=3600,tries=2,timeout={TIMEOUT}', 'sim', where],
                            stdin=subprocess.DEVNULL, stderr=open(f'{TMP}/stopped.log', 'a'))


def wait_for(p, where):
    until = time.monotonic() + LIMIT
    while not os.path.ismount(where) and p.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    if not os.path.ismount(where):
        raise RuntimeError(f'no mount: {p.poll()}')


def end(p, where):
    subprocess.run(['fusermount3', '-u', where], check=True, timeout=LIMIT)
    if p.wait(LIMIT) != 0:
        raise RuntimeError(f'ended with {p.returncode}')


def refresh(where):
    fd = os.open(f'{where}/.sffs/refresh', os.O_WRONLY)
    try:
        os.write(fd, b'now')
    finally:
        os.close(fd)


def read(where, name):
    path = f'{where}/documents/{name}/content'
    with open(path, 'rb') as f:
        got = hashlib.md5(f.read()).hexdigest()
    if got != os.getxattr(path, 'user.salesforce.checksum').decode():
        raise RuntimeError(f'{name}: wrong bytes')


def within(what, function, *args):
    """Runs function. Returns its errno, or 0. Raises if it does not end, or ends with another exception."""
    result = []

    def run():
        try:
            function(*args)
            result.append(0)
        except OSError as e:
            result.append(e.errno)
        except Exception as e:
            result.append(e)
    t = threading.Thread(target=run, daemon=True)
    t.start()
    t.join(LIMIT)
    if not result:
        raise RuntimeError(f'{what}: does not end')
    if isinstance(result[0], Exception):
        raise RuntimeError(f'{what}: {result[0]!r}')
    return result[0]


def must(what, function, *args):
    rc = within(what, function, *args)
    if rc:
        raise RuntimeError(f'{what}: {errno.errorcode[rc]}')


def names(where):
    """The list of all documents, from one file: a directory may be one that the mount has not read yet."""
    with open(f'{where}/.sffs/documents.tsv') as f:
        return f.read()



def round_of(number, first, other):
    """Stops `first` in the midst of something. Returns both mounts, and the errors that the other one met."""
    kind = random.choice(('start', 'refresh', 'read', 'login'))
    met = []
    if kind == 'start':
        end(first, MNT)
        if random.random() < 0.5:       # a first fill of both
            end(other, OTHER)
            subprocess.run(['rm', '-rf', os.environ['XDG_CACHE_HOME'] + '/sffs'], check=True)
            other = start(OTHER)
            wait_for(other, OTHER)
        first = start(MNT)
    for _ in range(random.randint(1, 20)):
        ask('change', op=random.choice(('new-version', 'rename')), title='x', to='x', content=os.urandom(8).hex())
    ask('change', op='add', title=f'round-{number}', content='new')
    busy = []
    if kind == 'login':
        ask('expire-tokens')
    if kind in ('refresh', 'login'):
        busy.append(threading.Thread(target=lambda: within('', refresh, MNT), daemon=True))
    if kind == 'read':
        some = random.sample(sorted(os.listdir(f'{MNT}/documents')), 8)
        busy += [threading.Thread(target=lambda n=n: within('', read, MNT, n), daemon=True) for n in some]
    for t in busy:
        t.start()
    time.sleep(random.random() * 0.1)
    first.send_signal(signal.SIGSTOP)
    try:
        # The other mount. A refresh may find the database locked, which is an error, and soon.
        some = random.sample(sorted(os.listdir(f'{OTHER}/documents')), 3)
        must(f'{kind}: list', os.listdir, f'{OTHER}/documents')
        rc = within(f'{kind}: refresh', refresh, OTHER)
        if rc not in (0, errno.ETIMEDOUT):
            raise RuntimeError(f'{kind}: refresh: {errno.errorcode[rc]}')
        if rc:
            met.append(kind)
        elif f'/round-{number}/' not in names(OTHER):
            raise RuntimeError(f'{kind}: a refresh that brings nothing')
        for name in some:
            must(f'{kind}: read', read, OTHER, name)
        if random.random() < 0.3:
            end(other, OTHER)
            other = start(OTHER)
            wait_for(other, OTHER)
    finally:
        first.send_signal(signal.SIGCONT)
    for t in busy:
        t.join(LIMIT)
    wait_for(first, MNT)
    must(f'{kind}: refresh of the one that goes on', refresh, MNT)
    if f'/round-{number}/' not in names(MNT):
        raise RuntimeError(f'{kind}: the one that goes on does not know what is new')
    must(f'{kind}: and of the other', refresh, OTHER)
    return first, other, met


os.makedirs(OTHER)
ask('change', op='add', title='x', content='0')
problems, done, refused = [], 0, []
began = time.monotonic()
try:
    first, other = start(MNT), start(OTHER)
    wait_for(first, MNT)
    wait_for(other, OTHER)
    for i in range(ROUNDS):
        first, other, met = round_of(i, first, other)
        refused += met
        done += 1
    end(first, MNT)
    end(other, OTHER)
except Exception as e:
    problems.append(f'round {done}: {e!r}')
for where in (MNT, OTHER):
    subprocess.run(['fusermount3', '-uz', where], stderr=subprocess.DEVNULL)
print(f'# SEED={SEED}: {done} rounds, {len(refused)} refreshes that found the database locked, '
      f'{time.monotonic() - began:.0f} s')
print(('ok' if not problems else 'not ok') + ' 1 - a mount goes on while another one is stopped')
for p in problems:
    print('#', p)
sys.stdout.flush()
os._exit(1 if problems else 0)
