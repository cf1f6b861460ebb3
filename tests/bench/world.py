"""The servers and mounts that are compared, and the network between them.

World.end() ends everything that was started here, by its process id.
"""

import json
import os
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, os.environ.get('BUILD', 'build'))
MIB = 1 << 20
# Programs that are timed are in memory; what they read is not.
WAKE = 'for p in cat curl find head ls md5sum tee wc xargs; do $p --version; done'
SFTP_SERVER = '/usr/lib/openssh/sftp-server'



class Failed(Exception):
    """A contender could not do what was asked; the report shows why."""


def program(name):
    return os.path.join(BUILD, name)


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def shell(command, timeout=300, env=None):
    """Runs a command line, as its user would. Returns seconds and what it printed; Failed if it fails."""
    begin = time.perf_counter()
    child = subprocess.Popen(['sh', '-c', command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE,
                             process_group=0, env=env)
    try:
        out, err = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        raise Failed(f'not done after {timeout} s')
    seconds = time.perf_counter() - begin
    if child.returncode != 0:
        last = err.decode(errors='replace').strip().splitlines()[-1:] or [f'exit status {child.returncode}']
        raise Failed(last[0][:200])
    return seconds, out.decode(errors='replace')


def can_drop_caches():
    return os.access('/proc/sys/vm/drop_caches', os.W_OK) and os.geteuid() == 0


def drop_caches():
    """Nothing is in the page cache, and nothing waits to be written, which would slow down whoever comes next."""
    os.sync()
    with open('/proc/sys/vm/drop_caches', 'w') as f:
        f.write('3\n')
    subprocess.run(['sh', '-c', WAKE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class World:
    """Directories, and the servers that stand before them. The origin's files are in memory, so that a dropped page
    cache never makes the origin slow; what the contenders keep is on disk."""

    def __init__(self, disk):
        self.disk = tempfile.mkdtemp(prefix='sffs-bench.', dir=disk)
        self.origin = tempfile.mkdtemp(prefix='sffs-bench.', dir='/dev/shm' if os.path.isdir('/dev/shm') else disk)
        self.children = []
        self.mounts = []
        self.servers = []

    def dir(self, *names):
        path = os.path.join(self.disk, *names)
        os.makedirs(path, exist_ok=True)
        return path

    def words(self, text):
        """For the report: without the names of this run."""
        for path, word in ((self.disk, 'DISK'), (self.origin, 'ORIGIN'), (BUILD, 'build')):
            text = text.replace(path, word)
        return re.sub(r'127\.0\.0\.1:\d+|(?<=directport=)\d+', 'HOST', text)

    def start(self, argv, ready=None, env=None):
        """A server. With `ready`, returns when a line that matches has been printed, and what it matched."""
        log = open(os.path.join(self.disk, 'log'), 'a')
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if ready else log, stderr=log,
                                 env=env)
        self.children.append(child)
        match = None
        while ready:
            line = child.stdout.readline().decode(errors='replace')
            if not line:
                raise Failed(f'{os.path.basename(argv[0])} did not start')
            match = re.search(ready, line)
            if match:
                break
        return child, match

    def stop(self, child):
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        if child in self.children:
            self.children.remove(child)

    def end(self):
        for mount in list(self.mounts):
            mount.stop()
        for server in self.servers:
            server.shutdown()
        for child in list(self.children):
            self.stop(child)
        for path in (self.disk, self.origin):
            shutil.rmtree(path, ignore_errors=True)

    def delayed(self, port, ms):
        """A port of this machine that leads to another, ms away there and back."""
        if ms == 0:
            return port
        _, match = self.start([program('tests/delay-proxy'), '0', str(port), str(ms)], r'^(\d+)$')
        return int(match.group(1))


class Nginx:
    """Plain files over HTTP with an index, for those that mount such things."""
    def __init__(self, world, root, ms=0):
        self.port = free_port()
        conf = os.path.join(world.dir('nginx'), f'{self.port}.conf')
        with open(conf, 'w') as f:
            f.write(f'''daemon off; pid {conf}.pid; worker_processes 1; error_log stderr; user root;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000;
client_body_temp_path {conf}.b; proxy_temp_path {conf}.p; fastcgi_temp_path {conf}.f;
uwsgi_temp_path {conf}.u; scgi_temp_path {conf}.s;
server {{ listen 127.0.0.1:{self.port}; root {root}; autoindex on; }} }}
''')
        world.start(['nginx', '-c', conf])
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', self.port)) == 0:
                    break
            time.sleep(0.01)
        self.port = world.delayed(self.port, ms)
        self.url = f'http://127.0.0.1:{self.port}/'


class Sftp:
    """sftp-server on a port, without ssh: what sshfs can do at best, since nothing is encrypted."""
    def __init__(self, world, ms=0):
        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                subprocess.run([SFTP_SERVER], stdin=self.request, stdout=self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
        server = Server(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.servers.append(server)
        self.port = world.delayed(server.server_address[1], ms)


class Org:
    """A simulated Salesforce org."""
    def __init__(self, world, *arguments, ms=0):
        port = free_port()
        front = world.delayed(port, ms)
        self.dir = tempfile.mkdtemp(dir=world.disk)
        self.child, _ = world.start([program('sffs-org'), *arguments, '--port', str(port)] +
                                    (['--front', str(front)] if ms else []), r'^\[sim\]')
        section = ['[sim]\n']
        while not section[-1].startswith('client_secret'):
            section.append(self.child.stdout.readline().decode())
        self.config = os.path.join(self.dir, 'config')
        with open(os.open(self.config, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
            f.writelines(section)
        self.keys = dict(line.strip().split(' = ', 1) for line in section[1:])
        self.url = self.keys['login_url']
        self.headers = None

    def ask(self, path, data=None, **headers):
        return urllib.request.urlopen(urllib.request.Request(self.url + path, data=data, headers=headers),
                                      timeout=60).read().decode()

    def token(self):
        form = urllib.parse.urlencode({'grant_type': 'client_credentials', 'client_id': self.keys['client_id'],
                                       'client_secret': self.keys['client_secret']}).encode()
        return json.loads(self.ask('/services/oauth2/token', form))['access_token']

    def header_file(self):
        """The bearer token, as curl -H @FILE takes it."""
        if not self.headers:
            self.headers = os.path.join(self.dir, 'headers')
            with open(os.open(self.headers, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
                f.write(f'Authorization: Bearer {self.token()}\n')
        return self.headers

    def version_url(self, title):
        version = self.ask('/_org/document?title=' + urllib.parse.quote(title)).split()[1]
        return f'{self.url}/services/data/v62.0/sobjects/ContentVersion/{version}/VersionData'

    def forget(self):
        self.ask('/_org/journal/clear', b'')

    def calls(self, match='*'):
        return int(self.ask('/_org/count?match=' + urllib.parse.quote(match)))


class Mount:
    """A mounted filesystem and the process that serves it."""
    ready_line = None
    path_of = staticmethod(lambda name: name)

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.dir = tempfile.mkdtemp(dir=world.disk)
        self.mnt = os.path.join(self.dir, 'mnt')
        self.cache = os.path.join(self.dir, 'cache')
        os.mkdir(self.mnt)
        self.child = None

    def argv(self):
        raise NotImplementedError

    def env(self):
        return None

    def command(self):
        return self.words(' '.join(self.argv()))

    def words(self, text):
        for path, word in ((self.mnt, 'MNT'), (self.cache, 'CACHE'), (self.dir, 'DIR')):
            text = text.replace(path, word)
        return self.world.words(text)

    def file(self, name=''):
        return os.path.join(self.mnt, self.path_of(name))

    def behind(self):
        """Where the bytes come from that the mount serves."""
        return self.cache

    def read_behind(self):
        """FUSE may move pages to the mount instead of copying them: then what is behind it is in memory no more."""
        shell(f'find {self.behind()} -type f -exec cat {{}} + >/dev/null')

    def start(self):
        """Mounts. Returns the seconds until it answers."""
        os.makedirs(self.cache, exist_ok=True)
        begin = time.perf_counter()
        before = os.stat(self.mnt).st_dev
        self.child, _ = self.world.start(self.argv(), env=self.env())
        self.world.mounts.append(self)
        while os.stat(self.mnt).st_dev == before:
            if self.child.poll() is not None or time.perf_counter() - begin > 300:
                self.stop()
                raise Failed('did not mount')
            time.sleep(0.001)
        return time.perf_counter() - begin

    def stop(self):
        if self.child is None:
            return
        if subprocess.run(['fusermount3', '-u', self.mnt], stderr=subprocess.DEVNULL).returncode != 0:
            subprocess.run(['fusermount3', '-uz', self.mnt], stderr=subprocess.DEVNULL)
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            pass
        self.world.stop(self.child)
        self.child = None
        self.world.mounts.remove(self)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def fresh(self):
        """Nothing is cached anywhere. Returns the seconds that mounting took."""
        self.stop()
        shutil.rmtree(self.cache, ignore_errors=True)
        drop_caches()
        return self.start()

    def remount(self):
        self.stop()
        return self.start()

    def peak(self):
        """The most memory that the process ever had, in MiB."""
        with open(f'/proc/{self.child.pid}/status') as f:
            return int(re.search(r'VmHWM:\s+(\d+)', f.read()).group(1)) / 1024

    def cpu(self):
        with open(f'/proc/{self.child.pid}/stat') as f:
            fields = f.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Sffs(Mount):
    def __init__(self, world, org, *options):
        super().__init__(world, 'sffs')
        self.org, self.options = org, options

    @staticmethod
    def path_of(name):
        """A file of the origin is a document: a directory of its title, and the file in it."""
        base = os.path.basename(name)
        return os.path.join('documents', os.path.splitext(base)[0], base) if base else 'documents'

    def argv(self):
        return [program('sffs'), '-f', *self.options, 'sim', self.mnt]

    def env(self):
        state = os.path.join(self.dir, 'state')
        os.makedirs(state, exist_ok=True)
        return {**os.environ, 'SFFS_CONFIG': self.org.config, 'XDG_STATE_HOME': state, 'XDG_CACHE_HOME': self.cache}


class Passthrough(Mount):
    """libfuse's own example, tuned as it allows, over a directory."""
    def __init__(self, world, source, name='pass-through'):
        super().__init__(world, name)
        self.source = source

    def behind(self):
        return self.source

    def argv(self):
        return [program('tests/bench/passthrough_ll'), '-f', '-o', f'source={self.source},cache=always,timeout=3600',
                self.mnt]


class Rclone(Mount):
    def __init__(self, world, url, mode):
        super().__init__(world, f'rclone {mode}')
        self.url, self.mode = url, mode

    def argv(self):
        return ['rclone', '--config', '/dev/null', 'mount', f':http,url="{self.url}":', self.mnt, '--read-only',
                '--vfs-cache-mode', self.mode, '--cache-dir', self.cache]


class Httpdirfs(Mount):
    def __init__(self, world, url):
        super().__init__(world, 'httpdirfs')
        self.url = url

    def argv(self):
        return ['httpdirfs', '-f', '--no-range-check', '--cache', '--cache-location', self.cache, self.url, self.mnt]


class Sshfs(Mount):
    def __init__(self, world, root, port):
        super().__init__(world, 'sshfs')
        self.root, self.port = root, port

    def argv(self):
        return ['sshfs', '-f', '-o', f'directport={self.port}', f'localhost:{self.root}', self.mnt]


class Local:
    """No mount at all: the files where they are."""
    def __init__(self, name, world, root):
        self.name, self.world, self.root = name, world, root

    def words(self, text):
        return self.world.words(text)

    def file(self, name=''):
        return os.path.join(self.root, name)

    def fresh(self):
        drop_caches()
        return 0

    def remount(self):
        return 0

    def read_behind(self):
        pass

    def stop(self):
        pass

    def remove(self):
        pass
