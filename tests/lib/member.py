# SPDX-License-Identifier: MIT
"""A client that keeps its last position and comes again with it, over the test plugin rejoin."""
import json
import urllib.parse

from client import WebSocket


class Member:
    """Keeps the last position that it saw, as the ten lines of JavaScript do."""

    def __init__(self, host, topic="room/1", position="", flags="p", live=True):
        query = urllib.parse.urlencode({"topic": topic, "position": position, "flags": flags})
        self.ws = WebSocket(host.port, f"/r?{query}", timeout=60)
        self.position = position
        self.heard, self.answers, self.lost, self.told = [], [], [], []
        if live and topic:
            self.catch_up()

    def catch_up(self):
        """Until the host says where the subscription stands: what it missed has all come."""
        note = {}
        while note is None or "position" not in note or "text" in note or "base64" in note:
            note = self.take()

    def take(self):
        text = self.ws.recv()[1].decode()
        if text.startswith("="):
            self.answers.append(int(text[1:]))
            return None
        if text.startswith("lost "):
            self.told.append(text)
            return None
        message = json.loads(text)
        self.position = message.get("position", self.position)
        if message.get("lost"):
            self.lost.append(message["topic"])
        if "text" in message:
            self.heard.append(message["text"])
        return message

    def says(self, order, wanted=0):
        self.ws.text(order)
        while not self.answers:
            self.take()
        answer = self.answers.pop(0)
        assert wanted is None or answer == wanted, f"{order}: found {answer}, wanted {wanted}"
        return answer

    def settle(self):
        """Until what it has published has its place in the order: an answer comes behind it."""
        self.says("from room/settled ")
        self.catch_up()

    def pid(self):
        return self.says("pid", None)

    def hears(self, *wanted):
        while len(self.heard) < len(wanted):
            self.take()
        assert self.heard == list(wanted), f"found {self.heard}, wanted {list(wanted)}"
        self.heard = []

    def drop(self):
        self.ws.drop()


def elsewhere(host, pid, **options):
    while True:
        member = Member(host, **options)
        if member.pid() != pid:
            return member
        member.drop()
