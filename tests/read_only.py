# read_only.py SFFS OTHER
#
# Makes each call in two directories, a mount of sffs and a read-only mount of another filesystem, as root and as an
# ordinary user, and compares the errors. Both have documents/Table with Table.csv and the link parsed. Prints a line
# for each difference. The line begins with the sentence of docs/limits.md about it, or with "NEW" if there is none.
import ctypes, errno, fcntl, mmap, os, sys

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, O_TMPFILE = -100, 0o20200000
USER = 65534


def name(e):
    return 'EOPNOTSUPP' if e == errno.EOPNOTSUPP else errno.errorcode[e]


def result(f, *args):
    try:
        f(*args)
        return 'ok'
    except OSError as e:
        return name(e.errno)
    except ValueError:
        return 'ValueError'


def c(function, *args):
    args = [a.encode() if isinstance(a, str) else a for a in args]
    if getattr(libc, function)(*args) < 0:
        raise OSError(ctypes.get_errno(), '')


def opens(flags):
    return lambda p, d: os.close(os.open(p, flags, 0o600))


def on(flags, call):
    def run(p, d):
        fd = os.open(p, flags)
        try:
            call(fd)
        finally:
            os.close(fd)
    return run


flags = {'RDONLY': os.O_RDONLY, 'WRONLY': os.O_WRONLY, 'RDWR': os.O_RDWR, 'RDONLY|TRUNC': os.O_RDONLY | os.O_TRUNC,
         'WRONLY|TRUNC': os.O_WRONLY | os.O_TRUNC, 'WRONLY|APPEND': os.O_WRONLY | os.O_APPEND,
         'RDONLY|CREAT': os.O_RDONLY | os.O_CREAT, 'RDWR|CREAT': os.O_RDWR | os.O_CREAT,
         'RDWR|CREAT|EXCL': os.O_RDWR | os.O_CREAT | os.O_EXCL, 'RDWR|CREAT|TRUNC': os.O_RDWR | os.O_CREAT | os.O_TRUNC,
         'DIRECTORY': os.O_DIRECTORY, 'NOFOLLOW': os.O_NOFOLLOW, 'PATH': os.O_PATH, 'DIRECT': os.O_DIRECT,
         'TMPFILE': O_TMPFILE | os.O_RDWR}
# Calls that take a path p. d is the top directory.
paths = {
    'stat': lambda p, d: os.stat(p), 'lstat': lambda p, d: os.lstat(p), 'statfs': lambda p, d: os.statvfs(p),
    'readlink': lambda p, d: os.readlink(p), 'list': lambda p, d: os.listdir(p), 'chdir': lambda p, d: os.chdir(p),
    'access F': lambda p, d: c('access', p, os.F_OK), 'access R': lambda p, d: c('access', p, os.R_OK),
    'access W': lambda p, d: c('access', p, os.W_OK), 'access X': lambda p, d: c('access', p, os.X_OK),
    'chmod': lambda p, d: os.chmod(p, 0o600), 'chown': lambda p, d: os.chown(p, 0, 0),
    'chown nobody': lambda p, d: os.chown(p, -1, -1), 'utime': lambda p, d: os.utime(p),
    'truncate': lambda p, d: os.truncate(p, 0), 'mkdir': lambda p, d: os.mkdir(p), 'rmdir': lambda p, d: os.rmdir(p),
    'unlink': lambda p, d: os.unlink(p), 'mkfifo': lambda p, d: os.mkfifo(p), 'mknod': lambda p, d: os.mknod(p),
    'symlink': lambda p, d: os.symlink('x', p), 'link to': lambda p, d: os.link(d + FILE, p),
    'link from': lambda p, d: os.link(p, d + NEW, follow_symlinks=False),
    'rename to': lambda p, d: os.rename(d + FILE, p), 'rename from': lambda p, d: os.rename(p, d + NEW),
    'rename self': lambda p, d: os.rename(p, p),
    'setxattr': lambda p, d: os.setxattr(p, 'user.x', b'x'), 'removexattr': lambda p, d: os.removexattr(p, 'user.x'),
    'getxattr user': lambda p, d: os.getxattr(p, 'user.x'),
    'getxattr security': lambda p, d: os.getxattr(p, 'security.capability'),
    'getxattr trusted': lambda p, d: os.getxattr(p, 'trusted.x'),
    'getxattr acl': lambda p, d: os.getxattr(p, 'system.posix_acl_access'),
    'listxattr': lambda p, d: os.listxattr(p), 'llistxattr': lambda p, d: os.listxattr(p, follow_symlinks=False),
    **{'open ' + k: opens(v) for k, v in flags.items()},
}
# Calls that take an open file.
descriptors = {
    'read': lambda fd: os.read(fd, 1), 'write': lambda fd: os.write(fd, b'x'),
    'ftruncate': lambda fd: os.ftruncate(fd, 0), 'fchmod': lambda fd: os.fchmod(fd, 0o600),
    'fchown': lambda fd: os.fchown(fd, 0, 0), 'futimens': lambda fd: os.utime(fd), 'fsync': os.fsync,
    'fdatasync': os.fdatasync, 'fallocate': lambda fd: c('fallocate', fd, 0, ctypes.c_long(0), ctypes.c_long(1)),
    'fadvise': lambda fd: os.posix_fadvise(fd, 0, 1, os.POSIX_FADV_DONTNEED),
    'seek data': lambda fd: os.lseek(fd, 0, os.SEEK_DATA), 'seek hole': lambda fd: os.lseek(fd, 0, os.SEEK_HOLE),
    'seek beyond': lambda fd: os.lseek(fd, 1 << 40, os.SEEK_HOLE), 'seek before': lambda fd: os.lseek(fd, -1, 0),
    'flock': lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
    'lock': lambda fd: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB),
    'lock to write': lambda fd: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
    'map': lambda fd: mmap.mmap(fd, 1, prot=mmap.PROT_READ),
    'map private': lambda fd: mmap.mmap(fd, 1, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE),
    'map to write': lambda fd: mmap.mmap(fd, 1, prot=mmap.PROT_READ | mmap.PROT_WRITE),
    'map to run': lambda fd: mmap.mmap(fd, 1, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    'getflags': lambda fd: fcntl.ioctl(fd, 0x80086601, bytes(8)),
    'fsetxattr': lambda fd: os.setxattr(fd, 'user.x', b''),
    'flistxattr': os.listxattr, 'readdir': os.listdir, 'getdents in file': lambda fd: os.fchdir(fd),
    'syncfs': lambda fd: c('syncfs', fd),
}
DIR = '/documents/Table'
FILE, LINK, NEW = DIR + '/Table.csv', DIR + '/parsed', DIR + '/new'
LONG = ['/' + 'n' * n for n in (255, 256, 1025)]
targets = ['/', DIR, FILE, LINK, NEW, FILE + '/', NEW + '/', LINK + '/', FILE + '/new', NEW + '/new', LINK + '/new',
           DIR + '/.', DIR + '/..', *LONG, DIR + LONG[1], FILE + LONG[1], NEW + LONG[1], '/nnnn' * 1000]


