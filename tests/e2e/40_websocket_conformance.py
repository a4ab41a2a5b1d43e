# SPDX-License-Identifier: MIT
"""The host passes the strict form of the 301 cases of a public conformance suite that need no extension.

The numbers are those of the Autobahn test suite, groups 1 to 7, 9 and 10. Stricter than the suite: a
fault must be answered by a close frame with the right code (an empty one or a plain drop does not
do), and group 9 compares content, not only length. Where the suite waits, these wait for the host.
"""
import contextlib
import hashlib
import os

from client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, close_payload, fragments,
                    frame)
from host import Host
from story import each

HELLO = b"Hello, world!"
STAR = b"*"
NOT_UTF8 = bytes.fromhex("00fffefdfcfb00ff")
KOSME = bytes.fromhex("cebae1bdb9cf83cebcceb5")
SURROGATE = KOSME + bytes.fromhex("eda080") + b"edited"
TWO_OCTETS = "Hello-µ@ßöäüàá-UTF-8!!".encode()
KIB, MIB = 1 << 10, 1 << 20


@contextlib.contextmanager
def shared():
    with Host("conf/mirror.yaml") as host:
        yield host


# What happens at the end of a case.

def clean(ws):
    """We close with 1000; the host gives it back and ends TCP."""
    ws.closes(1000)


def fails(*codes):
    """The host closes with one of these codes."""
    def end(ws):
        opcode, payload = ws.recv()
        assert opcode == CLOSE, f"wanted close {codes}, got {opcode} {payload[:80]!r}"
        code = int.from_bytes(payload[:2], "big")
        assert code in codes, f"wanted close {codes}, got {code} {payload[2:]!r}"
        ws.send_frame(CLOSE, close_payload(1000))
        ws.expect_end()
    return end


def answers(code):
    """Our close is already sent: the host gives this back (None: an empty one) and ends TCP."""
    def end(ws):
        got = ws.recv()
        assert got == (CLOSE, close_payload(code)), f"wanted close {code}, got {got}"
        ws.expect_end()
    return end


def answers_reason(payload):
    def end(ws):
        got = ws.recv()
        assert got == (CLOSE, payload), f"wanted {payload!r}, got {got}"
        ws.expect_end()
    return end


# What is sent: bytes go out in one write; a function does something else.

def chopped(size, data):
    return lambda ws: ws.send(data, chop=size)


def alive(ws):
    """The host is still there after all we sent."""
    ws.ping(b"alive?")
    ws.expect(PONG, b"alive?")


def quiet(ws):
    """The same where a ping cannot be sent, inside a frame."""
    ws.expect_silence(0.1)


def both(data):
    """One write, a write a frame, octet by octet."""
    return [b"".join(data)], list(data), [chopped(1, b"".join(data))]


def framing():
    for group, opcode, octet in (1, TEXT, STAR), (2, BINARY, b"\xfe"):
        for number, size in enumerate((0, 125, 126, 127, 128, 65535, 65536), 1):
            data = octet * size
            yield f"1.{group}.{number}", [frame(opcode, data)], [(opcode, data)], clean
        data = octet * 65536
        yield f"1.{group}.8", [chopped(997, frame(opcode, data))], [(opcode, data)], clean


def pings():
    for number, payload in enumerate((b"", HELLO, NOT_UTF8, b"\xfe" * 125), 1):
        yield f"2.{number}", [frame(PING, payload)], [(PONG, payload)], clean
    yield "2.5", [frame(PING, b"\xfe" * 126)], [], fails(1002)
    yield "2.6", [chopped(1, frame(PING, b"\xfe" * 125))], [(PONG, b"\xfe" * 125)], clean
    close = frame(CLOSE, close_payload(1000))
    yield "2.7", [frame(PONG) + close], [], answers(1000)
    yield "2.8", [frame(PONG, b"unsolicited") + close], [], answers(1000)
    yield ("2.9", [frame(PONG, b"unsolicited") + frame(PING, b"ping payload")],
           [(PONG, b"ping payload")], clean)
    payloads = [b"payload-%d" % number for number in range(10)]
    ten = b"".join(frame(PING, payload) for payload in payloads)
    yield "2.10", [ten], [(PONG, payload) for payload in payloads], clean
    yield "2.11", [chopped(1, ten)], [(PONG, payload) for payload in payloads], clean


