#!/usr/bin/env python3
"""
kill -9 during a first fill, refreshes and downloads: the next mount shows the same as a mount that nobody killed, and
every byte is right. For tests/f70-kill-9.t, which has an org and a mount point. ROUNDS is the number of kills, SEED
repeats a run.
"""
import os, random, signal, subprocess, sys, threading, time, urllib.parse, urllib.request

BUILD, TMP, MNT, ORG = os.environ['BUILD'], os.environ['TMP'], os.environ['MNT'], os.environ['ORG_URL']
ROUNDS, SEED = int(os.environ.get('ROUNDS', 6)), int(os.environ.get('SEED', time.time()))
REFERENCE, CACHE = f'{TMP}/reference', os.environ['XDG_CACHE_HOME'] + '/sffs'
random.seed(SEED)


def ask(path, **form):
    return urllib.request.urlopen(f'{ORG}/_org/{path}', urllib.parse.urlencode(form).encode() if form else None,
                                  30).read().decode()


def start(where, *options):
    return subprocess.Popen([f'{BUILD}/sffs', '-f', '-o', ','.join(('refresh=3600',) + options), 'sim', where],
                            stdin=subprocess.DEVNULL, stderr=open(f'{TMP}/killed.log', 'a'))


def wait_for(p, where):
    until = time.monotonic() + 60
    while not os.path.ismount(where) and p.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    if not os.path.ismount(where):
        raise RuntimeError(f'no mount: {p.poll()}')


def kill(p, where):
    p.send_signal(signal.SIGKILL)
    p.wait()
    until = time.monotonic() + 30
    while helpers(where) and time.monotonic() < until:      # it may be in the midst of mounting
        time.sleep(0.01)
    subprocess.run(['fusermount3', '-uz', where], stderr=subprocess.DEVNULL)


def helpers(where):
    """Processes that were started to mount there."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', errors='replace') as f:
                if where in f.read().split('\0') and int(pid) != os.getpid():
                    found.append(pid)
        except OSError:
            pass
    return found


def end(p, where):
    until = time.monotonic() + 30
    # Somebody else may look into it for a moment, like sffs status.
    while subprocess.run(['fusermount3', '-u', where]).returncode and time.monotonic() < until:
        time.sleep(0.01)
    if p.wait(60) != 0:
        raise RuntimeError(f'ended with {p.returncode}')


def inventory(where):
    with open(f'{where}/.sffs/documents.tsv') as f:
        return sorted(f)


def write_refresh(where):
    fd = os.open(f'{where}/.sffs/refresh', os.O_WRONLY)
    try:
        os.write(fd, b'now')
    finally:
        os.close(fd)


def reference():
    """The tree of a mount that was never killed."""
    cache = f'{TMP}/cache-reference'
    subprocess.run(['rm', '-rf', cache], check=True)
    os.makedirs(cache, mode=0o700)
    p = start(REFERENCE, f'cache_dir={cache}')
    wait_for(p, REFERENCE)
    seen = inventory(REFERENCE)
    end(p, REFERENCE)
    return seen


def compare(what, read=False):
    """Mounts again, and compares; reads one document, or all."""
    p = start(MNT)
    wait_for(p, MNT)
    problems = []
    got, want = inventory(MNT), reference()
    if got != want:
        problems.append(f'{what}: {len(got)} documents, not {len(want)}; {sorted(set(got) ^ set(want))[:4]}')
    names = sorted(os.listdir(f'{MNT}/documents'))
    for name in names if read else names[:1]:
        if subprocess.run(['md5sum', f'{MNT}/documents/{name}/content'], stdout=subprocess.PIPE,
                          text=True).stdout.split()[:1] != [checksum(name)]:
            problems.append(f'{what}: {name} is not as it should be')
    end(p, MNT)
    return problems


def checksum(name):
    return os.getxattr(f'{MNT}/documents/{name}/content', 'user.salesforce.checksum').decode()


def a_while(most):
    time.sleep(random.random() * most)


def round_fill():
    subprocess.run(['rm', '-rf', CACHE], check=True)
    for _ in range(random.randint(1, 3)):       # killed again while it goes on
        p = start(MNT)
        a_while(0.15)
        kill(p, MNT)
    return compare('fill')


def round_refresh():
    p = start(MNT)
    wait_for(p, MNT)
    for _ in range(random.randint(1, 40)):
        change()
    t = threading.Thread(target=lambda: try_to(write_refresh, MNT), daemon=True)
    t.start()
    a_while(0.06)
    kill(p, MNT)
    t.join(30)
    return compare('refresh') + (['refresh: a writer is stuck'] if t.is_alive() else [])


def round_download():
    p = start(MNT, 'tries=2')
    wait_for(p, MNT)
    names = random.sample(sorted(os.listdir(f'{MNT}/documents')), 12)
    readers = [threading.Thread(target=lambda n=n: try_to(read, n), daemon=True) for n in names]
    for t in readers:
        t.start()
    a_while(0.15)
    kill(p, MNT)
    for t in readers:
        t.join(30)
    problems = compare('download',
                       read=random.random() < 0.2) + (['download: a reader is stuck']
                                                      if any(t.is_alive() for t in readers) else [])
    checked = subprocess.run([f'{BUILD}/sffs', 'doctor', '--cache', 'sim'], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    if checked.returncode != 0 or checked.stdout.startswith('0 right'):
        problems.append(f'download: the cache is not right: {checked.stdout}')
    return problems


def read(name):
    with open(f'{MNT}/documents/{name}/content', 'rb') as f:
        while f.read(1 << 16):
            pass


def try_to(f, *args):
    try:
        f(*args)
    except OSError:
        pass


titles = ['d%03d' % i for i in range(int(sys.argv[1]))]
changes = 0


def change():
    """Something else in the org: a title, a version, a document more or less."""
    global changes
    changes += 1
    op, title = random.choice(('rename', 'rename', 'new-version', 'add', 'delete', 'undelete')), random.choice(titles)
    form = {'rename': dict(title=title, to=random.choice(titles)),
            'new-version': dict(title=title, content='x' * random.randint(1, 300000)),
            'add': dict(title=random.choice(titles), content=f'change {changes}'), 'delete': dict(title=title),
            'undelete': dict(title=title)}[op]
    try:
        ask('change', op=op, **form)
    except urllib.error.HTTPError as e:
        if e.code != 404:       # no document of that title, now
            raise


os.makedirs(REFERENCE)
kinds, problems, done = (round_fill, round_refresh, round_download), [], 0
began = time.monotonic()
for i in range(ROUNDS):
    try:
        problems += kinds[i % 3]()
        done += 1
    except Exception as e:
        problems.append(f'{kinds[i % 3].__name__}: {e!r}')
        for where in (MNT, REFERENCE):
            subprocess.run(['fusermount3', '-uz', where], stderr=subprocess.DEVNULL)
print(f'# SEED={SEED}: {done} rounds, {changes} changes, {time.monotonic() - began:.0f} s')
print(('ok' if done == ROUNDS and not problems else 'not ok')
      + ' 1 - a mount after kill -9 shows the same as a mount that nobody killed')
for p in problems[:20]:
    print('#', p)
sys.stdout.flush()
os._exit(1 if problems or done != ROUNDS else 0)
