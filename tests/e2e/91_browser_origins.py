# SPDX-License-Identifier: MIT
"""A browser's page talks to its own host, and to another only where that host lists it."""
from browser import Browser
from host import PLUGINS, ROOT, Host, routes_text

TEST_SECONDS = 120
ROUTES = f"""\
  - {{path: /, file: {ROOT}/plugins/echo/index.html}}
  - {{path: /ws, plugin: echo}}
  - {{path: /v, plugin: echo, subprotocols: [v2.chat, v1.chat]}}
"""
# Sets the outcome of window.attempt to what came of it; those before it may still have to say that they are closed.
CONNECT = """
const attempt = window.attempt = {outcome: null};
const ws = arguments[1] ? new WebSocket(arguments[0], arguments[1]) : new WebSocket(arguments[0]);
ws.onopen = () => ws.send('hello');
ws.onmessage = (event) => { attempt.outcome = event.data + (ws.protocol && ' in ' + ws.protocol); ws.close(); };
ws.onclose = (event) => { attempt.outcome = attempt.outcome || 'closed with ' + event.code; };
"""


def outcome(page, url, *protocols):
    page.run(CONNECT, url, list(protocols) or None)
    return page.wait(lambda: page.run("return window.attempt.outcome"), "an outcome of the WebSocket")


def test_pages_of_other_origins():
    with Host(text=routes_text(ROUTES)) as first, Host(text=routes_text(ROUTES)) as second, Browser() as page:
        page.open(f"http://127.0.0.1:{first.port}/")
        page.sees("Connected")
        other = f"ws://127.0.0.1:{second.port}/ws"
        assert outcome(page, f"ws://127.0.0.1:{first.port}/ws") == "Message text was: hello"
        assert outcome(page, other) == "closed with 1006"
        second.wait_log(rf'origin "http://127\.0\.0\.1:{first.port}" is not that of host "127\.0\.0\.1:{second.port}"')
        second.write(routes_text(ROUTES, PLUGINS, f'origins: ["http://127.0.0.1:{first.port}"]\n'))
        second.reload()
        assert outcome(page, other) == "Message text was: hello"
        second.write(routes_text(ROUTES, PLUGINS, 'origins: ["http://127.0.0.1:*"]\n'))
        second.reload()
        assert outcome(page, other) == "Message text was: hello"


def test_a_page_is_given_a_subprotocol_or_fails():
    with Host(text=routes_text(ROUTES)) as host, Browser() as page:
        url = f"ws://127.0.0.1:{host.port}/v"
        page.open(f"http://127.0.0.1:{host.port}/")
        assert outcome(page, url, "v1.chat", "v2.chat") == "Message text was: hello in v2.chat"
        assert outcome(page, url, "v3.chat") == "closed with 1006"