def reserved_bits():
    yield "3.1", [frame(TEXT, HELLO, rsv=1)], [], fails(1002)
    for rsv, ways in (2, 0), (3, 1), (4, 2):
        parts = [frame(TEXT, HELLO), frame(TEXT, HELLO, rsv=rsv), frame(PING)]
        yield f"3.{ways + 2}", both(parts)[ways], [(TEXT, HELLO)], fails(1002)
    yield "3.5", [frame(BINARY, NOT_UTF8, rsv=5)], [], fails(1002)
    yield "3.6", [frame(BINARY, HELLO, rsv=6)], [], fails(1002)
    yield "3.7", [frame(CLOSE, rsv=7)], [], fails(1002)


def reserved_opcodes():
    for group, first in (1, 3), (2, 11):
        yield f"4.{group}.1", [frame(first)], [], fails(1002)
        yield f"4.{group}.2", [frame(first + 1, b"a reserved opcode's own")], [], fails(1002)
        for number, payload, ways in (3, b"", 0), (4, HELLO, 0), (5, HELLO, 2):
            parts = [frame(TEXT, HELLO), frame(first + number - 1, payload), frame(PING)]
            yield f"4.{group}.{number}", both(parts)[ways], [(TEXT, HELLO)], fails(1002)


def fragmentation():
    yield "5.1", [frame(PING, HELLO, fin=False) + frame(CONTINUATION, HELLO)], [], fails(1002)
    yield "5.2", [frame(PONG, HELLO, fin=False) + frame(CONTINUATION, HELLO)], [], fails(1002)
    first, last = fragments(TEXT, [b"fragment1", b"fragment2"])
    whole = (TEXT, b"fragment1fragment2")
    for number, sent in enumerate(both([first, last]), 3):
        yield f"5.{number}", sent, [whole], clean
    for number, sent in enumerate(both([first, frame(PING, b"ping payload"), last]), 6):
        yield f"5.{number}", sent, [(PONG, b"ping payload"), whole], clean
    for start, fin in (9, True), (12, False):
        parts = [frame(CONTINUATION, b"non-continuation payload", fin=fin), frame(TEXT, HELLO)]
        for number, sent in enumerate(both(parts), start):
            yield f"5.{number}", sent, [], fails(1002)
    stray = frame(CONTINUATION, b"fragment3", fin=False)
    yield "5.15", [first + last + stray + frame(TEXT, b"fragment4")], [whole], fails(1002)
    for number, fin in (16, False), (17, True):
        turn = frame(CONTINUATION, b"fragment1", fin=fin) + first + last
        yield f"5.{number}", [turn + turn], [], fails(1002)
    yield "5.18", [first + frame(TEXT, b"fragment2")], [], fails(1002)
    parts = fragments(TEXT, [b"fragment%d" % number for number in range(1, 6)])
    one, two = frame(PING, b"pongme 1!"), frame(PING, b"pongme 2!")
    # The suite pauses for a second before the second half; here it waits for the first pong.
    halves = [parts[0], parts[1], one], [parts[2], parts[3], two, parts[4]]
    joined = [(PONG, b"pongme 2!"), (TEXT, b"".join(b"fragment%d" % n for n in range(1, 6)))]

    def first_pong(ws):
        ws.expect(PONG, b"pongme 1!")
    yield "5.19", [b"".join(halves[0]), first_pong, b"".join(halves[1])], joined, clean
    yield "5.20", [*halves[0], first_pong, *halves[1]], joined, clean


def octets(data):
    """One octet a fragment and an empty last one."""
    return b"".join(fragments(TEXT, [data[i:i + 1] for i in range(len(data))] + [b""]))


