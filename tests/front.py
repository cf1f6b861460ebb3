"""
A proxy in front of the simulated org, for tests: it relays connections and disturbs them as networks and gateways do.

The org starts with --front PORT, so that all its URLs lead here. Both speak TLS: Front ends it, and reads the first
line of each request. If a fault is set and the line matches, Front does that; otherwise it passes the request on.
"""
import functools, gzip, http.client, os, random, re, select, socket, ssl, struct, subprocess, threading
import urllib.parse, zlib


def free_port():
    """A port below those that the kernel gives to outgoing connections, so that none of them takes it."""
    while True:
        port = random.SystemRandom().randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(('127.0.0.1', port))
                return port
            except OSError:
                pass


def make_certificate(directory, name):
    """Makes a self-signed certificate for 127.0.0.1. Returns the paths of the certificate and of its key."""
    cert, key = f'{directory}/{name}.pem', f'{directory}/{name}.key'
    if not os.path.exists(cert):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj',
                        '/CN=127.0.0.1',
                        '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key], check=True,
                        capture_output=True)
    return cert, key


def raw(status, body, headers=''):
    """An answer as it goes over the wire."""
    return (f'HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}\r\n').encode() + body


def sized(status, body, headers=''):
    return raw(status, body, headers + f'Content-Length: {len(body)}\r\n')


# One function for each fault of a connection whose request matches. It gets the connection; its caller closes it.

def reset(c):
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def bomb(c):
    """A few kilobytes, which unpack to more than sffs reads of any answer."""
    c.sendall(sized('200 OK', packed_blanks(), 'Content-Encoding: gzip\r\n'))


@functools.cache
def packed_blanks():
    return gzip.compress(b' ' * (64 << 20), 1)


def endless(c):
    """An answer without an end."""
    c.sendall(raw('200 OK', b'', 'Connection: close\r\n'))
    while True:
        c.sendall(b'{"records":[{"Id":"x"}],' * 4096)


def many_values(c):
    """An answer of twenty million values, which is not too long otherwise."""
    c.sendall(sized('200 OK', b'{"done":true,"totalSize":1,"records":[' + b'0,' * (20 << 20) + b'0]}'))


def deep(c):
    c.sendall(sized('200 OK', b'[' * (4 << 20)))


def longer(c):
    """The Content-Length is longer than the answer."""
    c.sendall(raw('200 OK', b'{"done":', 'Content-Length: 5000\r\n'))


def shorter(c):
    """The Content-Length is shorter than the answer."""
    c.sendall(raw('200 OK', b'{"done":true,"totalSize":0,"records":[]}', 'Content-Length: 9\r\n'))


ACTIONS = {f.__name__: f for f in (reset, bomb, endless, many_values, deep, longer, shorter)}

# A proxy codes an answer so, one coding after the other, whatever the client has asked for.
CODINGS = {'gzip': gzip.compress, 'deflate': zlib.compress, 'rot13': bytes}
CODED = {'gzip': ['gzip'], 'deflate-gzip': ['deflate', 'gzip'], 'rot13': ['rot13']}


class Front:
    def __init__(self, directory, org_port):
        self.port, self.org_port = free_port(), org_port
        self.cert, _ = make_certificate(directory, 'front')
        self.contexts = {}
        for name in ('front', 'other'):
            self.contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.contexts[name].load_cert_chain(*make_certificate(directory, name))
        self.to_org = ssl._create_unverified_context()
        self.lock = threading.Lock()
        self.connections, self.requests, self.connects = set(), [], 0
        self.fault = self.pattern = self.reply = None
        self.listener = None
        self.listen()

    def listen(self):
        self.listener = socket.create_server(('127.0.0.1', self.port), backlog=64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            self.connects += 1
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def set(self, fault, pattern, reply=None):
        """Begins a fault. refused, nonsense and certificate happen to all connections, any other fault to the requests
        that match."""
        self.pattern, self.reply, self.fault = re.compile(pattern), reply, fault
        self.requests, self.connects = [], 0
        if fault == 'refused':
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        if fault in ('refused', 'nonsense', 'certificate'):
            self.drop_connections()

    def clear(self):
        was, self.fault = self.fault, None
        if was == 'refused':
            self.listen()
        if was in ('nonsense', 'certificate'):
            self.drop_connections()

    def drop_connections(self):
        with self.lock:
            for c in self.connections:
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def serve(self, sock):
        with self.lock:
            self.connections.add(sock)
        try:
            if self.fault == 'nonsense':
                sock.sendall(b'220 smtp.example.com ESMTP\r\n' * 20)
                sock.recv(65536)
            else:
                self.relay(sock)
        except OSError:
            pass
        finally:
            with self.lock:
                self.connections.discard(sock)
            try:
                sock.close()
            except OSError:
                pass

    def relay(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = 'other' if self.fault == 'certificate' else 'front'
        client = self.contexts[name].wrap_socket(os_dup(sock), server_side=True)
        org = None
        try:
            while True:
                ends = [e for e in (client, org) if e]
                ready = [e for e in ends if e.pending()] or select.select(ends, [], [])[0]
                if client in ready:
                    data = client.recv(65536)
                    if not data:
                        return
                    if self.take(data):
                        self.act(client, data)
                        return
                    if not org:
                        org = self.to_org.wrap_socket(socket.create_connection(('127.0.0.1', self.org_port)))
                    org.sendall(data)
                if org in ready:
                    data = org.recv(65536)
                    if not data:
                        return
                    client.sendall(data)
        finally:
            for e in (client, org):
                if e:
                    e.close()

    def take(self, data):
        """Notes the request that begins here. Returns whether the fault happens to it."""
        if not data.startswith((b'GET ', b'POST ')):
            return False
        line = urllib.parse.unquote(data.split(b' HTTP/', 1)[0].decode('latin-1'))
        self.requests.append(line)
        return self.fault in (*ACTIONS, *CODED, 'reply') and bool(self.pattern.search(line))

    def act(self, client, data):
        if self.fault == 'reply':
            client.sendall(self.reply)
        elif self.fault in CODED:
            self.code(client, data, CODED[self.fault])
        else:
            ACTIONS[self.fault](client)


    def code(self, client, request, codings):
        with self.to_org.wrap_socket(socket.create_connection(('127.0.0.1', self.org_port))) as org:
            org.sendall(request)
            answer = http.client.HTTPResponse(org)
            answer.begin()
            body = answer.read()
        for coding in codings:
            body = CODINGS[coding](body)
        ours = ('content-length', 'transfer-encoding', 'connection', 'content-type')
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in ours]
        headers += [('Content-Encoding', coding) for coding in codings] + [('Connection', 'close')]
        client.sendall(sized(f'{answer.status} {answer.reason}', body, ''.join(f'{k}: {v}\r\n' for k, v in headers)))


def os_dup(sock):
    """A second socket of this connection for TLS, so that drop_connections can shut down the first one."""
    return socket.socket(fileno=os.dup(sock.fileno()))
