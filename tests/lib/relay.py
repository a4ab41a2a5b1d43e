# SPDX-License-Identifier: MIT
"""A relay before a broker: it can cut connections, and keep what the server says until all of it leaves in one piece."""
import selectors
import socket
import threading

from host import wait_until

PIECE = 1 << 16


class Pair:
    """One connection; `held` is what the server has said and the client has not had, None: it has had all."""

    def __init__(self, client, port):
        self.client, self.server = client, socket.create_connection(("127.0.0.1", port))
        self.held = None

    def close(self):
        self.client.close()
        self.server.close()


class Relay:
    def __init__(self, port):
        self.server_port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()  # over all below
        self.selector = selectors.DefaultSelector()
        self.pairs, self.is_cut, self.marker, self.is_over = [], False, None, False
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes it
        self.thread.join()
        self.cut()
        self.listener.close()

    def cut(self):
        """Ends all connections, and those that are made until mend()."""
        with self.lock:
            self.is_cut = True
            for pair in list(self.pairs):
                self._drop(pair)

    def mend(self, marker):
        """What the server says behind the client's `marker` waits for release()."""
        with self.lock:
            self.is_cut, self.marker = False, marker

    @property
    def held(self):
        with self.lock:
            return b"".join(pair.held or b"" for pair in self.pairs)

    def wait_held(self, wanted=b""):
        wait_until(lambda: self.held and wanted in self.held, lambda: f"{wanted} in what is held: {self.held}")

    def release(self):
        with self.lock:
            self.marker = None
            for pair in self.pairs:
                pair.client.sendall(pair.held or b"")
                pair.held = None

    def _drop(self, pair):
        for sock in (pair.client, pair.server):
            self.selector.unregister(sock)
        self.pairs.remove(pair)
        pair.close()

    def _accept(self):
        client, _ = self.listener.accept()
        if self.is_cut or self.is_over:
            client.close()
            return
        try:
            pair = Pair(client, self.server_port)
        except OSError:  # the broker is not there
            client.close()
            return
        self.pairs.append(pair)
        self.selector.register(pair.client, selectors.EVENT_READ, lambda: self._move(pair, True))
        self.selector.register(pair.server, selectors.EVENT_READ, lambda: self._move(pair, False))

    def _move(self, pair, is_said):
        if pair not in self.pairs:  # its other end has gone just now
            return
        try:
            piece = (pair.client if is_said else pair.server).recv(PIECE)
            self._give(pair, is_said, piece)
        except OSError:
            piece = b""
        if not piece:
            self._drop(pair)

    def _give(self, pair, is_said, piece):
        if is_said:
            if self.marker and self.marker in piece and pair.held is None:
                pair.held = b""
            pair.server.sendall(piece)
        elif pair.held is not None:
            pair.held += piece
        else:
            pair.client.sendall(piece)

    def _run(self):
        while not self.is_over:
            ready = self.selector.select()
            with self.lock:
                for key, _ in ready:
                    key.data()