def utf8_fragments():
    yield "6.1.1", [frame(TEXT)], [(TEXT, b"")], clean
    yield "6.1.2", [b"".join(fragments(TEXT, [b"", b"", b""]))], [(TEXT, b"")], clean
    middle = b"middle frame payload"
    yield "6.1.3", [b"".join(fragments(TEXT, [b"", middle, b""]))], [(TEXT, middle)], clean
    yield "6.2.1", [frame(TEXT, TWO_OCTETS)], [(TEXT, TWO_OCTETS)], clean
    halves = fragments(TEXT, [TWO_OCTETS[:15], TWO_OCTETS[15:]])
    yield "6.2.2", [b"".join(halves)], [(TEXT, TWO_OCTETS)], clean
    yield "6.2.3", [octets(TWO_OCTETS)], [(TEXT, TWO_OCTETS)], clean
    yield "6.2.4", [octets(KOSME)], [(TEXT, KOSME)], clean
    yield "6.3.1", [frame(TEXT, SURROGATE)], [], fails(1007)
    yield "6.3.2", [octets(SURROGATE)], [], fails(1007)
    above = bytes.fromhex("f4908080")
    yield ("6.4.1", [frame(TEXT, KOSME, fin=False), alive, frame(CONTINUATION, above, fin=False)],
           [], fails(1007))
    yield ("6.4.2", [frame(TEXT, KOSME + above[:1], fin=False), alive,
                     frame(CONTINUATION, above[1:2], fin=False)], [], fails(1007))
    whole = frame(TEXT, KOSME + above + b"edited")
    yield "6.4.3", [whole[:6 + 11], quiet, whole[17:21]], [], fails(1007)
    yield "6.4.4", [whole[:6 + 12], quiet, whole[18:19]], [], fails(1007)


def spaced(*ranges):
    return "".join(f"{octet:02x}20" for low, high in ranges for octet in range(low, high + 1))


def utf8_tables():
    """(group, valid, payloads in hex), numbered from 1."""
    def hello(middle):
        return b"hello".hex() + middle + b"world".hex()
    yield 5, True, [hello("24"), hello("c2a2"), hello("e282ac"), hello("f0a4ada2"), KOSME.hex()]
    yield 7, True, ["00", "c280", "e0a080", "f0908080"]
    yield 8, False, ["f888808080", "fc8480808080"]
    yield 9, True, ["7f", "dfbf", "efbfbf", "f48fbfbf"]
    yield 10, False, ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]
    continuations = ["80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf"]
    yield 12, False, continuations + ["".join(f"{octet:02x}" for octet in range(0x80, 0xBF))]
    yield 13, False, [spaced((0xC0, 0xDE)), spaced((0xE0, 0xEE)), spaced((0xF0, 0xF6)),
                      spaced((0xF8, 0xFA)), spaced((0xFC, 0xFC))]
    cut = ["c0", "e080", "f08080", "f8808080", "fc80808080",
           "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"]
    yield 14, False, cut
    yield 15, False, ["".join(cut)]
    yield 16, False, ["fe", "ff", "fefeffff"]
    yield 17, False, ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]
    yield 18, False, ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]
    yield 19, False, ["c080", "e08080", "f0808080", "f880808080", "fc8080808080"]
    yield 20, False, ["eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf"]
    yield 21, False, [high + low for high in ("eda080", "edadbf", "edae80", "edafbf")
                      for low in ("edb080", "edbfbf")]
    yield 22, True, [chr(plane << 16 | end).encode().hex()
                     for plane in range(17) for end in (0xFFFE, 0xFFFF)]
    yield 23, True, ["efbfb9", "efbfba", "efbfbb", "efbfbc", "efbfbd", "efbfbe", "efbfbf"]


def utf8_whole():
    def case(name, valid, data):
        received = [(TEXT, data)] if valid else []
        return f"6.{name}", [frame(TEXT, data)], received, clean if valid else fails(1007)
    for size in range(1, 12):
        yield case(f"6.{size}", size in (2, 5, 7, 9, 11), KOSME[:size])
    for number, text in enumerate(("ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"), 1):
        yield case(f"11.{number}", number < 5, bytes.fromhex(text))
    for group, valid, payloads in utf8_tables():
        for number, text in enumerate(payloads, 1):
            yield case(f"{group}.{number}", valid, bytes.fromhex(text))


