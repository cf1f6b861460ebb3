"""The figures: a table with one function each. bench.FIGURES names them in order."""

import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys

from report import Contender, Figure, Goal, Series
from world import BUILD, MIB, SFTP_SERVER, TOP, Failed, Httpdirfs, Local, Mount, Nginx, Org, Passthrough, Rclone, \
    Sffs, Sftp, Sshfs, drop_caches, program, shell

LATENCY = 40	# milliseconds there and back
DUCKDB = '@duckdb/node-bindings-linux-x64@1.5.6-r.1'	# holds DuckDB's library


# Why some goals are not met, where the time was measured to go (perf record, /proc/stat).
ONE_LARGE = 'sffs writes the file, hashes it on a second thread, and hands it to the reader through FUSE, while the ' \
    'org and the reader run on the same ' \
    'processors. The column "also" has the daemon\'s time: about half of it is MD5, a quarter writing to the ' \
    'disk. With two processors hardly any of the time is waiting.'
MANY_SMALL = 'MD5 alone takes as long as the last line shows, on one of two processors that the org, the reader and ' \
    'FUSE share. pass-through does not meet this goal either, and it checks nothing and downloads nothing. The rest ' \
    'is not waiting: the column "also" has the daemon\'s own time.'

FIND = 'for each document the program waits for two requests, and each wakes a processor that has gone to sleep. If ' \
    'nothing else runs, that is most of the time.'


