# SPDX-License-Identifier: MIT
"""A cable between two devices of its namespace, as a process: every frame that comes out of one goes into the other.

    cable.py DEVICE DEVICE

A line on standard input changes what it does: "pass", "swallow" (nothing arrives, and nobody is told), "delay MS". It
ends with its input. Kernels differ in what they have for this; raw sockets they all have.
"""
import collections
import os
import select
import socket
import sys
import time

SOL_PACKET, PACKET_VNET_HDR, PACKET_OUTGOING, ALL = 263, 15, 4, 3
FRAME_MAX = 1 << 17  # a veth hands over what it has not cut into segments yet, nor summed up: the header says so


def opened(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    sock.bind((device, ALL))
    sock.setblocking(False)
    return sock


class Cable:
    def __init__(self, one, other):
        self.ends = {one: other, other: one}
        self.delay, self.is_open = 0.0, True
        self.waiting = collections.deque()  # (when, into, frame)

    def order(self, words):
        self.is_open = words[0] != "swallow"
        self.delay = int(words[1]) / 1000 if words[0] == "delay" else 0.0
        if not self.is_open:
            self.waiting.clear()

    def take(self, sock):
        while True:
            try:
                frame, address = sock.recvfrom(FRAME_MAX)
            except BlockingIOError:
                return
            if self.is_open and address[2] != PACKET_OUTGOING:
                self.waiting.append((time.monotonic() + self.delay, self.ends[sock], frame))

    def give(self):
        """What is due; how long until the next is."""
        while self.waiting:
            when, sock, frame = self.waiting[0]
            left = when - time.monotonic()
            if left > 0:
                return left
            self.waiting.popleft()
            try:
                sock.send(frame)
            except OSError:  # the device is down, or has no room: as on any wire, it is lost
                pass
        return None


def main():
    cable = Cable(*map(opened, sys.argv[1:3]))
    orders = b""
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([sys.stdin, *cable.ends], [], [], cable.give())
        for one in ready:
            if one is not sys.stdin:
                cable.take(one)
                continue
            chunk = os.read(0, 4096)
            if not chunk:
                return
            *lines, orders = (orders + chunk).split(b"\n")
            for line in lines:
                cable.order(line.decode().split())
                print("done", flush=True)


if __name__ == "__main__":
    main()
