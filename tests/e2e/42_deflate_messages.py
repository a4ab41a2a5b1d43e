# SPDX-License-Identifier: MIT
"""permessage-deflate by the letter of RFC 7692: what may be sent compressed, what is refused, and what is agreed on."""
import contextlib
import json
import os

from client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Gone, WebSocket, close_payload, frame, upgrade
from deflate import CHROMIUM, RSV1, TAIL, DeflateSocket, deflate, marked
from host import TEST_PLUGINS, Host, folder, routes_text, socklet
from story import each

ROUTES = """\
  - {path: /, plugin: mirror}
  - {path: /off, plugin: mirror, compression: false}
  - {path: /contexts, plugin: mirror, compression: {server_context: true, client_context: true, min: 0}}
  - {path: /narrow, plugin: mirror, compression: {server_window: 10, client_window: 11}}
  - {path: /tight, plugin: mirror, compression: {server_context: true, server_window: 9, client_context: true,
     client_window: 9, memory: 30KiB}}
  - {path: /from, plugin: mirror, compression: {min: 100}}
  - {path: /small, plugin: mirror, limits: {message: 1000}}
"""
HELLO = bytes.fromhex("f248cdc9c90700")  # RFC 7692 section 7.2.3.1
TEXT_2K = "all work and no play makes Jack a dull boy. " * 50


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES)) as host:
        yield host


NONE_KEPT = {"server_no_context_takeover": True, "client_no_context_takeover": True}


@each([
    ("chromium", "/", CHROMIUM, NONE_KEPT),
    ("bare", "/", "permessage-deflate", NONE_KEPT),
    ("off", "/off", CHROMIUM, None),
    ("unknown_parameter", "/", "permessage-deflate; x=1", None),
    ("other_extension", "/", "permessage-snappy", None),
    ("contexts", "/contexts", CHROMIUM, {}),
    ("contexts_not_wanted", "/contexts", f"{CHROMIUM}; server_no_context_takeover",
     {"server_no_context_takeover": True}),
    ("narrow", "/narrow", CHROMIUM, {**NONE_KEPT, "server_max_window_bits": 10, "client_max_window_bits": 11}),
    ("narrow_and_client_cannot", "/narrow", "permessage-deflate", {**NONE_KEPT, "server_max_window_bits": 10}),
    ("eight", "/contexts", "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8",
     {"server_max_window_bits": 8, "client_max_window_bits": 8}),
    ("memory_is_enough", "/tight", CHROMIUM, {"server_max_window_bits": 9, "client_max_window_bits": 9}),
    ("memory_is_not_enough", "/tight", "permessage-deflate",
     {"server_max_window_bits": 9, "client_no_context_takeover": True}),
])
def test_what_is_agreed_on(host, row):
    _, path, offer, wanted = row
    with DeflateSocket(host.port, path, offer=offer) as ws:
        assert ws.agreed == wanted, f"{offer} at {path}: {ws.agreed}, wanted {wanted}"
        for _ in range(3):
            if ws.agreed is None:
                ws.text(TEXT_2K)
            else:
                ws.packed(TEXT, TEXT_2K)
            ws.expect_text(TEXT_2K)
        assert ws.counts == ({True: 0, False: 3} if wanted is None else {True: 3, False: 0}), ws.counts


@each([("no_parameter", "permessage-deflate;"), ("open_quote", 'permessage-deflate; a="b'), ("empty", ""),
       ("two_names", "permessage-deflate b")])
def test_malformed_header_is_400(host, row):
    response = upgrade(host.port, "/", headers=[("Sec-WebSocket-Extensions", row[1])])
    assert response.status == 400 and "Sec-WebSocket-Extensions" in response.detail(), response