class Size:
    """How much is measured."""
    def __init__(self, big, small, many, documents, csv, views, rounds, slow):
        self.big, self.small, self.many = big, small, many	# MiB; files of 1 MiB; files of 4 KiB
        self.far = max(big // 4, 1)				# MiB of what is read from far away
        self.documents, self.csv, self.views = documents, csv, views	# numbers; MB of CSV; MB of CSV
        self.rounds, self.slow = rounds, slow			# slow: also peers that no goal is about


SIZES = {
    'full': Size(1024, 200, 10000, (1000, 10000, 100000, 1000000), (1, 10, 100, 1000), 256, 3, True),
    'quick': Size(256, 200, 10000, (1000, 10000, 100000), (1, 10, 100), 32, 3, False),
    'sample': Size(8, 8, 100, (100, 200), (1, 2), 2, 1, False),
}


class Origins(dict):
    """The servers, by how far away they are; started when they are first asked for."""
    def __init__(self, bench):
        super().__init__()
        self.bench = bench

    def __missing__(self, ms):
        self[ms] = self.bench.serve(ms)
        return self[ms]


class Bench:
    """The data, and who is there to be measured."""
    def __init__(self, world, size):
        self.world, self.size = world, size
        self.sums, self.missing, self.series, self.mounts = {}, [], [], {}
        self.disk_copy = world.dir('copy')
        self.make_reads()
        self.make_many()
        self.origin = Origins(self)

    # The data.

    def make_reads(self):
        """big.bin and m000.bin ...: random bytes, so that nobody gains from their being alike."""
        root = os.path.join(self.world.origin, 'reads')
        os.mkdir(root)
        block = os.urandom(MIB)
        for name, mib in [('big.bin', self.size.big),
                          ('far.bin', self.size.far)] + [(f'm{i:03}.bin', 1) for i in range(self.size.small)]:
            md5 = hashlib.md5()
            with open(os.path.join(root, name), 'wb') as f:
                for i in range(mib):
                    piece = i.to_bytes(8, 'big') + name.encode().ljust(16) + block[24:]
                    f.write(piece)
                    md5.update(piece)
            self.sums[name] = md5.hexdigest()
        shutil.copytree(root, os.path.join(self.disk_copy, 'reads'))

    def make_many(self):
        root = os.path.join(self.world.origin, 'many')
        os.mkdir(root)
        for i in range(self.size.many):
            with open(os.path.join(root, f'f{i:05}.txt'), 'wb') as f:
                f.write(b'%4095d\n' % i)

    def serve(self, ms):
        origin = {'org': Org(self.world, '--data', os.path.join(self.world.origin, 'reads'), ms=ms)}
        if shutil.which('nginx'):
            origin['nginx'] = Nginx(self.world, self.world.origin, ms)
        if os.path.exists(SFTP_SERVER):
            origin['sftp'] = Sftp(self.world, ms)
        return origin

    # The contenders.

    def sffs(self, ms=0, org=None, options=()):
        return Sffs(self.world, org or self.origin[ms]['org'], *options)

    def passthrough(self, root=None):
        """Over a copy on the disk that also holds the caches of the others."""
        if os.path.exists(program('tests/bench/passthrough_ll')):
            yield Passthrough(self.world, root or self.disk_copy)
        else:
            self.miss('pass-through: libfuse3-dev has no examples/passthrough_ll.c here')

    def local(self):
        yield Local('tmpfs', self.world, self.world.origin)

    def rclone(self, ms=0, modes=('off', 'full')):
        if shutil.which('rclone') and 'nginx' in self.origin[ms]:
            yield from (Rclone(self.world, self.origin[ms]['nginx'].url, mode) for mode in modes)
        else:
            self.miss('rclone or nginx is not installed')

    def httpdirfs(self, ms=0):
        if not self.size.slow:
            return
        if shutil.which('httpdirfs') and 'nginx' in self.origin[ms]:
            yield Httpdirfs(self.world, self.origin[ms]['nginx'].url)
        else:
            self.miss('httpdirfs or nginx is not installed')

    def sshfs(self, ms=0):
        if not self.size.slow:
            return
        if shutil.which('sshfs') and 'sftp' in self.origin[ms]:
            yield Sshfs(self.world, self.world.origin, self.origin[ms]['sftp'].port)
        else:
            self.miss('sshfs or sftp-server is not installed')

    def remote(self, ms=0):
        yield from self.rclone(ms)
        yield from self.sshfs(ms)
        yield from self.httpdirfs(ms)

    def slow(self, *mounts):
        """Those that no goal is about, where there is time for them."""
        return [m for some in mounts for m in some] if self.size.slow else []

    def miss(self, why):
        if why not in self.missing:
            self.missing.append(why)

    # How it is measured.

    def contend(self, mount, command, name='', prepare=None, result=lambda s, out: s, md5=None, most=None):
        """A contender that runs a command on a mount. {f} in the command is the path of `name`. prepare(mount) comes
        before it and is not timed. result makes the value of seconds and output. The output of {c}, a command that
        writes the bytes to standard output, must have this md5."""
        def fill(text):
            return text.format(f=mount.file(name))

        def once():
            (prepare or (lambda m: m.fresh()))(mount)
            cpu = mount.cpu() if hasattr(mount, 'cpu') else 0
            seconds, out = shell(fill(command))
            if hasattr(mount, 'cpu'):
                c.extra['CPU s'] = mount.cpu() - cpu
                c.extra['peak MiB'] = max(c.extra.get('peak MiB', 0), mount.peak())
            return result(seconds, out)

        def check():
            got = shell(fill(f'cat {{f}} | md5sum'))[1].split()[0]
            return None if got == md5 else 'other bytes than the origin has'
        if isinstance(mount, Mount):
            self.mounts[mount.name] = mount.command()
        c = Contender(mount.name, mount.words(fill(command)), once, check if md5 else None, most)
        c.mount = mount
        return c

    def curl(self, name, command, prepare=None, result=lambda s, out: s):
        """A contender without a mount."""
        def once():
            drop_caches()
            if prepare:
                prepare()
            return result(*shell(command))
        shown = command
        for org in [origin['org'] for origin in self.origin.values()]:
            shown = shown.replace(org.dir, 'DIR').replace(org.url, 'ORG')
        return Contender(name, re.sub(r'ContentVersion/\w+/', 'ContentVersion/068.../', self.world.words(shown)), once)

    def curl_url(self, title, ms=0):
        org = self.origin[ms]['org']
        return f'-H @{org.header_file()} {org.version_url(title)}'

    def url_list(self, ms, n):
        """A file with the addresses of n small documents, a line each, and one that curl -K takes."""
        org = self.origin[ms]['org']
        path = os.path.join(org.dir, 'urls')
        urls = [org.version_url(f'm{i:03}') for i in range(n)]
        with open(path, 'w') as f:
            f.writelines(url + '\n' for url in urls)
        with open(path + '.curl', 'w') as f:
            f.writelines(f'url = {url}\noutput = /dev/null\n' for url in urls)
        return path

    def small_md5(self, n):
        """Of the first n small files one after another."""
        md5 = hashlib.md5()
        for i in range(n):
            with open(os.path.join(self.world.origin, 'reads', f'm{i:03}.bin'), 'rb') as f:
                md5.update(f.read())
        return md5.hexdigest()

    def stop(self, figure):
        for c in figure.contenders:
            if hasattr(c, 'mount'):
                c.mount.remove()


def rate(mib):
    return lambda seconds, out: mib / seconds


def size_word(mib):
    return f'{mib // 1024} GiB' if mib % 1024 == 0 else f'{mib} MiB'


# Reading one large file.

def cold_sequential(b, ms=0):
    name, mib = ('far', b.size.far) if ms else ('big', b.size.big)
    out = os.path.join(b.world.disk, 'out')

    def remove():
        if os.path.exists(out):
            os.unlink(out)
    url = b.curl_url(name, ms)

    def contend(mount, most=None):
        return b.contend(mount, 'cat {f} >/dev/null', f'reads/{name}.bin', result=rate(mib), md5=b.sums[f'{name}.bin'],
                         most=most)
    own = contend(b.sffs(ms))
    contenders = [own,
                  b.curl('curl -o FILE', f'curl -sS -o {out} {url}', remove, rate(mib)),
                  b.curl('curl | tee FILE | md5sum', f'curl -sS {url} | tee {out} | md5sum', remove, rate(mib)),
                  b.curl('curl -o /dev/null', f'curl -sS -o /dev/null {url}', None, rate(mib))]
    contenders += [contend(m) for m in b.rclone(ms)] + [contend(m, most=1 if ms else None) for m in b.sshfs(ms)]
    contenders += [contend(m, most=1) for m in b.httpdirfs(ms)]
    if ms == 0:
        contenders += [contend(m) for m in b.passthrough()] + [contend(m) for m in b.local()]
    goals = [Goal('curl -o FILE', '>=', 0.5, 0.75, ONE_LARGE),
             Goal('curl | tee FILE | md5sum', '>=', 1.3, 1.9, ONE_LARGE),
             Goal('rclone full', '>=', 1, 2, ONE_LARGE)]
    return Figure(f'cold, {size_word(mib)} from first to last byte{behind(ms)}', 'MiB/s', contenders,
                  goals if ms == 0 else goals[2:], b.size.rounds,
                  'Nothing cached anywhere. sffs keeps the file on disk and checks its MD5 as it arrives; so does '
                  'the second peer.')


def behind(ms):
    return f', {ms} ms away' if ms else ''


def again(b):
    """Read again: the kernel has kept its pages."""
    contenders = [b.contend(m, 'cat {f} >/dev/null', 'reads/big.bin', Warmed('reads/big.bin'), rate(b.size.big))
                  for m in [b.sffs(), *b.passthrough(), *b.local(), *b.rclone(), *b.sshfs()]]
    return Figure(f'read again, {size_word(b.size.big)}', 'MiB/s', contenders, [Goal('pass-through', '>=', 1)],
                  max(b.size.rounds, 3))


class Warmed:
    """Prepare: mounted the first time, and read just before."""
    def __init__(self, name, command='cat'):
        self.name, self.command, self.done = name, command, False

    def __call__(self, mount):
        if not self.done:
            mount.fresh()
            self.done = True
        shell(f'{self.command} {mount.file(self.name)} >/dev/null')


class Remounted:
    """Prepare: read once, then mounted anew, with what is on disk. The page cache of the disk is kept, or dropped."""
    def __init__(self, name, drop):
        self.name, self.drop, self.warmed = name, drop, Warmed(name)

    def __call__(self, mount):
        self.warmed(mount)
        mount.stop()
        drop_caches()
        if not self.drop:
            mount.read_behind()
        mount.remount()


def remounted(b, drop=False):
    mounts = [b.sffs(), *b.passthrough(), *b.rclone(modes=('full',))]
    contenders = [b.contend(m, 'cat {f} >/dev/null', 'reads/big.bin', Remounted('reads/big.bin', drop),
                            rate(b.size.big)) for m in mounts]
    kept = 'from a disk that must be read' if drop else 'the disk\'s pages in memory'
    return Figure(f'after a remount, {size_word(b.size.big)}, {kept}', 'MiB/s', contenders,
                  [Goal('pass-through', '>=', 1.5)], b.size.rounds)


def remounted_cold(b):
    return remounted(b, True)


def first_bytes(b, ms=0):
    contenders = [b.contend(m, 'head -c 4096 {f} >/dev/null', 'reads/big.bin', result=lambda s, out: s * 1000)
                  for m in [b.sffs(ms), *b.remote(ms), *(b.passthrough() if ms == 0 else ())]]
    contenders.insert(1,
                      b.curl('curl', f'{{ curl -sS {b.curl_url("big", ms)} 2>/dev/null & }} | head -c 4096 >/dev/null',
                             None, lambda s, out: s * 1000))
    return Figure(f'first 4 KiB of {size_word(b.size.big)}{behind(ms)}', 'ms', contenders, [Goal('curl', '<=', 1.5)],
                  5 if b.size.slow else b.size.rounds)


class Dropped:
    """Prepare: the mount has been read, and its pages are dropped; what is behind it is in memory."""
    def __init__(self, name):
        self.name, self.warmed = name, Warmed(name)

    def __call__(self, mount):
        self.warmed(mount)
        with open(mount.file(self.name), 'rb') as f:
            os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        mount.read_behind()


def random_reads(b, keep=False):
    seconds = 1 if b.size.big >= 256 else 0.1
    contenders = [b.contend(m, f'{program("tests/bench/probe")} {{f}} {seconds}', 'reads/big.bin',
                            (Warmed if keep else Dropped)('reads/big.bin'), lambda s, out: float(out.split()[0]))
                  for m in [b.sffs(), *b.passthrough(), *(b.slow(b.local(), b.rclone(modes=('full',)), b.sshfs()))]]
    what = 'from the page cache' if keep else 'through the daemon'
    return Figure(f'random 4 KiB in {size_word(b.size.big)}, {what}', 'reads/s', contenders,
                  [Goal('pass-through', '>=', 1)], b.size.rounds)


def random_reads_kept(b):
    return random_reads(b, True)


def eight_readers(b):
    """Memory while eight programs read the same file that is not there yet."""
    command = 'for i in 1 2 3 4 5 6 7 8; do cat {f} >/dev/null & done; wait'
    contenders = [b.contend(m, command, 'reads/big.bin', result=peak_of(m))
                  for m in [b.sffs(), *b.rclone(modes=('full',))]]
    return Figure(f'peak memory, eight readers of {size_word(b.size.big)}, cold', 'MiB', contenders,
                  [Goal(None, '<=', 32)], 1)


def peak_of(mount):
    return lambda seconds, out: mount.peak()


# Many files.

def small_serial(b):
    n = b.size.small
    urls = b.url_list(0, n)
    md5 = b.small_md5(n)
    contenders = [b.contend(m, 'cat {f} >/dev/null', 'reads/m*.bin', md5=md5, most=1 if m.name == 'httpdirfs' else None)
                  for m in [b.sffs(), *b.rclone(), *b.sshfs(), *b.passthrough(), *b.local(), *b.httpdirfs()]]
    contenders.insert(1,
                      b.curl('curl, one connection', f'curl -sS -H @{b.origin[0]["org"].header_file()} -K {urls}.curl'))
    contenders.append(b.contend(Local('MD5 alone', b.world, b.world.origin), 'md5sum {f} >/dev/null', 'reads/m*.bin'))
    return Figure(f'{n} x 1 MiB one after another, cold', 's', contenders,
                  [Goal('curl, one connection', '<=', 2, why=MANY_SMALL)], b.size.rounds,
                  'sffs keeps the files and checks their MD5, which takes the time that the last line shows of one '
                  'processor; curl keeps and checks nothing.')


def small_parallel(b):
    n = b.size.small
    urls = b.url_list(0, n)
    command = 'ls {f} | xargs -P8 -n ' + str(max(n // 8, 1)) + ' cat >/dev/null'
    contenders = [b.contend(m, command, 'reads/m*.bin', most=1 if m.name == 'httpdirfs' else None)
                  for m in [b.sffs(), *b.rclone(), *b.sshfs(), *b.passthrough(), *b.local(), *b.httpdirfs()]]
    contenders.insert(1,
                      b.curl('curl, eight at a time',
                             f'curl -sS -Z --parallel-max 8 -H @{b.origin[0]["org"].header_file()} -K {urls}.curl '
                             f'2>/dev/null'))
    return Figure(f'{n} x 1 MiB, eight at a time, cold', 's', contenders, [], b.size.rounds)


def small_far(b):
    n = min(50, b.size.small)
    urls = b.url_list(LATENCY, n)
    head = b.origin[LATENCY]['org'].header_file()
    pattern = 'reads/m0[0-4]?.bin'
    contenders = [b.contend(m, 'cat {f} >/dev/null', pattern, md5=b.small_md5(n),
                            most=None if isinstance(m, Sffs) else 1)
                  for m in [b.sffs(LATENCY), *b.slow(b.rclone(LATENCY), b.sshfs(LATENCY), b.httpdirfs(LATENCY))]]
    contenders.insert(1,
                      b.curl('curl in a loop',
                             f'while read -r u; do curl -sS -o /dev/null -H @{head} "$u" </dev/null || exit; done '
                             f'<{urls}'))
    contenders.insert(2, b.curl('curl, one connection', f'curl -sS -H @{head} -K {urls}.curl'))
    return Figure(f'{n} x 1 MiB one after another, cold{behind(LATENCY)}', 's', contenders,
                  [Goal('curl in a loop', '<=', 0.35)], b.size.rounds)


def small_far_parallel(b):
    n = min(50, b.size.small)
    urls = b.url_list(LATENCY, n)
    contenders = [b.contend(m, 'ls {f} | xargs -P8 -n 7 cat >/dev/null', 'reads/m0[0-4]?.bin',
                            most=None if isinstance(m, Sffs) else 1)
                  for m in [b.sffs(LATENCY), *b.rclone(LATENCY), *b.sshfs(LATENCY), *b.httpdirfs(LATENCY)]]
    contenders.insert(1,
                      b.curl('curl, eight at a time',
                             f'curl -sS -Z --parallel-max 8 -H @{b.origin[LATENCY]["org"].header_file()} '
                                f'-K {urls}.curl 2>/dev/null'))
    return Figure(f'{n} x 1 MiB, eight at a time, cold{behind(LATENCY)}', 's', contenders, [], b.size.rounds)


# Listing.

def org_of_many(b):
    if 'many' not in b.origin[0]:
        b.origin[0]['many'] = Org(b.world, '--data', os.path.join(b.world.origin, 'many'))
    return b.origin[0]['many']


def counted(n):
    def result(seconds, out):
        if int(out) != n:
            raise Failed(f'{out.strip()} entries instead of {n}')
        return seconds
    return result


def listing(b, command, found=1, again=False):
    n = b.size.many
    root = os.path.join(b.world.origin, 'many')
    mounts = [(b.sffs(org=org_of_many(b)), '')] + [(m, '') for m in b.passthrough(root)]
    mounts += [(m, 'many') for m in [*b.local(), *b.rclone(), *b.sshfs(), *b.httpdirfs()]]
    contenders = [b.contend(m, f'{command} | wc -l', name, Warmed(name, 'ls -l') if again else None, counted(n + found),
                            most=1 if m.name == 'httpdirfs' else None)
                  for m, name in mounts]
    return n, contenders


def list_cold(b):
    n, contenders = listing(b, 'ls -l {f}')
    return Figure(f'ls -l of {n:,} documents, mounted just now', 's', contenders, [Goal('pass-through', '<=', 0.5)],
                  b.size.rounds,
                  'sffs shows each document as a directory; the others show the plain files. Its catalogue was '
                  'filled by mounting, '
                  'see the figure that includes mounting. passthrough_ll looks each inode up in a linked list, '
                  'which is part of its time.')


def list_warm(b):
    n, contenders = listing(b, 'ls -l {f}', again=True)
    return Figure(f'ls -l of {n:,} documents again', 's', contenders, [], b.size.rounds)


def rate_of(n):
    return lambda seconds, out: n / counted(n)(seconds, out)


def in_same_tree(b, command):
    """Empty files in a tree like that of documents/: each document is a directory with a file and its metadata.json.
    passthrough_ll keeps a descriptor for each file that it has seen, so it gets as many as the limit allows."""
    n = min(b.size.many, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 4)
    tree = os.path.join(b.world.origin, 'tree')
    for i in range(0 if os.path.exists(tree) else n):
        os.makedirs(f'{tree}/f{i:05}')
        for name in (f'f{i:05}.txt', 'metadata.json'):
            open(f'{tree}/f{i:05}/{name}', 'w').close()
    mounts = [Passthrough(b.world, tree,
                          'pass-through, same tree')] if os.path.exists(program('tests/bench/passthrough_ll')) else []
    return [b.contend(m, command, result=rate_of(n)) for m in [*mounts, Local('tmpfs, same tree', b.world, tree)]]


def find_cold(b):
    """Every file's size: sffs goes into each document's directory, and finds its metadata.json there too."""
    command = "find {f} -name 'f*.txt' -type f -printf '%s\\n' | wc -l"
    n = b.size.many
    contenders = [b.contend(b.sffs(org=org_of_many(b)), command, result=rate_of(n)), *in_same_tree(b, command)]
    return Figure(f'find -type f -printf %s of {n:,} files, mounted just now', 'files/s', contenders,
                  [Goal('pass-through, same tree', '>=', 2, why=FIND)], b.size.rounds)


def find_documents(b):
    n, contenders = listing(b, "find {f} -mindepth 1 -maxdepth 1 -printf '%s %p\\n'", found=0)
    return Figure(f"find -maxdepth 1 -printf '%s %p' of {n:,} documents, mounted just now", 's', contenders,
                  [Goal('pass-through', '<=', 0.5)], b.size.rounds)


def find_names(b):
    """As people look for all their CSVs: by name, in every document's directory."""
    n = b.size.many
    command = "find {f} -name '*.txt' | wc -l"
    contenders = [b.contend(b.sffs(org=org_of_many(b)), command, result=rate_of(n)), *in_same_tree(b, command)]
    return Figure(f"find -name '*.txt' in {n:,} documents, mounted just now", 'documents/s', contenders,
                  [Goal(None, '>=', 10000, why=FIND)], b.size.rounds)


def from_nothing(b, ms=0):
    """Mounting and the first listing together, and what it asks of the server."""
    n, name = b.size.many, 'many'
    if ms:
        # A mount that asks for the size of each file alone takes a minute for a thousand files.
        n = min(500, n)
        name = few(b, n)
    org = Org(b.world, '--data', os.path.join(b.world.origin, name), ms=ms)

    def once_of(mount, name):
        def once():
            if mount.name == 'sffs':
                org.forget()
            seconds = mount.fresh() + counted(n + 1)(*shell(f'ls -l {mount.file(name)} | wc -l'))
            if mount.name == 'sffs':
                c.extra.update({'page calls': org.calls('GET */query*FROM ContentDocument *'),
                                'all calls': org.calls()})
            return seconds
        c = Contender(mount.name, 'mount; ' + mount.words(f'ls -l {mount.file(name)}'), once,
                      most=1 if ms and mount.name != 'sffs' else None)
        c.mount = mount
        return c
    contenders = [once_of(b.sffs(ms, org), '')] + [once_of(m, name) for m in b.remote(ms)]
    return Figure(f'mounting with nothing known, and ls -l of {n:,} documents{behind(ms)}', 's', contenders,
                  [Goal('rclone full', '<=', 1)], b.size.rounds)


def few(b, n):
    """A directory with the first n of many files."""
    name = f'few{n}'
    os.makedirs(os.path.join(b.world.origin, name), exist_ok=True)
    for i in range(n):
        target = os.path.join(b.world.origin, name, f'f{i:05}.txt')
        if not os.path.exists(target):
            os.link(os.path.join(b.world.origin, 'many', f'f{i:05}.txt'), target)
    return name


def page_calls(b):
    """Calls are counted, not timed."""
    org, n = org_of_many(b), b.size.many
    mount = b.sffs(org=org)

    def once():
        org.forget()
        mount.fresh()
        shell(f'ls -l {mount.file("")} >/dev/null')
        return org.calls('GET */query*FROM ContentDocument *')
    c = Contender('sffs', 'mount; ls -l MNT/documents', once)
    c.mount = mount
    return Figure(f'page calls for mounting and listing {n:,} documents', 'calls', [c],
                  [Goal(None, '<=', max(n // 2000, 1))], 1)


# Growth.

def documents_grow(b):
    """Everything about mounting and listing, from a few documents to a million. The goals are about the largest."""
    lines = {label: []
             for label in ('first mount, s', 'ls -f, s', 'ls -l, s', 'ls -l of directories in memory, s',
                           'second mount, s', 'peak memory, MiB', 'calls of the first mount',
                                     'calls of the second mount')}
    for n in b.size.documents:
        org = Org(b.world, '--synthetic', str(n), '--plain')
        mount = b.sffs(org=org)
        org.forget()
        values = {'first mount, s': mount.fresh(), 'calls of the first mount': org.calls()}
        for command in ('ls -f', 'ls -l'):
            values[command + ', s'] = counted(n
                    + (2 if command == 'ls -f' else 1))(*shell(f'{command} {mount.file("")} | wc -l'))
        values['ls -l of directories in memory, s'] = list_local(b, n)
        peak = mount.peak()
        org.forget()
        values['second mount, s'] = mount.remount()
        values['calls of the second mount'] = org.calls()
        values['peak memory, MiB'] = max(peak, mount.peak())
        mount.remove()
        b.world.stop(org.child)
        for label, value in values.items():
            lines[label].append((n, value))
    b.series.append(('documents',
                     Series('How cost grows with the number of documents', 'documents', 's, MiB or calls', lines)))
    largest = b.size.documents[-1]
    million = largest == 1000000
    return [single(f'{label} of {largest:,} documents', unit, lines[label][-1][1],
                   Goal(None, '<=', bound) if million and bound else None)
            for label, unit,
            bound in (('first mount, s', 's', None), ('ls -l, s', 's', 10), ('second mount, s', 's', 0.5),
                                       ('calls of the second mount', 'calls', 1), ('peak memory, MiB', 'MiB', 64))]


def list_local(b, n):
    """The same number of directories without any mount: the time of ls and the kernel alone."""
    root = os.path.join(b.world.origin, 'directories')
    os.mkdir(root)
    for i in range(n):
        os.mkdir(f'{root}/Document {i:07}')
    drop_caches()
    seconds, _ = shell(f'ls -l {root} | wc -l')
    shutil.rmtree(root)
    return seconds


def single(name, unit, value, goal=None):
    name = name.replace(f', {unit}', '')
    c = Contender('sffs', 'sffs sim MNT; ls -f MNT/documents; ls -l MNT/documents; fusermount3 -u MNT; sffs sim MNT',
                  lambda: value)
    return Figure(name, unit, [c], [goal] if goal else [], 1)


def csv_grows(b):
    """A view of a CSV document, from its download to its last byte, from 1 MB to 1 GB."""
    lines = {label: []
             for label in ('table.tsv, nothing cached, s', 'table.tsv after a remount, s', 'rows.jsonl after that, s',
                           'peak memory, MiB', 'calls')}
    for mb in b.size.csv:
        root = os.path.join(b.world.origin, f'csv{mb}')
        os.mkdir(root)
        make_csv(os.path.join(root, 'data.csv'), mb, 'quoted')
        org = Org(b.world, '--data', root)
        mount = b.sffs(org=org)
        mount.fresh()
        org.forget()
        view = os.path.join(mount.mnt, 'parsed/data')
        values = {'table.tsv, nothing cached, s': shell(f'cat {view}/table.tsv >/dev/null')[0], 'calls': org.calls()}
        peak = mount.peak()
        mount.remount()
        values['table.tsv after a remount, s'] = shell(f'cat {view}/table.tsv >/dev/null')[0]
        values['rows.jsonl after that, s'] = shell(f'cat {view}/rows.jsonl >/dev/null')[0]
        values['peak memory, MiB'] = max(peak, mount.peak())
        mount.remove()
        b.world.stop(org.child)
        shutil.rmtree(root)
        for label, value in values.items():
            lines[label].append((mb, value))
    b.series.append(('csv',
                     Series('How cost grows with the size of a CSV document', 'MB of CSV', 's, MiB or calls', lines)))
    return []


# Parsed views.

def make_csv(path, mb, kind):
    """Ten columns. `plain` has no quote; in `quoted` every tenth cell is quoted and has a comma in it; `all` quotes
    every cell; `odd` has stray quotes, ragged records and other line ends. Only cells of `odd` have tabs or line ends,
    so the tab-separated output of every tool should be the same bytes."""
    cells = ['Q3 Forecast', 'Acme Corporation', '2026-03-01', '1284.50', 'EMEA', 'open', '0015g00000ABCDE', 'Stuttgart',
             'yes', 'renewal of the licence']

    def row(i):
        out = []
        for j, cell in enumerate(cells):
            text = f'{cell} {i * 7919 % 10007}' if j % 3 == 0 else cell
            if kind == 'all' or (kind != 'plain' and (i + j) % 10 == 0):
                text = f'"{text}, {j}"'
            out.append(text)
        line = ','.join(out)
        if kind == 'odd' and i % 50 == 7:
            line = line.replace('EMEA', 'EM"EA') if i % 100 == 7 else ','.join(out[:7])
        return line + ('\r\n' if kind == 'odd' and i % 3 == 0 else '\n')
    block = ''.join(row(i) for i in range(10000)).encode()
    with open(path, 'wb') as f:
        f.write(b','.join(b'column%d' % j for j in range(len(cells))) + b'\n')
        while f.tell() < mb * 1000000:
            f.write(block)
    return path


def views_in_memory(b):
    """How fast a CSV file in memory is surveyed and rendered, next to bare libcsv, whose callbacks only count."""
    goals = {('survey', 'plain'): Goal(None, '>=', 2000), ('survey', 'quoted'): Goal(None, '>=', 470),
             ('tsv', 'plain'): Goal(None, '>=', 1000), ('tsv', 'quoted'): Goal(None, '>=', 1000)}
    words = {'plain': 'no quotes', 'quoted': '10 % of cells quoted', 'all': 'every cell quoted',
             'odd': 'stray quotes, ragged'}
    figures = []
    for kind in words:
        path = make_csv(os.path.join(b.world.origin, f'{kind}.csv'), b.size.views, kind)
        mb = os.path.getsize(path) / 1e6

        def contender(name, what):
            return Contender(name, f'build/tests/bench/views {what} FILE',
                             lambda: mb / float(shell(f'{program("tests/bench/views")} {what} {path}')[1].split()[0]))
        for what in ('survey', 'tsv', 'jsonl'):
            own = [goals[what, kind]] if (what, kind) in goals else []
            figures.append(Figure(f'{what} of {b.size.views} MB of CSV, {words[kind]}', 'MB/s',
                                  [contender('sffs', what), contender('bare libcsv', 'libcsv')],
                                  own + ([Goal('bare libcsv', '>=', 1)] if what != 'jsonl' else []),
                                  b.size.rounds).run())
        os.unlink(path)
    return figures


PYTHON_CSV = "import csv,sys; csv.writer(sys.stdout, delimiter='\\t', quoting=csv.QUOTE_NONE, quotechar=None, " \
    "lineterminator='\\n')" \
    ".writerows(csv.reader(open(sys.argv[1], newline='')))"


def views_against_tools(b):
    """A CSV document as tab-separated text, as a user gets it; the tools read the same file from memory."""
    root = os.path.join(b.world.origin, 'tools')
    os.mkdir(root)
    path = make_csv(os.path.join(root, 'data.csv'), min(b.size.views, 64), 'quoted')
    mb = os.path.getsize(path) / 1e6
    reference = shell(f'python3 -c "{PYTHON_CSV}" {path} | md5sum')[1].split()[0]
    mount = b.sffs(org=Org(b.world, '--data', root))
    view = os.path.join(mount.mnt, 'parsed/data/table.tsv')

    def tool(name, command, most=None, prepare=None):
        def once():
            if prepare:
                prepare()
            return mb / shell(f'{command} >/dev/null')[0]

        def check():
            if prepare:
                prepare()
            return None if shell(f'{command} | md5sum')[1].split()[0] == reference else 'other bytes than the others'
        return Contender(name, mount.words(command).replace(TOP + '/', ''), once, check, most)

    def downloaded():
        mount.fresh()
        shell(f'cat {mount.file("data.csv")} >/dev/null')

    def viewed():
        if mount.child is None:
            downloaded()
        shell(f'cat {view} >/dev/null')
        mount.remount()
    own = tool('sffs', f'cat {view}', prepare=downloaded)
    own.mount = mount
    contenders = [own, tool('sffs, seen before', f'cat {view}', prepare=viewed),
                  tool("Python's csv", f'python3 -c "{PYTHON_CSV}" {path}')]
    if shutil.which('mlr'):
        contenders.append(tool('Miller', f'mlr --icsv --otsv cat {path}'))
    else:
        b.miss('Miller is not installed')
    if shutil.which('csvformat'):
        contenders.append(tool('csvkit', f'csvformat -T {path}', 1))
    elif b.size.slow:
        b.miss('csvkit is not installed')
    duckdb = fetch_duckdb() if b.size.slow else None
    if duckdb:
        contenders.append(tool('DuckDB', f'python3 {TOP}/tests/bench/duck.py {duckdb} {path} /dev/stdout'))
    elif b.size.slow:
        b.miss('DuckDB: its npm package cannot be had')
    return Figure(f'{mb:.0f} MB of CSV to tab-separated text, 10 % of cells quoted', 'MB/s', contenders,
                  [Goal('Miller', '>=', 1)], b.size.rounds,
                  'sffs: the document is in its cache, nothing has been parsed; the time is a survey, a render and '
                  'a read through the mount. '
                  'Seen before: rendered once, mounted anew. All write to /dev/null.')


def fetch_duckdb():
    """DuckDB's library comes in an npm package."""
    try:
        out = subprocess.run([f'{TOP}/tests/npm-fetch', DUCKDB], capture_output=True, text=True, timeout=120,
                             env={**os.environ, 'BUILD': BUILD}, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
    path = os.path.join(out, 'libduckdb.so')
    return path if os.path.exists(path) else None


def first_bytes_far(b):
    return first_bytes(b, LATENCY)


def cold_sequential_far(b):
    return cold_sequential(b, LATENCY)


def from_nothing_far(b):
    return from_nothing(b, LATENCY)


# Everything, in the order of the report: heading, figures.
ALL = (
    ('One large file',
     (cold_sequential, again, remounted, remounted_cold, first_bytes, random_reads, random_reads_kept, eight_readers)),
    ('Many files', (small_serial, small_parallel)),
    ('Listing', (page_calls, from_nothing, list_cold, list_warm, find_documents, find_cold, find_names)),
    (f'The same, {LATENCY} ms away',
     (first_bytes_far, cold_sequential_far, small_far, small_far_parallel, from_nothing_far)),
    ('Parsed views', (views_in_memory, views_against_tools, csv_grows)),
    ('A million documents', (documents_grow,)),
)
SAMPLE = (cold_sequential, page_calls, small_far, views_in_memory, documents_grow)
QUICK = (cold_sequential, again, remounted, first_bytes, random_reads, eight_readers, small_serial, page_calls,
         from_nothing, list_cold, find_names, first_bytes_far,
         small_far, views_in_memory, views_against_tools, documents_grow)
