# SPDX-License-Identifier: MIT
"""Chromium agrees on permessage-deflate with the host, and both understand each other."""
import contextlib

from browser import Browser
from host import Host, routes_text
from story import each

TEST_SECONDS = 120
ROUTES = """\
  - {path: /page, file: page.html}
  - {path: /, plugin: mirror}
  - {path: /contexts, plugin: mirror, compression: {server_context: true, client_context: true, min: 0}}
  - {path: /narrow, plugin: mirror, compression: {server_window: 9, client_window: 9, min: 0}}
  - {path: /off, plugin: mirror, compression: false}
"""
PAGE = """<!doctype html><title>talk</title><p id=said></p><script>
function talk(path) {
	const said = document.getElementById('said');
	const ws = new WebSocket('ws://' + location.host + path);
	const prose = 'all work and no play makes Jack a dull boy, \\u{1f600}. ';
	const texts = ['', 'short', ...[5, 50, 500, 50, 5000, 2].map((times) => prose.repeat(times))];
	let next = 0;
	ws.onopen = () => { said.innerText = 'agreed on: ' + ws.extensions; ws.send(texts[0]); };
	ws.onmessage = (event) => {
		if (event.data !== texts[next]) said.innerText += ' message ' + next + ' differs';
		else if (++next < texts.length) ws.send(texts[next]);
		else ws.close(1000);
	};
	ws.onclose = (event) => { said.innerText += ' closed with ' + event.code + ' after ' + next; };
}
</script>"""


@contextlib.contextmanager
def shared():
    with Host(text=routes_text(ROUTES), files={"page.html": PAGE}) as host, Browser() as browser:
        host.browser = browser
        yield host


@each([("standard", "/", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
       ("contexts", "/contexts", "permessage-deflate"),
       ("small_windows", "/narrow", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
                                    "server_max_window_bits=9; client_max_window_bits=9"),
       ("off", "/off", "")])
def test_messages_come_back(host, row):
    _, path, agreed = row
    host.browser.open(f"http://127.0.0.1:{host.port}/page")
    host.browser.run("talk(arguments[0])", path)
    said = host.browser.sees_match(r"agreed on: ?(.*) closed with (\d+) after (\d+)")
    assert (said[1].strip(), said[2], said[3]) == (agreed, "1000", "8"), said[0]