def closing():
    close = frame(CLOSE, close_payload(1000))
    text = frame(TEXT, b"Hello World!")
    yield "7.1.1", [text], [(TEXT, b"Hello World!")], clean
    yield "7.1.2", [close + frame(CLOSE)], [], answers(1000)
    yield "7.1.3", [close + frame(PING)], [], answers(1000)
    yield "7.1.4", [close + text], [], answers(1000)
    first, last = fragments(TEXT, [b"fragment1", b"fragment2"])
    yield "7.1.5", [first + close + last], [], answers(1000)
    big = STAR * (256 * KIB)
    # Informational in the suite; here both texts come back, as they were sent before the close.
    yield ("7.1.6", [frame(TEXT, big) + text + close + frame(PING)],
           [(TEXT, big), (TEXT, b"Hello World!")], answers(1000))
    yield "7.3.1", [frame(CLOSE)], [], answers(None)
    yield "7.3.2", [frame(CLOSE, b"a")], [], fails(1002)
    yield "7.3.3", [close], [], answers(1000)
    for number, size in (4, 12), (5, 123):
        payload = close_payload(1000, STAR * size)
        yield f"7.3.{number}", [frame(CLOSE, payload)], [], answers_reason(payload)
    yield "7.3.6", [frame(CLOSE, close_payload(1000, STAR * 124))], [], fails(1002)
    yield "7.5.1", [frame(CLOSE, close_payload(1000, SURROGATE))], [], fails(1007)
    good = 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999
    for number, code in enumerate(good, 1):
        yield f"7.7.{number}", [frame(CLOSE, close_payload(code))], [], answers(code)
    bad = 0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999
    for number, code in enumerate(bad, 1):
        yield f"7.9.{number}", [frame(CLOSE, close_payload(code))], [], fails(1002)
    for number, code in (1, 5000), (2, 65535):
        yield f"7.13.{number}", [frame(CLOSE, close_payload(code))], [], fails(1002)


CASES = [case for group in (framing, pings, reserved_bits, reserved_opcodes, fragmentation,
                            utf8_fragments, utf8_whole, closing) for case in group()]
CASES.append(("10.1.1", fragments(TEXT, [STAR * 1300] * 50 + [STAR * 536]), [(TEXT, STAR * 65536)],
              clean))
# The suite orders its numbers; so does this list, for whoever looks one up in the output.
CASES.sort(key=lambda case: [int(number) for number in case[0].split(".")])


@each(CASES)
def test_case(host, row):
    _, sent, received, end = row
    with WebSocket(host.port, "/") as ws:
        for part in sent:
            ws.send(part) if isinstance(part, bytes) else part(ws)
        for opcode, payload in received:
            ws.expect(opcode, payload)
        end(ws)


def payload_of(opcode, size):
    """Content that no two places share; ASCII for a text."""
    data = os.urandom(size // 2 + 1)
    return data.hex().encode()[:size] if opcode == TEXT else (data + data[::-1])[:size]


def limits():
    """(id, opcode, message octets, octets a fragment, octets a write, times)"""
    kinds = (0, TEXT), (1, BINARY)
    for group, opcode in kinds:
        sizes = 64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB
        for number, size in enumerate(sizes, 1):
            yield f"9.{1 + group}.{number}", opcode, size, None, None, 1
    for group, opcode in kinds:
        for number in range(1, 10):
            yield f"9.{3 + group}.{number}", opcode, 4 * MIB, 64 << 2 * (number - 1), None, 1
    for group, opcode in kinds:
        for number in range(1, 7):
            yield f"9.{5 + group}.{number}", opcode, MIB, None, 32 << number, 1
    for group, opcode in kinds:
        for number, size in enumerate((0, 16, 64, 256, 1024, 4096), 1):
            yield f"9.{7 + group}.{number}", opcode, size, None, None, 1000


@each(limits())
def test_limit(host, row):
    _, opcode, size, fragment, write, times = row
    with WebSocket(host.port, "/", timeout=60) as ws:
        for _ in range(times):
            data = payload_of(opcode, size)
            if fragment:
                parts = [data[i:i + fragment] for i in range(0, size, fragment)] + [b""]
                ws.send(b"".join(fragments(opcode, parts)))
            else:
                ws.send(frame(opcode, data), chop=write)
            got, payload = ws.recv()
            assert got == opcode and len(payload) == len(data), (got, len(payload), len(data))
            assert hashlib.sha1(payload).digest() == hashlib.sha1(data).digest(), "content differs"
        clean(ws)
