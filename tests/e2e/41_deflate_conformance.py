# SPDX-License-Identifier: MIT
"""The host passes the 216 cases of a public conformance suite that are about permessage-deflate.

The numbers are those of the Autobahn test suite, groups 12 and 13: five kinds of content and seven
offers, each in 18 sizes and ways to cut it into frames. Stricter than the suite: what is agreed on
is compared with what the host answers, and the client inflates with no larger window than that.
The suite sends 1000 messages a case, and so do these up to 1 KiB; longer ones are sent until
SOCKLET_DEFLATE_BYTES (1 MiB) have gone, which is many times the largest window.
"""
import contextlib
import os
import random

from client import BINARY, TEXT
from deflate import DeflateSocket
from host import Host, routes_text
from story import each

BYTES = int(os.environ.get("SOCKLET_DEFLATE_BYTES", 1 << 20))
ROUTES = """\
  - path: /
    plugin: mirror
    compression: {server_context: true, client_context: true, min: 0}
  - path: /standard
    plugin: mirror
"""
# number: (length, octets a frame)
SIZES = dict(enumerate([(16, None), (64, None), (256, None), (1024, None), (4096, None), (8192, None),
                        (16384, None), (32768, None), (65536, None), (131072, None),
                        (8192, 256), (16384, 256), (32768, 256), (65536, 256), (131072, 256),
                        (131072, 1024), (131072, 4096), (131072, 32768)], 1))
FIRST = "permessage-deflate; client_no_context_takeover; client_max_window_bits"
NO_CONTEXT, NINE, FIFTEEN = "server_no_context_takeover", "server_max_window_bits=9", "server_max_window_bits=15"


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES)) as host:
        yield host


def grown(size, seed, piece):
    """So many characters of what piece(random) makes; the same in each run."""
    source, parts, have = random.Random(seed), [], 0
    while have < size:
        parts.append(piece(source))
        have += len(parts[-1])
    return type(parts[0])().join(parts)[:size]


def word(source):
    return "".join(source.choices("enisratdhulcgmobwfkzv", k=source.randint(2, 11)))


def as_json(source):
    return '{"id": %d, "name": "%s", "tags": ["%s", "%s"], "score": %.6f, "active": %s},\n' % (
        source.randrange(10 ** 6), word(source), word(source), word(source), source.random(),
        source.choice(["true", "false", "null"]))


def as_html(source):
    return f'<div class="{word(source)}"><p id="p{source.randrange(999)}">{word(source)} &amp; {word(source)}' \
        f'{source.choice(["", "", "", "", "ä", "–", "€"])}</p></div>\n'


def as_prose(source):
    words = [word(source) for _ in range(source.randint(4, 14))]
    return (" ".join(words).capitalize() + source.choice([". ", "? ", ", über ", " für "])).encode()


def as_bitmap(source):
    level = source.randrange(256)
    return bytes(min(255, max(0, level + source.randint(-2, 2))) for _ in range(64))


def as_pdf(source):
    return b"%d 0 obj\n<< /Length 500 >>\nstream\n" % source.randrange(9999) + source.randbytes(500) + b"\nendstream\n"


KINDS = {1: (TEXT, grown(194056, 1, as_json)), 2: (BINARY, grown(263222, 2, as_bitmap)),
         3: (BINARY, grown(222218, 3, as_prose)), 4: (TEXT, grown(263620, 4, as_html)),
         5: (BINARY, grown(1042328, 5, as_pdf))}
OFFERS = {1: FIRST, 2: f"{FIRST}; {NO_CONTEXT}", 3: f"{FIRST}; {NINE}", 4: f"{FIRST}; {FIFTEEN}",
          5: f"{FIRST}; {NO_CONTEXT}; {NINE}", 6: f"{FIRST}; {NO_CONTEXT}; {FIFTEEN}"}
OFFERS[7] = ", ".join([OFFERS[5], OFFERS[2], OFFERS[1]])


def cases():
    """(id, opcode, content, offer, length, octets a frame)"""
    for kind, (opcode, content) in KINDS.items():
        for number, size in SIZES.items():
            yield f"12.{kind}.{number}", opcode, content, FIRST, *size
    for offer, text in OFFERS.items():
        for number, size in SIZES.items():
            yield f"13.{offer}.{number}", *KINDS[1], text, *size


def expected(offer, keeps):
    """What the host must have answered to the first of the offers."""
    first = offer.split(",")[0]
    agreed = {"client_no_context_takeover": True}
    if NO_CONTEXT in first or not keeps:
        agreed["server_no_context_takeover"] = True
    for text in NINE, FIFTEEN:
        if text in first:
            agreed["server_max_window_bits"] = int(text.rpartition("=")[2])
    return agreed


def slices(content, length, count):
    start = 0
    for _ in range(count):
        part = content[start:start + length]
        if len(part) < length:
            part += content[:length - len(part)]
        start = (start + length) % len(content)
        yield part.encode() if isinstance(part, str) else part


def run(host, path, row):
    name, opcode, content, offer, length, fragment = row
    count = 1000 if length <= 1024 else max(8, min(1000, BYTES // length))
    with DeflateSocket(host.port, path, offer=offer, timeout=60) as ws:
        wanted = expected(offer, keeps=path == "/")
        assert ws.agreed == wanted, f"{name}: {offer} got {ws.agreed}, wanted {wanted}"
        for number, data in enumerate(slices(content, length, count), 1):
            ws.packed(opcode, data, size=fragment)
            got = ws.recv()
            assert got == (opcode, data), f"{name}: message {number} of {count} differs, {len(got[1])} bytes"
        assert ws.counts[True] or length <= 64 or path != "/" or content is KINDS[5][1], ws.counts
        ws.closes(1000)


@each(list(cases()))
def test_case(host, row):
    run(host, "/", row)


@each([row for row in cases() if row[0].rpartition(".")[2] in ("1", "4", "8", "13")])
def test_case_with_the_settings_of_a_new_route(host, row):
    run(host, "/standard", row)
