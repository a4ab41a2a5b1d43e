# SPDX-License-Identifier: MIT
"""What the conformance cases do not send: masking, odd lengths, early frames, deadlines, and a stop."""
import contextlib
import signal

from client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, WebSocket, close_payload, fragments,
                    frame)
from host import SPARE, Host, routes_text, wait_until
from story import each


@contextlib.contextmanager
def shared():
    with Host("conf/mirror.yaml") as host:
        yield host


def test_frames_sent_with_the_handshake_are_kept(host):
    early = frame(TEXT, "one") + frame(PING, "p") + frame(BINARY, "two")
    with WebSocket(host.port, early=early) as ws:
        ws.expect(TEXT, "one")
        ws.expect(PONG, "p")
        ws.expect(BINARY, "two")
        ws.closes()


def test_part_of_a_frame_sent_with_the_handshake_is_kept(host):
    whole = frame(TEXT, "in two parts")
    for cut in 1, 2, 5, 6, 9:
        with WebSocket(host.port, early=whole[:cut]) as ws:
            ws.send(whole[cut:])
            ws.expect(TEXT, "in two parts")


def test_bad_frame_sent_with_the_handshake_is_answered(host):
    with WebSocket(host.port, early=frame(3)) as ws:
        ws.expect_close(1002, "invalid opcode")


MESSAGE = b"".join([
    frame(TEXT, b"a"), frame(TEXT, b"", fin=False), frame(PING, b"in the middle"),
    frame(CONTINUATION, "wörld".encode(), fin=False), frame(PONG, b"!"), frame(CONTINUATION, b"."),
    frame(BINARY, b"\0" * 300), frame(BINARY, b"\1" * 70000)])


@each([(size,) for size in (1, 2, 3, 5, 7, 13, 64, 127, 1447, 4096, 65535, 65536)])
def test_any_cut_gives_the_same(host, row):
    with WebSocket(host.port) as ws:
        ws.send(MESSAGE[:900] if row[0] < 3 else MESSAGE, chop=row[0])
        if row[0] < 3:
            ws.send(MESSAGE[900:])
        ws.expect(TEXT, "a")
        ws.expect(PONG, "in the middle")
        ws.expect(TEXT, "wörld.")
        ws.expect(BINARY, b"\0" * 300)
        ws.expect(BINARY, b"\1" * 70000)
        ws.closes()


FAULTS = [
    ("unmasked_text", frame(TEXT, "x", masked=False), 1002, "incorrect masking"),
    ("unmasked_ping", frame(PING, "x", masked=False), 1002, "incorrect masking"),
    ("unmasked_close", frame(CLOSE, close_payload(1000), masked=False), 1002, "incorrect masking"),
    ("reserved_bits", frame(TEXT, "x", rsv=4), 1002, "reserved bits must be 0"),
    ("reserved_opcode", frame(7, "x"), 1002, "invalid opcode"),
    ("stray_continuation", frame(CONTINUATION, "x"), 1002, "unexpected continuation frame"),
    ("text_in_a_message", frame(TEXT, "x", fin=False) + frame(TEXT, "y"), 1002, "expected a continuation frame"),
    ("binary_in_a_message", frame(TEXT, "x", fin=False) + frame(BINARY, "y"), 1002,
     "expected a continuation frame"),
    ("long_ping", frame(PING, "x" * 126), 1002, "control frame too long"),
    ("long_close", frame(CLOSE, close_payload(1000, "x" * 124)), 1002, "control frame too long"),
    ("fragmented_ping", frame(PING, "x", fin=False), 1002, "fragmented control frame"),
    ("close_of_one_octet", frame(CLOSE, "x"), 1002, "close frame too short"),
    ("close_999", frame(CLOSE, close_payload(999)), 1002, "invalid status code"),
    ("close_1005", frame(CLOSE, close_payload(1005)), 1002, "invalid status code"),
    ("close_1015", frame(CLOSE, close_payload(1015)), 1002, "invalid status code"),
    ("close_reason_not_utf8", frame(CLOSE, close_payload(1000, b"\xff")), 1007, "invalid start byte at position 0"),
    ("text_not_utf8", frame(TEXT, b"\xc3\x28"), 1007, ""),
    ("text_ends_in_a_character", frame(TEXT, b"\xe4\xb8"), 1007, ""),
    ("two_octet_length_of_5", frame(TEXT, "hello", length_bytes=2), 1002, None),
    ("eight_octet_length_of_5", frame(TEXT, "hello", length_bytes=8), 1002, None),
    ("eight_octet_length_of_65535", frame(BINARY, b"x" * 65535, length_bytes=8), 1002, None),
    ("length_over_2_63", bytes([0x82, 0xFF]) + b"\xff" * 8 + b"mask" + b"x" * 100, None, None),
]


@each(FAULTS)
def test_fault(host, row):
    _, data, code, reason = row
    with WebSocket(host.port) as ws:
        ws.send(data)
        opcode, payload = ws.recv()
        assert opcode == CLOSE, (opcode, payload[:80])
        got = int.from_bytes(payload[:2], "big")
        assert got == code or code is None and got in (1002, 1009), f"wanted {code}, got {got} {payload[2:]}"
        assert reason is None or payload[2:] == reason.encode(), f"wanted {reason!r}, got {payload[2:]}"
        ws.send_frame(CLOSE, payload[:2])
        ws.expect_end()


