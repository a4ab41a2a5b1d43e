# SPDX-License-Identifier: MIT
"""What a peer that does not read misses is its route's choice; it costs bounded memory, and no other member anything."""
import contextlib
import re

from client import CLOSE, WebSocket
from host import TEST_PLUGINS, Host, routes_text, wait_until
from story import each

QUEUE = 65536
COUNT = 12000  # messages of 1,000 bytes: more than the kernel's buffers hold


def routes(policy):
    return routes_text(f"  - {{path: /crowd, plugin: throng, limits: {{queue: 64KiB, overflow: {policy}}}}}\n",
                       plugins=TEST_PLUGINS)


def crowd(policy):
    return Host(text=routes(policy))


def numbers(ws, until):
    """What comes up to the first thing that is no number, which is given, too."""
    got = []
    while True:
        opcode, payload = ws.recv()
        word = payload.decode(errors="replace").strip()
        if opcode == CLOSE or not word.isdigit():
            return got, (opcode, payload)
        got.append(int(word))
        if until(got):
            return got, None


def counts(ws):
    ws.text("state")
    text = ws.recv()[1].decode()
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}


def flooded(host, order="flood", count=COUNT, part=500):
    """A member that does not read while another has it told messages, with what the plugin then said."""
    slow = WebSocket(host.port, "/crowd", receive_buffer=4096, timeout=30)
    talker = WebSocket(host.port, "/crowd", timeout=30)
    for _ in range(count // part):
        talker.text(f"{order} {part}")
        talker.recv()
    return slow, talker, counts(talker)


@each([("close", 1013), ("close_1008", 1008)])
def test_close(row):
    policy, code = row
    with crowd(policy) as host:
        slow, talker, said = flooded(host)
        assert said["full"] == 1 and said["dropped"] == 0, said  # gone after the first
        got, end = numbers(slow, lambda got: False)
        assert end and end[0] == CLOSE and int.from_bytes(end[1][:2], "big") == code, end
        assert got == [n % 500 for n in range(len(got))] and len(got) == said["ok"], (len(got), said)
        slow.drop()
        talker.closes()


def test_tell():
    with crowd("tell") as host:
        slow, talker, said = flooded(host)
        assert said["full"] > 0 and said["dropped"] == 0 and said["ok"] + said["full"] == COUNT, said
        got, end = numbers(slow, lambda got: False)
        assert end[1] == b"drained at half", end
        # What was queued besides comes around these words, none is lost.
        more = numbers(slow, lambda more: len(got) + len(more) == said["ok"])[0] if len(got) < said["ok"] else []
        assert len(got) + len(more) == said["ok"], (len(got), len(more), said)
        talker.text("flood 1")
        slow.expect_text("0".ljust(1000))
        slow.closes()
        talker.drop()


def test_drop_newest():
    with crowd("drop_newest") as host:
        slow, talker, said = flooded(host)
        assert said["dropped"] > 0 and said["ok"] + said["dropped"] == COUNT, said
        got, _ = numbers(slow, lambda got: len(got) == said["ok"])
        assert got == [n % 500 for n in range(said["ok"])]
        assert counts(slow)["mine"] == said["dropped"]
        slow.closes()
        talker.drop()
        host.wait_log(rf"{said['dropped']} messages to .* were dropped")
        host.wait_log("some dropped")


def test_drop_oldest():
    with crowd("drop_oldest") as host:
        slow, talker, said = flooded(host)
        assert said["ok"] == COUNT, said
        talker.text("flood 501")  # 500 is the last word
        got, _ = numbers(slow, lambda got: got[-1] == 500)
        gap = next(i for i in range(len(got)) if got[i] != i % 500)
        tail = got[gap:]
        assert tail == list(range(501 - len(tail), 501)), (gap, tail)
        assert len(tail) * 1004 <= QUEUE, len(tail)
        assert counts(slow)["mine"] == COUNT + 501 - len(got)
        slow.closes()
        talker.drop()


def test_keep_last():
    with crowd("keep_last") as host:
        # Within a turn the five keys leave five messages, whatever their number.
        slow, talker, said = flooded(host, "keyed", 6000, 5)
        assert said["ok"] == 6000, said
        talker.text("keyed 603")
        got, _ = numbers(slow, lambda got: set(got) >= {598, 599, 600, 601, 602})
        assert sorted(got[-5:]) == [598, 599, 600, 601, 602], got[-5:]
        assert all(n < 5 for n in got[:-5]), got
        mine = counts(slow)["mine"]
        assert mine == 6603 - len(got) and mine > 598, (mine, len(got))
        slow.closes()
        talker.drop()


def test_misuse_is_told():
    with crowd("tell") as host:
        with WebSocket(host.port, "/crowd") as ws:
            ws.text("wrong")
            ws.expect_text("-3 -3 -3 -3 -2 -2")
            host.wait_log("sl_send_keyed with key 0, which is none")
            host.wait_log("a message of 1048576 bytes to send never fits `limits: {queue}` of 65536")
            assert counts(ws)["limit"] == QUEUE
    with crowd("drop_oldest") as host:
        with WebSocket(host.port, "/crowd") as ws:
            ws.text("wrong")
            ws.expect_text("-3 -3 -3 -3 2 2")
            assert counts(ws)["mine"] == 2


def test_a_slow_member_delays_no_other_and_costs_its_queue():
    with crowd("drop_oldest") as host, contextlib.ExitStack() as open_ones:
        slow = [WebSocket(host.port, "/crowd", receive_buffer=4096) for _ in range(20)]
        fast = [open_ones.enter_context(WebSocket(host.port, "/crowd", timeout=30)) for _ in range(5)]
        talker = open_ones.enter_context(WebSocket(host.port, "/crowd", timeout=30))
        before = host.resident()
        for _ in range(60):
            talker.text("flood 20")
            talker.recv()
            for ws in fast:
                for n in range(20):
                    ws.expect_text(str(n).ljust(1000))
        grown = host.resident() - before
        print(f"20 members that do not read: {grown >> 10} KiB for {60 * 20 * 20 * 1004 >> 10} KiB told them")
        # 20 queues of 64 KiB, and what the sanitizer keeps of freed memory.
        assert grown < 300 << 20, f"{grown >> 20} MiB"
        for ws in slow:
            ws.drop()


def test_pings_of_who_does_not_read_are_bounded():
    with crowd("drop_oldest") as host:
        ws = WebSocket(host.port, "/crowd", receive_buffer=4096)
        before = host.resident()
        ws.sock.settimeout(2)
        with contextlib.suppress(OSError):
            for _ in range(100):
                ws.sock.sendall(b"\x89\x80\0\0\0\0" * 10000)
        assert host.resident() - before < 200 << 20
        with WebSocket(host.port, "/crowd") as other:
            counts(other)
        ws.drop()


def test_jobs_hold_reading_until_one_is_done():
    text = routes_text("  - {path: /errands, plugin: errands, limits: {jobs: 2}}\n", plugins=TEST_PLUGINS)
    with Host(text=text) as host:
        with WebSocket(host.port, "/errands", timeout=30) as ws:
            ws.text("sleep 400")
            ws.text("sleep 400")
            ws.text("count")  # is not answered at once, as it would be
            ws.expect_text("slept 400")
            assert {ws.recv()[1] for _ in range(2)} >= {b"slept 400"}
            ws.text("count")
            ws.expect_text("done=2 dropped=0")
        with WebSocket(host.port, "/errands", timeout=30) as ws:
            for _ in range(300):
                ws.text("sleep 1")
            for _ in range(300):
                ws.expect_text("slept 1")
        with WebSocket(host.port, "/errands?wait=10", timeout=30) as ws:
            ws.expect_text("slept 10")
            ws.text("sleep 1")
            ws.expect_text("slept 1")


def test_policies_change_by_reload():
    with crowd("close") as host:
        slow, talker, said = flooded(host)
        assert said["full"] == 1, said
        slow.drop()
        talker.drop()
        host.write(routes("drop_newest"))
        host.reload()
        slow, talker, said = flooded(host)
        assert said["dropped"] > 0, said
        slow.drop()
        talker.drop()
