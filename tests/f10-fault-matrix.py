#!/usr/bin/env python3
"""
Every kind of request meets every fault. tests/f10-fault-matrix.tsv has a line for each fault and a column for each kind
of request. A cell has the error (the exit status, if the request is part of a start) and the number of requests. During
a fault df, stat and reads of cached files go on; after it the same request succeeds in the same mount. For
tests/f10-fault-matrix.t, which makes the directories.

Each kind has its own org and mount. They run side by side, because most of the time is pauses between tries.
"""
import errno, fnmatch, os, subprocess, sys, threading, time, traceback, urllib.parse, urllib.request
sys.path.insert(0, os.path.dirname(__file__))
import front as fronts

BUILD, TMP = os.environ['BUILD'], os.environ['TMP']
LIMIT = 30          # seconds in which anything ends
DOCUMENTS = 90
MEMORY = 800        # MB: answers of more than 48 MB are not read, and the JSON of one takes a few times as much
OPTIONS = 'tries=2,timeout=3,refresh=3600'

# Each kind of request: for the org a glob of "METHOD path?query", for the front a regular expression.
KINDS = {
    'token':    ('POST */oauth2/token', r'^POST \S*/oauth2/token'),
    'first':    ('GET */query?q=SELECT Id,Title*', r'^GET \S*/query\?q=SELECT Id,Title'),
    'next':     ('GET */query/*', r'^GET \S*/query/'),
    'refresh':  ('GET */queryAll?*', r'^GET \S*/queryAll\?'),
    'list':     ('GET */query?q=SELECT Id,IsDeleted,* FROM ContentDocument ORDER*',
                 r'^GET \S*/query\?q=SELECT Id,IsDeleted,\S* FROM ContentDocument ORDER'),
    'versions': ('GET */query?q=SELECT*FROM ContentVersion WHERE*',
                 r'^GET \S*/query\?q=SELECT .* FROM ContentVersion WHERE'),
    'reach':    ('GET */query?q=SELECT Id, Name, RootContentFolderId*',
                 r'^GET \S*/query\?q=SELECT Id, Name, RootContentFolderId'),
    'limits':   ('GET */limits', r'^GET \S*/limits'),
    'download': ('GET *VersionData', r'^GET \S*VersionData'),
}