@each([row for row in FAULTS if len(row[1]) < 400])
def test_fault_octet_by_octet(host, row):
    _, data, code, _ = row
    with WebSocket(host.port) as ws:
        ws.send(data, chop=1)
        opcode, payload = ws.recv()
        assert opcode == CLOSE, (opcode, payload[:80])
        assert code is None or int.from_bytes(payload[:2], "big") == code, payload


def test_every_close_code_a_peer_may_send_comes_back(host):
    for code in *range(1000, 1004), *range(1007, 1015), 3000, 4999:
        with WebSocket(host.port) as ws:
            ws.closes(code, "wörld")


def test_empty_close_comes_back_empty(host):
    with WebSocket(host.port) as ws:
        ws.closes(None)


def test_replies_before_a_close_all_arrive(host):
    with WebSocket(host.port) as ws:
        sent = [b"%d" % number for number in range(2000)]
        ws.send(b"".join(frame(TEXT, text) for text in sent) + frame(CLOSE, close_payload(1000)))
        for text in sent:
            ws.expect(TEXT, text)
        ws.expect_close(1000, answer=False)


def test_pipelined_messages_come_back_in_order(host):
    with WebSocket(host.port, timeout=30) as ws:
        sent = [b"%d " % number * (number % 50) for number in range(5000)]
        ws.send(b"".join(frame(TEXT, text) for text in sent))
        for text in sent:
            ws.expect(TEXT, text)


def test_many_connections_at_once(host):
    sockets = [WebSocket(host.port) for _ in range(300)]
    for number, ws in enumerate(sockets):
        ws.text(f"number {number}")
    for number, ws in enumerate(sockets):
        ws.expect_text(f"number {number}")
    for ws in sockets:
        ws.close(1000)
    for ws in sockets:
        ws.expect_close(1000, answer=False)


def test_connections_that_end_leave_nothing_behind(host):
    with WebSocket(host.port) as ws:
        ws.text("x")
        ws.expect_text("x")
        before = host.descriptors_open()
        for number in range(100):
            other = WebSocket(host.port)
            other.send(frame(TEXT, "x" * 5000)[:number * 40])
            other.reset() if number % 2 else other.drop()
        ws.text("y")
        ws.expect_text("y")
        wait_until(lambda: host.descriptors_open() <= before + SPARE, "the descriptors of gone connections")


def test_peer_that_drops_while_much_is_sent_to_it(host):
    for reset in False, True:
        ws = WebSocket(host.port, receive_buffer=4096)
        ws.send(frame(BINARY, b"x" * 2_000_000))
        ws.reset() if reset else ws.drop()
    with WebSocket(host.port) as ws:
        ws.text("still here")
        ws.expect_text("still here")


def test_half_close_is_the_end(host):
    """A peer that sends FIN without a close frame has gone: the host ends TCP too."""
    with WebSocket(host.port) as ws:
        ws.text("x")
        ws.expect_text("x")
        ws.finish_sending()
        rest = ws.read_to_end()
        assert rest == b"" or rest[0] == 0x88, rest


def test_peer_that_never_answers_a_close_is_dropped():
    text = routes_text("  - {path: /, plugin: mirror, limits: {close: 300ms}}\n")
    with Host(text=text) as host, WebSocket(host.port) as ws:
        ws.send_frame(3)
        ws.expect_close(1002, "invalid opcode", answer=False, timeout=5)


def test_peer_that_goes_on_talking_after_a_close_is_dropped():
    text = routes_text("  - {path: /, plugin: mirror, limits: {close: 300ms}}\n")
    with Host(text=text) as host, WebSocket(host.port) as ws:
        ws.send_frame(3)
        assert ws.recv()[0] == CLOSE

        def ended():
            ws.text("more and more")
            return ws.ended
        wait_until(ended, "the end of a peer that does not stop", 5)


def test_sigterm_sends_1012_to_everyone():
    with Host("conf/mirror.yaml") as host:
        sockets = [WebSocket(host.port) for _ in range(50)]
        sockets[0].send(fragments(TEXT, ["unfinished", "message"])[0])
        host.signal(signal.SIGTERM)
        for ws in sockets:
            ws.expect_close(1012, "")
        host.wait()


def test_sigterm_does_not_wait_for_a_silent_peer_for_ever():
    text = routes_text("  - {path: /, plugin: mirror, limits: {close: 300ms}}\n")
    with Host(text=text) as host, WebSocket(host.port) as ws:
        host.signal(signal.SIGTERM)
        ws.expect_close(1012, "", answer=False)
        host.wait(timeout=10)


def test_sigterm_does_not_wait_for_ever_for_a_peer_that_keeps_tcp_open():
    text = routes_text("  - {path: /, plugin: mirror, limits: {close: 300ms}}\n")
    with Host(text=text) as host, WebSocket(host.port) as ws:
        host.signal(signal.SIGTERM)
        assert ws.recv() == (CLOSE, close_payload(1012))
        ws.close(1012)
        ws.read_to_end()  # and our side stays open
        host.wait(timeout=10)


def test_sigterm_lets_what_was_sent_arrive():
    with Host("conf/mirror.yaml") as host, WebSocket(host.port, receive_buffer=4096) as ws:
        data = b"x" * 1_000_000
        ws.send(frame(BINARY, data))
        ws.wait(lambda: ws.input, "the first bytes")
        host.signal(signal.SIGTERM)
        ws.expect(BINARY, data)
        ws.expect_close(1012, "")
        host.wait()