def test_offers_in_several_lines_are_one_list(host):
    with DeflateSocket(host.port, "/", offer="permessage-deflate; client_no_context_takeover",
                       headers=[("Sec-WebSocket-Extensions", "foo; bar"),
                                ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=7")]) as ws:
        assert ws.agreed == NONE_KEPT, ws.agreed


def test_reserved_bit_without_agreement_is_1002(host):
    for path in "/off", "/":
        with WebSocket(host.port, path) as ws:
            ws.send_frame(TEXT, HELLO, rsv=RSV1)
            ws.expect_close(1002, "reserved bits must be 0")


@each([("continuation", [frame(TEXT, HELLO[:2], fin=False, rsv=RSV1), frame(CONTINUATION, HELLO[2:], rsv=RSV1)]),
       ("continuation_of_plain", [frame(TEXT, b"a", fin=False), frame(CONTINUATION, b"b", rsv=RSV1)]),
       ("ping", [frame(PING, b"", rsv=RSV1)]), ("pong", [frame(PONG, b"", rsv=RSV1)]),
       ("close", [frame(CLOSE, close_payload(1000), rsv=RSV1)]),
       ("rsv2", [frame(TEXT, b"a", rsv=2)]), ("rsv3", [frame(TEXT, b"a", rsv=1)]),
       ("rsv1_and_rsv2", [frame(TEXT, HELLO, rsv=6)])])
def test_reserved_bit_at_the_wrong_place_is_1002(host, row):
    with DeflateSocket(host.port, "/") as ws:
        ws.send(b"".join(row[1]))
        ws.expect_close(1002, "reserved bits must be 0")


@each([("hello", HELLO, "Hello"), ("stored", bytes.fromhex("000500faff48656c6c6f00"), "Hello"),
       ("last_block", bytes.fromhex("f348cdc9c9070000"), "Hello"),
       ("two_blocks", bytes.fromhex("f24805000000ffffcac9c90700"), "Hello"),
       ("empty", b"\0", ""), ("no_byte", b"", "")])
def test_examples_of_the_rfc(host, row):
    _, payload, wanted = row
    for path in "/", "/contexts":
        for parts in 1, 2, 100:
            with DeflateSocket(host.port, path) as ws:
                for _ in range(3):
                    ws.send(b"".join(marked(TEXT, payload, parts)))
                    ws.expect_text(wanted)


def test_second_hello_refers_to_the_first(host):
    with DeflateSocket(host.port, "/contexts") as ws:
        for payload in HELLO, bytes.fromhex("f200110000"):  # RFC 7692 section 7.2.3.2
            ws.send(b"".join(marked(TEXT, payload)))
            ws.expect_text("Hello")
    with DeflateSocket(host.port, "/") as ws:
        ws.send(b"".join(marked(TEXT, HELLO)))
        ws.expect_text("Hello")
        ws.send(b"".join(marked(TEXT, bytes.fromhex("f200110000"))))
        ws.expect_close(1002, "decompression failed")


def test_control_frames_between_the_fragments(host):
    with DeflateSocket(host.port, "/contexts") as ws:
        for number in range(20):
            text = f"{number}: {TEXT_2K}"
            *first, last = marked(TEXT, ws.pack(text.encode()), parts=5)
            for part in first:
                ws.send(part)
                ws.ping(b"between")
                ws.expect(PONG, b"between")
            ws.send(last)
            ws.expect_text(text)


def test_other_clients_between_the_fragments_and_messages(host):
    """The worker lends its streams: whoever comes between must not be seen."""
    with contextlib.ExitStack() as stack:
        all_of_them = [stack.enter_context(DeflateSocket(host.port, path)) for path in ("/", "/contexts") * 3]
        for turn in range(5):
            texts = [f"{number} {turn}: {TEXT_2K}" for number in range(len(all_of_them))]
            pieces = [marked(TEXT, ws.pack(text.encode()), parts=4) for ws, text in zip(all_of_them, texts)]
            for step in range(3):
                for ws, parts in zip(all_of_them, pieces):
                    ws.send(parts[step])
                    ws.ping()
                    ws.expect(PONG, b"")
            for ws, parts, text in zip(all_of_them, pieces, texts):
                ws.send(b"".join(parts[3:]))
                ws.expect_text(text)


def test_compressed_and_plain_messages_alternate(host):
    with DeflateSocket(host.port, "/contexts") as ws:
        for number in range(10):
            ws.packed(TEXT, f"{number} {TEXT_2K}")
            ws.expect_text(f"{number} {TEXT_2K}")
            ws.text(f"plain {number}")
            ws.expect_text(f"plain {number}")
            ws.send(b"".join([frame(BINARY, b"in two ", fin=False), frame(CONTINUATION, b"parts")]))
            ws.expect(BINARY, b"in two parts")


@each([("cut", HELLO[:3]), ("reserved_block", b"\x06"), ("noise", b"\xff" * 20), ("tail_left_in", HELLO + TAIL),
       ("beyond_the_beginning", bytes.fromhex("4a04a2ff00"))])
def test_what_is_no_deflate_is_1002(host, row):
    for path in "/", "/contexts":
        with DeflateSocket(host.port, path) as ws:
            ws.send(b"".join(marked(BINARY, row[1])))
            ws.expect_close(1002, "decompression failed")


def test_text_is_looked_at_once_it_is_inflated(host):
    good = ("Grüße 😀" * 100).encode()
    with DeflateSocket(host.port, "/") as ws:
        ws.packed(TEXT, good)
        ws.expect_text(good)
        ws.packed(BINARY, good[:-1])
        ws.expect(BINARY, good[:-1])
        ws.packed(TEXT, good[:-1])
        ws.expect_close(1007, "")


def test_short_messages_and_noise_are_sent_as_they_are(host):
    noise = os.urandom(3000)
    with DeflateSocket(host.port, "/from") as ws:
        for size, compressed in (0, False), (99, False), (100, True), (1000, True):
            before = dict(ws.counts)
            ws.packed(TEXT, b"x" * size)
            ws.expect(TEXT, b"x" * size)
            assert ws.counts[compressed] == before[compressed] + 1, f"{size} octets: {before} to {ws.counts}"
        ws.packed(BINARY, noise)
        ws.expect(BINARY, noise)
        assert ws.counts == {True: 2, False: 3}, ws.counts
    for path in "/contexts", "/":  # noise between: a context stays right
        with DeflateSocket(host.port, path) as ws:
            for data in [TEXT_2K.encode(), noise, TEXT_2K.encode(), noise[:50], TEXT_2K.encode()] * 3:
                ws.packed(BINARY, data)
                ws.expect(BINARY, data)


def test_limit_counts_what_is_inflated(host):
    with DeflateSocket(host.port, "/small") as ws:
        for _ in range(2):
            ws.packed(BINARY, b"x" * 1000)
            ws.expect(BINARY, b"x" * 1000)
        noise = os.urandom(1000)
        ws.packed(BINARY, noise, size=100)  # longer than the limit, as it comes
        ws.expect(BINARY, noise)
        payload = ws.pack(b"x" * 1001)
        ws.send(b"".join(marked(BINARY, payload)))
        ws.expect_close(1009, f"message with {len(payload)} compressed bytes inflates beyond limit of 1000 bytes")
    with DeflateSocket(host.port, "/small") as ws:
        ws.send(b"".join(marked(BINARY, deflate(os.urandom(1300)))))
        ws.expect_close(1009, reason=None)


def test_announced_size_of_a_compressed_message_is_refused_before_it_arrives(host):
    with DeflateSocket(host.port, "/small") as ws:
        ws.send(frame(BINARY, b"x" * (1 << 20), rsv=RSV1)[:20])
        ws.expect_close(1009, f"frame with {1 << 20} bytes exceeds limit of 1000 bytes")


def test_close_in_the_middle_of_a_message(host):
    with DeflateSocket(host.port, "/contexts") as ws:
        ws.send(marked(TEXT, ws.pack(TEXT_2K.encode()), parts=3)[0])
        ws.closes(1000)


def test_reload_changes_new_connections_only(host):
    before = routes_text("  - {path: /, plugin: mirror}\n")
    after = routes_text("  - {path: /, plugin: mirror, compression: {enabled: false}}\n")
    with Host(text=before) as own, DeflateSocket(own.port, "/") as old:
        old.packed(TEXT, TEXT_2K)
        old.expect_text(TEXT_2K)
        own.write(after)
        own.reload()
        old.packed(TEXT, TEXT_2K)
        old.expect_text(TEXT_2K)
        assert old.counts == {True: 2, False: 0}, old.counts
        with DeflateSocket(own.port, "/") as new:
            assert new.agreed is None, new.agreed
        own.write(before)
        own.reload()
        with DeflateSocket(own.port, "/") as new:
            assert new.agreed == NONE_KEPT, new.agreed


def test_published_message_reaches_whoever_compresses_and_whoever_does_not():
    """One frame for many, among messages of their own: contexts, small windows, none at all."""
    routes = "".join(f"  - {{path: {path}, plugin: gossip, compression: {{{settings}}}}}\n" for path, settings in (
        ("/", "min: 100"), ("/contexts", "server_context: true, client_context: true, min: 10"),
        ("/off", "enabled: false")))
    offers = [CHROMIUM, f"{CHROMIUM}; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=8"]
    with Host(text=routes_text(routes, plugins=TEST_PLUGINS)) as own, contextlib.ExitStack() as stack:
        members = [stack.enter_context(DeflateSocket(own.port, path, offer=offer))
                   for path in ("/", "/contexts", "/off") for offer in offers]
        for ws in members:
            ws.text("sub news")
            ws.expect_text("ok")
        for turn in range(6):
            for ws in members:
                ws.text(f"count {turn}")
                ws.expect_text("0")
            text = f"{turn}: {TEXT_2K}"[:900]
            members[turn].text(f"pub news {text}")
            for ws in members:
                if ws is members[turn]:
                    both = {ws.recv(), ws.recv()}
                    assert both == {(TEXT, b"ok"), (TEXT, text.encode())}, both
                else:
                    ws.expect_text(text)
        for ws in members:
            assert ws.counts[True] == (0 if ws.agreed is None else 6), (ws.agreed, ws.counts)


def test_what_a_turn_publishes_to_a_crowd_is_the_same_for_all_of_them():
    """More than a turn delivers at once leaves in pieces, one for each way to compress: no member may see which."""
    routes = "".join(f"  - {{path: {path}, plugin: gossip, {settings}}}\n" for path, settings in (
        ("/", "compression: {min: 100}"), ("/contexts", "compression: {server_context: true, client_context: true, min: 10}"),
        ("/high", "compression: {min: 600}"), ("/off", "compression: {enabled: false}"),
        ("/drop", "compression: {min: 100}, limits: {overflow: drop_oldest}")))
    offers = [CHROMIUM, f"{CHROMIUM}; server_max_window_bits=9", f"{CHROMIUM}; server_max_window_bits=12"]
    orders = [(40, 900), (5, 4), (20, 300), (1, 0), (30, 700)]  # so many messages of so many bytes
    wanted = [f"{n} ".encode() + b"x" * max(0, size - len(f"{n} ")) for count, size in orders for n in range(count)]
    with Host(text=routes_text(routes, plugins=TEST_PLUGINS)) as own, contextlib.ExitStack() as stack:
        members = [stack.enter_context(DeflateSocket(own.port, path, offer=offer))
                   for path in ("/", "/contexts", "/high", "/off", "/drop") * 20 for offer in offers]
        for ws in members:
            ws.text("sub crowd")
            ws.expect_text("ok")
        speaker = stack.enter_context(WebSocket(own.port, "/off"))
        for _ in range(2):  # what the first left in a window must not be in the way of the second
            speaker.send(b"".join(frame(TEXT, f"many crowd {count} {size}".encode()) for count, size in orders))
            for number, ws in enumerate(members):
                heard = [ws.recv()[1] for _ in wanted]
                assert heard == wanted, (number, ws.agreed, next((got, want) for got, want in zip(heard, wanted) if got != want))
            speaker.expect_text(*(f"taken {count}" for count, _ in orders))
        rest = {path: {True: 2 * packed, False: 2 * (len(wanted) - packed) + 1}
                for path, packed in (("/", 90), ("/contexts", 90), ("/high", 70), ("/off", 0), ("/drop", 90))}
        for number, ws in enumerate(members):
            path = ("/", "/contexts", "/high", "/off", "/drop")[number // 3 % 5]
            assert ws.counts == rest[path], (path, ws.agreed, ws.counts)


def test_routes_shows_the_settings():
    with folder() as path:
        (path / "routes.yaml").write_text(routes_text(ROUTES, top="compression: {level: 9}\n"))
        listed = json.loads(socklet("routes", path / "routes.yaml", "--json").stdout)
        said = {route["path"]: route["compression"] for route in listed}
        assert said["/"] == {"enabled": True, "level": 9, "min": 1024, "server_window": 15, "client_window": 15,
                             "server_context": False, "client_context": False, "memory": 320 << 10}, said["/"]
        assert not said["/off"]["enabled"] and said["/narrow"]["server_window"] == 10, said
        text = socklet("routes", path / "routes.yaml").stdout
        for line in ("no compression", "compression level 9, from 1024 bytes, server window 10, client window 11",
                     "compression level 9, from 0 bytes, server context, client context, memory 327680 bytes"):
            assert f"    {line}\n" in text, text


def test_connection_that_ends_amid_messages_takes_its_streams_along(host):
    for step in range(1, 12):
        with DeflateSocket(host.port, "/contexts") as ws:
            ws.packed(TEXT, TEXT_2K)
            ws.expect_text(TEXT_2K)
            data = b"".join(marked(TEXT, ws.pack(TEXT_2K.encode()), parts=3))
            ws.send(data[:len(data) * step // 12])
            with contextlib.suppress(Gone):
                ws.reset()
