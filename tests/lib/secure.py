# SPDX-License-Identifier: MIT
"""The client of client.py over TLS: OpenSSL as Python has it, on a socket of its own."""
import ssl

from client import Http, WebSocket

CHUNK = 1 << 16


def context(ca, certificate=None, version=None, alpn=("http/1.1",)):
    """Trusts `ca` only, and shows `certificate` (a pair of paths) to who asks."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(ca)
    if certificate:
        made.load_cert_chain(*certificate)
    if version:
        made.minimum_version = made.maximum_version = version
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


class SecureSocket:
    """What client.py needs of a socket that does not block; one recv takes all that has come."""

    def __init__(self, sock, tls, name, session=None, timeout=20):
        self.sock, self.incoming, self.outgoing = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = tls.wrap_bio(self.incoming, self.outgoing, server_hostname=name, session=session)
        self.unsent = b""
        sock.settimeout(timeout)
        try:
            self._shake_hands()
        finally:
            sock.setblocking(False)

    def _shake_hands(self):
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.sock.sendall(self.outgoing.read())
                self._feed(self.sock.recv(CHUNK))
            except ssl.SSLError:
                self.sock.sendall(self.outgoing.read())
                raise
        self.sock.sendall(self.outgoing.read())

    def _feed(self, data):
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def recv(self, _size):
        try:
            self._feed(self.sock.recv(1 << 18))
        except BlockingIOError:
            pass
        data = b""
        try:
            while chunk := self.tls.read(CHUNK):
                data += chunk
        except ssl.SSLWantReadError:
            if not data:
                raise BlockingIOError from None
        except ssl.SSLEOFError:
            if not data:
                raise ConnectionResetError("TCP ended without close_notify") from None
        return data

    def send(self, data):
        """Counts as sent what has left encrypted; until then it is to be called with the same again."""
        if not self.unsent:
            self.taken = self.tls.write(data[:CHUNK])
            self.unsent = self.outgoing.read()
        self.unsent = self.unsent[self.sock.send(self.unsent):]
        if self.unsent:
            raise BlockingIOError
        return self.taken

    def shutdown(self, _how):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.sock.settimeout(20)
        self.sock.sendall(self.outgoing.read())
        self.sock.setblocking(False)

    def __getattr__(self, name):
        return getattr(self.sock, name)


class SecureHttp(Http):
    def __init__(self, port, tls, name="localhost", session=None, **options):
        self.how = tls, name, session
        super().__init__(port, **options)

    def connected(self):
        self.sock = SecureSocket(self.sock, *self.how)


class SecureWebSocket(WebSocket):
    """Shakes hands before anything else is sent."""

    def __init__(self, port, target="/", tls=None, name="localhost", session=None, **options):
        self.how = tls, name, session
        super().__init__(port, target, **options)

    def connected(self):
        self.sock = SecureSocket(self.sock, *self.how)