E = lambda status, code, message='x', **more: dict(kind='error', status=status, code=code, message=message, **more)
BODY = lambda body, **more: dict(kind='body', body=body, **more)
# Each fault: a dict is for the org, a text for the front.
FAULTS = {
    'refused': 'refused', 'reset': 'reset', 'tls-nonsense': 'nonsense', 'wrong-certificate': 'certificate',
    'closed': dict(kind='drop'), 'cut': dict(kind='drop-after', bytes=30), 'silent': dict(kind='hold'),
    'silent-midway': dict(kind='silent', bytes=30), 'slow': dict(kind='slow', bytes=20000),
    'cut-once': dict(kind='drop-after', bytes=30, times=1), 'closed-once': dict(kind='drop', times=1),
    '401-once': E(401, 'INVALID_SESSION_ID', times=1), '401': E(401, 'INVALID_SESSION_ID'),
    '403-access': E(403, 'INSUFFICIENT_ACCESS'), '403-api-off': E(403, 'API_DISABLED_FOR_ORG'),
    '403-user-off': E(403, 'API_CURRENTLY_DISABLED'),
    '403-concurrent': E(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.'),
    '401-html': dict(kind='html', status=401), '404-html': dict(kind='html', status=404),
    '429-an-hour': dict(kind='html', status=429, header='Retry-After: 3600'),
    '403-html': dict(kind='html', status=403), '404': E(404, 'NOT_FOUND'), '404-deleted': E(404, 'ENTITY_IS_DELETED'),
    '414': dict(kind='html', status=414), '431': dict(kind='html', status=431), '420': dict(kind='html', status=420),
    '429-retry-after': dict(kind='html', status=429, header='Retry-After: 1'), '500': E(500, 'UNKNOWN_EXCEPTION'),
    '500-once': E(500, 'UNKNOWN_EXCEPTION', times=1),
    '502-html': dict(kind='html', status=502), '503': E(503, 'SERVER_UNAVAILABLE'),
    '503-html': dict(kind='html', status=503),
    'malformed': E(400, 'MALFORMED_QUERY'), 'invalid-field': E(400, 'INVALID_FIELD', "No such column 'Id'"),
    'locator': E(400, 'INVALID_QUERY_LOCATOR'), 'query-timeout': E(400, 'QUERY_TIMEOUT'),
    'row-lock': E(400, 'UNABLE_TO_LOCK_ROW'),
    'garbage': dict(kind='garbage'), 'empty': dict(kind='empty'), 'html-200': dict(kind='html', status=200),
    '204': dict(kind='body', status=204, body=''),
    'wrong-types': BODY('{"done":"yes","records":{"Id":[]},"access_token":1,"instance_url":[]}'), 'null': BODY('null'),
    'truncated': dict(kind='short', bytes=40),
    'too-long': dict(kind='long', bytes=100), 'not-http': dict(kind='not-http'),
    'gzip': 'gzip', 'deflate-gzip': 'deflate-gzip', 'rot13': 'rot13',
    'length-too-large': 'longer', 'length-too-small': 'shorter', 'bomb': 'bomb', 'endless': 'endless',
    'many-values': 'many_values', 'deep': 'deep',
    'redirect': dict(kind='body', status=302, body='', header='Location: {other}/services/data/'),
    'limit-spent': E(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'),
}


def within(seconds, function, *args):
    """The result of function, or the name of its error; "stuck" when it does not end."""
    result = ['stuck']

    def run():
        try:
            got = function(*args)
            result[0] = 'ok' if got is None else got
        except OSError as e:
            result[0] = errno.errorcode.get(e.errno, str(e))
        except Exception:
            result[0] = traceback.format_exc()
    t = threading.Thread(target=run, daemon=True)
    t.start()
    t.join(seconds)
    return result[0]


class World:
    """An org behind a front, and a mount of it."""

    def __init__(self, kind, directory):
        self.kind, self.dir = kind, directory
        self.mnt, self.data = f'{directory}/mnt', f'{TMP}/data'
        for d in ('mnt', 'config/sffs', 'state', 'cache'):
            os.makedirs(f'{directory}/{d}', mode=0o700)
        self.env = dict(os.environ, XDG_CONFIG_HOME=f'{directory}/config', XDG_STATE_HOME=f'{directory}/state',
                        XDG_CACHE_HOME=f'{directory}/cache')
        self.org_port = fronts.free_port()
        self.front = fronts.Front(TMP, self.org_port)
        cert, key = fronts.make_certificate(TMP, 'front')
        self.org = subprocess.Popen([f'{BUILD}/sffs-org', '--data', self.data, '--port', str(self.org_port), '--front',
                                     str(self.front.port),
                                     '--tls-cert', cert, '--tls-key', key], stdout=subprocess.PIPE, text=True)
        with open(f'{directory}/config/sffs/config', 'w') as f:
            os.fchmod(f.fileno(), 0o600)
            for line in self.org.stdout:
                f.write(line)
                if line.startswith('client_secret'):
                    break
            f.write(f'ca_file = {cert}\n')
        self.unread = [f'd{i * 37 % (DOCUMENTS - 1) + 1:02}'
                       for i in range(DOCUMENTS - 1)]     # in no order, so that nothing is read ahead
        self.ask('set', {'page-size': 40})
        self.must(self.mount())
        if kind_is_mount(kind):
            self.unmount()
        else:
            self.read('d00')

    def ask(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        return urllib.request.urlopen(f'https://127.0.0.1:{self.org_port}/_org/{path}', data, LIMIT,
                                      context=self.front.to_org).read().decode()

    def must(self, got):
        if got not in (0, 'ok'):
            raise RuntimeError(f'{self.kind}: {got}: {self.log()}')

    def mount(self):
        try:
            p = subprocess.run([f'{BUILD}/sffs', '-o', OPTIONS, 'sim', self.mnt], env=self.env,
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            return 'stuck'
        self.said = p.stderr
        return p.returncode

    def unmount(self):
        subprocess.run(['fusermount3', '-u', self.mnt], check=True)

    def log(self):
        if kind_is_mount(self.kind):
            return self.said
        with open(f'{self.mnt}/.sffs/log') as f:
            return f.read()

    def read(self, name):
        with open(f'{self.mnt}/documents/{name}/{name}.bin', 'rb') as got, open(f'{self.data}/{name}.bin',
                                                                                'rb') as want:
            if got.read() != want.read():
                return 'wrong bytes'

    def refresh(self, word):
        fd = os.open(f'{self.mnt}/.sffs/refresh', os.O_WRONLY)
        try:
            os.write(fd, word.encode())
        finally:
            os.close(fd)

    # A user does something that causes a request of this kind.

    def act(self):
        if self.kind == 'token':
            self.ask('expire-tokens', {})
        if self.kind in ('token', 'download'):
            return within(LIMIT, self.read, self.unread[0])
        if self.kind == 'versions':
            return within(LIMIT,
                          lambda: None if os.listdir(f'{self.mnt}/versions/{self.unread[0]}') == ['1.bin']
                          else 'other versions')
        if self.kind in ('refresh', 'list'):
            return within(LIMIT, self.refresh, 'full\n' if self.kind == 'list' else 'now\n')
        status = self.mount()
        if status == 0:
            # ls has the only descriptor. A descriptor of this process would be copied by the next process that another
            # column starts, and the mount would be busy until that process runs its program.
            ls = subprocess.run(['ls', f'{self.mnt}/documents'], stdout=subprocess.PIPE, text=True, timeout=LIMIT)
            left = len(ls.stdout.splitlines())
            self.unmount()
            return 'ok' if left == DOCUMENTS else f'{left} documents'
        return str(status)

    def goes_on(self):
        """df, stat and reading a cached file must work whatever happens."""
        if kind_is_mount(self.kind):
            return 'ok'

        def look():
            os.statvfs(self.mnt)
            if os.stat(f'{self.mnt}/documents/d00/d00.bin').st_size != os.stat(f'{self.data}/d00.bin').st_size:
                return 'wrong size'
            with open(f'{self.mnt}/.sffs/status.json') as f:
                f.read()
            return self.read('d00')
        return within(LIMIT, look)

    def meet(self, fault):
        """A request under a fault: its result, how often the org was asked, what the log says, and what did not work
        afterwards."""
        glob, pattern = KINDS[self.kind]
        what = FAULTS[fault]
        if kind_is_mount(self.kind):
            subprocess.run(['rm', '-rf', f'{self.dir}/cache/sffs'], check=True)
        before = len(self.log()) if not kind_is_mount(self.kind) else 0
        if isinstance(what, dict):
            form = {k: str(v).format(other=other.url) if k == 'header' else v for k, v in what.items()}
            self.ask('fault', {'times': 'forever', **form, 'match': glob})
            self.front.set(None, pattern)
        else:
            self.front.set(what, pattern)
        began, asking = time.monotonic(), []
        t = threading.Thread(target=lambda: asking.append(self.act()), daemon=True)
        t.start()
        problems = [f'meanwhile {p}' for p in [self.goes_on()] if p != 'ok']
        t.join(LIMIT + 5)
        took = time.monotonic() - began
        tries = len([r for r in self.front.requests if self.front.pattern.search(r)]) or self.front.connects
        said = self.log()[before:]
        self.front.clear()
        self.ask('fault/clear', {})
        self.ask('release', {})
        if self.kind == 'versions' and fault != 'limit-spent':
            self.refresh('now\n')      # else a question that failed is not asked again for a while
        again, want = self.act(), 'EDQUOT' if fault == 'limit-spent' and not kind_is_mount(self.kind) else 'ok'
        if again != want:
            problems.append(f'afterwards {again}')
        if self.kind in ('token', 'versions', 'download'):
            self.unread.pop(0)
        return asking[0] if asking else 'stuck', tries, said, problems, took

    def memory(self):
        """Megabytes that the mount has had in memory at most."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', errors='replace') as f, open(f'/proc/{pid}/status') as status:
                    if f.read().rstrip('\0').endswith(self.mnt):
                        return int(status.read().split('VmHWM:')[1].split()[0]) // 1024
            except OSError:
                pass

    def close(self):
        subprocess.run(['fusermount3', '-uz', self.mnt], stderr=subprocess.DEVNULL)
        self.org.terminate()
        self.org.wait()


class Other:
    """Another host, which must never hear of us."""

    def __init__(self):
        import socket
        self.heard = 0
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.listener.accept()[0].close()
            self.heard += 1


def read_table(path):
    with open(path) as f:
        lines = [l.rstrip('\n').split('\t') for l in f if l.strip() and not l.startswith('#')]
    return lines[0], lines[1:]


def run_column(kind, column, rows, results):
    world = None
    try:
        world = World(kind, f'{TMP}/{kind}')
        for i, row in enumerate(rows):
            if row[column] != '-' and (not only or row[0] in only):
                results[i, column] = world.meet(row[0])
        if not kind_is_mount(kind):
            memory[kind] = world.memory()
    except Exception:
        results[-1, column] = traceback.format_exc()
    finally:
        if world:
            world.close()


def judge(row, header, column, result, learn):
    got, tries, said, problems, took = result
    text = [l.split(': ', 1)[-1] if kind_is_mount(header[column]) else l for l in said.splitlines()]
    cell = f'{got} {tries}'
    if learn:
        print(f'{row[0]}\t{header[column]}\t{cell}\t{took:.1f}\t{problems}\t' + ' | '.join(text), flush=True)
        return
    global number, failed
    number += 1
    wrong = list(problems)
    want, times = row[column].split()
    least, _, most = times.replace('any', '0-99').partition('-')
    if got != want or not int(least) <= tries <= int(most or least):
        wrong.append(f'got {cell}, want {row[column]}')
    causes = [l for l in text if any(fnmatch.fnmatchcase(l, f'*{pattern}*') for pattern in row[1].split('|'))]
    if want != 'ok' and len(causes) != 1:
        wrong.append(f'{len(causes)} lines of the log have {row[1]}')
    if took > LIMIT:
        wrong.append(f'{took:.0f} s')
    print(('not ok' if wrong else 'ok') + f' {number} - {header[column]}, {row[0]}: {row[column]}')
    for line in wrong + (text if wrong else []):
        print('#', line)
    failed = failed or bool(wrong)


def kind_is_mount(kind):
    return kind in ('first', 'next', 'reach', 'limits')


if __name__ == '__main__':
    learn = '--learn' in sys.argv
    only = [a for a in sys.argv[2:] if not a.startswith('--')]
    header, rows = read_table(sys.argv[1])
    number, failed = 0, False
    os.makedirs(f'{TMP}/data')
    for i in range(DOCUMENTS):
        with open(f'{TMP}/data/d{i:02}.bin', 'wb') as f:
            f.write(os.urandom(3000 + i))
    fronts.make_certificate(TMP, 'front')
    fronts.make_certificate(TMP, 'other')
    fronts.packed_blanks()
    other, results, memory = Other(), {}, {}
    threads = [threading.Thread(target=run_column, args=(kind, column, rows, results)) for column,
               kind in enumerate(header) if kind in KINDS]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for (i, column), result in sorted(results.items()):
        if i < 0:
            print('\n'.join('# ' + l for l in result.splitlines()))
            failed = True
        else:
            judge(rows[i], header, column, result, learn)
    if not learn:
        number += 1
        good = len(memory) == 5 and max(memory.values()) < MEMORY
        failed = failed or not good
        print(f'{"ok" if good else "not ok"} {number} - no mount has grown beyond {MEMORY} MB')
        print('#', memory)
        number += 1
        print(('ok' if other.heard == 0 else 'not ok') + f' {number} - no other host got a request')
    sys.stdout.flush()
    os._exit(1 if failed or other.heard else 0)