def calls(d):
    found = {}
    for call, f in paths.items():
        for t in targets:
            found[call, t if len(t) < 50 else '%s...(%d)' % (t[:30], len(t))] = result(f, d + t, d)
            os.chdir('/')
    for call, f in descriptors.items():
        for t in (FILE, DIR):
            found[call, t] = result(on(os.O_RDONLY, f), d + t, d)
            os.chdir('/')
    return found


def sentence(who, call, ours, theirs):
    """The sentence of docs/limits.md about such a difference."""
    if call in ('open TMPFILE', 'fallocate', 'getflags') and ours in ('EOPNOTSUPP', 'ENOTTY'):
        return ('There are no nameless files (O_TMPFILE is EOPNOTSUPP) and no flags of files '
                '(the ioctl of `lsattr` is ENOTTY).')
    if call.startswith('getxattr') and ours == 'EOPNOTSUPP' and theirs == 'ENODATA':
        return 'An extended attribute outside of `user.` is EOPNOTSUPP.'
    if call.startswith('seek') and (ours, theirs) == ('ENXIO', 'ok'):
        return '`lseek(SEEK_DATA)` of a directory is ENXIO.'
    if call == 'access W' and (ours, theirs) == ('ok', 'EROFS'):
        return 'For root, `access(W_OK)` says yes.'
    if theirs == 'EROFS' and who == 'user' and ours in ('EACCES', 'EPERM'):
        return 'an ordinary user gets "Permission denied"'
    if theirs == 'EROFS' and call in ('unlink', 'rmdir', 'rename from', 'rename to', 'rename self', 'link from',
                                      'setxattr', 'removexattr', 'chmod', 'chown', 'utime', 'truncate'):
        return 'An error of the name comes first'
    return 'NEW'


ours, theirs = sys.argv[1:]
count = 0
for who in 'root', 'user':
    answers, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        if who == 'user':
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
        a, b = calls(ours), calls(theirs)
        text = ''.join('%s\t%s\t%s\t%s: %s, not %s\n' % (sentence(who, k[0], a[k], b[k]), who, k[0], k[1], a[k], b[k])
                       for k in a if a[k] != b[k]) + 'calls\t%d\n' % len(a)
        os.write(end, text.encode()) if len(text) < 65536 else os.write(end, b'NEW\ttoo many\n')
        os._exit(0)
    os.close(end)
    sys.stdout.write(os.fdopen(answers).read())
    os.waitpid(pid, 0)
