# SPDX-License-Identifier: MIT
"""A plugin that uses the host's functions wrongly gets an error back, and harms nobody but its own connection."""
import contextlib

from client import WebSocket, upgrade
from host import TEST_PLUGINS, Host, routes_text
from story import each

ROUTES = "  - {path: '/m/{how}', plugin: misuse, limits: {queue: 1MiB}}\n"
FULL, INVALID, OK = -2, -3, 0


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES, plugins=TEST_PLUGINS)) as host:
        yield host


@each([("binary of -1",), ("text of -1",), ("200 million",)])
def test_message_that_no_queue_can_take_is_closed_with_1013(host, row):
    before = host.resident()
    with WebSocket(host.port, "/m/x") as ws:
        ws.text(row[0])
        ws.expect_close(1013, "reads too slowly")
    host.wait_log(f"{row[0]}: {FULL}$")
    assert host.resident() - before < 64 << 20, "the host kept what it did not send"


@each([("NULL", INVALID), ("late timer", OK)])
def test_connection_lives_on(host, row):
    with WebSocket(host.port, "/m/x") as ws:
        ws.text(row[0])
        ws.expect_text(f"{row[0]}: {row[1]}")
        ws.text("more")
        ws.expect_text("more: 1")


def test_reason_that_is_not_text_is_left_out(host):
    with WebSocket(host.port, "/m/x") as ws:
        ws.text("reason")
        ws.expect_close(4000, "")


def test_content_type_cannot_forge_a_header(host):
    answer = upgrade(host.port, "/m/content_type")
    assert answer.status == 403 and answer.detail() == "as it should be", answer
    assert answer.header("x-forged") is None, answer


def test_refusal_without_detail_names_its_status(host):
    answer = upgrade(host.port, "/m/no_detail")
    assert answer.status == 403 and answer.detail() == "Forbidden", answer


def test_kept_request_is_there_for_a_connection_closed_in_connect(host):
    with WebSocket(host.port, "/m/closed_in_connect?a=1") as ws:
        ws.expect_close(4000, "at once")
    host.wait_log('target at the end "/m/closed_in_connect.a=1"$')
