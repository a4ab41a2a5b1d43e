# SPDX-License-Identifier: MIT
"""A person logs in on a page, is let in by the cookie until it is gone, and may bring a bearer token instead."""
import contextlib

from browser import Browser
from client import WebSocket
from host import SESSION_KEY as KEY, Host
from tokens import base64url, soon, token

TEST_SECONDS = 120


@contextlib.contextmanager
def shared():
    with Host("conf/login.yaml") as host, Browser() as browser:
        host.browser = browser
        yield host


def url(host):
    return f"http://127.0.0.1:{host.port}/"


def log_in(page, user, password):
    page.fill("User", user)
    page.fill("Password", password)
    page.press("Log in")


def test_without_cookie_the_page_asks_to_log_in(host):
    page = host.browser
    page.open(url(host))
    page.sees("Please log in.")


def test_wrong_password_is_told_and_leaves_no_cookie(host):
    page = host.browser
    page.open(url(host))
    log_in(page, "alice", "looking-glass")
    page.sees("User or password is wrong.")
    page.open(url(host))
    page.sees("Please log in.")


def test_log_in_opens_the_socket_and_the_cookie_outlives_the_page(host):
    page = host.browser
    page.open(url(host))
    log_in(page, "alice", "wonderland")
    page.sees("Connected", "Hello alice, you may stay until")
    page.say("tea at six")
    page.sees("alice: tea at six")
    page.open(url(host))
    page.sees("Connected", "Hello alice")
    assert page.run("return document.cookie") == "", "a script can read the session"


def test_bearer_token_comes_by_subprotocol_and_is_not_echoed(host):
    page = host.browser
    page.open(url(host))
    page.fill("Bearer token", token(sub="carol", exp=soon()))
    page.press("Connect with token")
    page.sees("Hello carol")
    assert page.run("return socket.protocol") == "bearer"


def test_forged_token_is_refused_in_words(host):
    page = host.browser
    page.open(url(host))
    page.fill("Bearer token", token("f" * 32, sub="mallory", exp=soon()))
    page.press("Connect with token")
    page.sees("The host does not take this token.")


def test_token_that_expires_closes_the_socket(host):
    page = host.browser
    page.open(url(host))
    page.fill("Bearer token", token(sub="dave", exp=soon(6)))
    page.press("Connect with token")
    page.sees("Hello dave")
    page.sees("The host does not take this token.")


def test_cookie_lets_a_program_in_too(host):
    with WebSocket(host.port, "/members", headers=[("Cookie", "session=" + token(sub="erin", exp=soon()))]) as ws:
        _, text = ws.recv()
        assert text.startswith(b"Hello erin"), text


def test_no_credential_is_in_the_log(host):
    log = host.log
    for secret in ("wonderland", "looking-glass", base64url(b"alice:wonderland"), KEY, "eyJ"):
        assert secret not in log, f"{secret} is in the log"
