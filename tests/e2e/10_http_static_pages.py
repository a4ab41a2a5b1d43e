# SPDX-License-Identifier: MIT
"""file: and dir: routes serve what lies under them with the right headers, and nothing else."""
import contextlib
import os

from client import Http, get, raw
from host import Host, routes_text
from story import each

ROUTES = """\
  - {path: /, file: site/index.html}
  - {path: /static, dir: site}
"""
TYPES = {"a.html": "text/html; charset=utf-8", "a.css": "text/css", "a.js": "text/javascript",
         "a.json": "application/json", "a.svg": "image/svg+xml", "a.png": "image/png",
         "a.jpg": "image/jpeg", "a.ico": "image/", "a.txt": "text/plain", "a.wasm": "application/wasm",
         "a.woff2": "font/woff2", "a.unknown": "application/octet-stream"}


FILES = {
    "index.html": "<h1>index</h1>", "deep/index.html": "<h1>deep</h1>", "deep/er/file.txt": "deep text",
    "with space.txt": "space", "grüße.txt": "greetings", "empty.txt": "", "big.bin": os.urandom(3_000_000),
    ".env": "SECRET=1", ".git/config": "SECRET=2", "../secret.txt": "SECRET=3", **{name: name for name in TYPES},
}


@contextlib.contextmanager
def shared():
    files = {f"site/{name}": content for name, content in FILES.items()}
    with Host(text=routes_text(ROUTES), files=files) as host:
        site = host.scratch / "site"
        for path in site.rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))  # a tag is weak while a file is new
        (site / "out.txt").symlink_to(host.scratch / "secret.txt")
        (site / "out").symlink_to("/etc")
        (site / "inside.txt").symlink_to("deep/er/file.txt")
        os.mkfifo(site / "pipe.txt")
        yield host


def test_file_and_folder(host):
    assert get(host.port, "/").body == b"<h1>index</h1>"
    assert get(host.port, "/static/index.html").body == b"<h1>index</h1>"
    assert get(host.port, "/static/deep/er/file.txt").body == b"deep text"
    assert get(host.port, "/static/with%20space.txt").body == b"space"
    assert get(host.port, "/static/gr%C3%BC%C3%9Fe.txt").body == b"greetings"
    assert get(host.port, "/static/index.html?v=1").body == b"<h1>index</h1>"


def test_big_and_empty_files_are_whole(host):
    assert get(host.port, "/static/big.bin").body == (host.scratch / "site/big.bin").read_bytes()
    empty = get(host.port, "/static/empty.txt")
    assert empty.status == 200 and empty.header("content-length") == "0", empty


def test_slow_reader_gets_the_whole_file(host):
    with Http(host.port, receive_buffer=4096) as http:
        body = http.request("/static/big.bin").body
        assert body == (host.scratch / "site/big.bin").read_bytes()


@each(TYPES.items())
def test_content_type(host, row):
    name, kind = row
    got = get(host.port, f"/static/{name}").header("content-type")
    assert got.startswith(kind), f"{name}: wanted {kind}, got {got}"
    if kind.startswith("text/"):
        assert got.endswith("charset=utf-8"), got


def test_etag_gives_304(host):
    with Http(host.port) as http:
        first = http.request("/")
        tag = first.header("etag")
        assert tag and tag.strip('W/').startswith('"') and tag.endswith('"'), first
        for value in tag, f'"other", {tag}', "*", f"W/{tag}":
            again = http.request("/", headers=[("If-None-Match", value)])
            assert again.status == 304 and again.header("etag") == tag and not again.body, again
        assert http.request("/", headers=[("If-None-Match", '"other"')]).status == 200
        head = http.request("/", "HEAD")
        assert head.header("etag") == tag and head.header("content-length") == "14", head


def test_changed_file_has_another_etag(host):
    page = host.scratch / "site/changing.txt"
    page.write_text("one")
    tag = get(host.port, "/static/changing.txt").header("etag")
    page.write_text("two")
    os.utime(page, (1, 1))
    answer = get(host.port, "/static/changing.txt", headers=[("If-None-Match", tag)])
    assert answer.status == 200 and answer.body == b"two", answer


ESCAPES = [
    "../secret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt", "..%2fsecret.txt", ".%2e/secret.txt",
    "..\\secret.txt", "..%5csecret.txt", "deep/../../secret.txt", "deep/%2e%2e/%2e%2e/secret.txt",
    "/etc/passwd", "%2fetc%2fpasswd", "//etc/passwd", "index.html%00.txt", "%00", "out.txt", "out/passwd",
    ".env", ".git/config", ".git", "deep/./../.env", "%2eenv", ".", "..", "./", "../", "%2e", "%2e%2e",
    "pipe.txt", "nothing.txt", "deep/er/", "index.html/", "index.html/x", "%c0%ae%c0%ae/secret.txt",
    "%252e%252e/secret.txt", "a" * 300, "a/" * 2000,
]


@each([(text[:40], text) for text in ESCAPES])
def test_no_way_out(host, row):
    answer = get(host.port, f"/static/{row[1]}")
    assert answer.status == 404 and answer.detail() == "Not Found", f"{row[1]}: {answer}"
    assert b"SECRET" not in answer.body and b"root:" not in answer.body


def test_folder_gives_its_index_with_a_slash_and_a_redirect_without(host):
    assert get(host.port, "/static/deep/").body == b"<h1>deep</h1>"
    assert get(host.port, "/static/").body == b"<h1>index</h1>"
    for path in "/static/deep", "/static":
        answer = get(host.port, path + "?a=b")
        assert answer.status == 307 and answer.header("location") == path + "/?a=b", answer


def test_redirect_does_not_lead_to_another_host():
    """A location of "//deep/" would be another host's."""
    routes = routes_text("  - {path: /, dir: site}\n")
    with Host(text=routes, files={"site/deep/index.html": "deep"}) as host:
        for path in "//deep", "///deep", "/%2fdeep", "/\\deep":
            answer = get(host.port, path)
            location = answer.header("location") or "/"
            assert not location.startswith(("//", "/\\")), answer


def test_link_within_the_folder_works(host):
    assert get(host.port, "/static/inside.txt").body == b"deep text"


def test_dots_in_the_middle_of_names_are_fine(host):
    (host.scratch / "site/a..b.txt").write_text("dots")
    assert get(host.port, "/static/a..b.txt").body == b"dots"


def test_unreadable_or_vanished_file_is_404(host):
    page = host.scratch / "site/vanishing.txt"
    page.write_text("x")
    assert get(host.port, "/static/vanishing.txt").status == 200
    page.unlink()
    assert get(host.port, "/static/vanishing.txt").status == 404


def test_many_requests_leave_no_descriptor_behind(host):
    get(host.port, "/")
    before = host.descriptors_open()
    for _ in range(50):
        get(host.port, "/static/a.txt")
        get(host.port, "/static/../x")
        raw(host.port, b"GET /static/pipe.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    assert host.descriptors_open() <= before + 2, (before, host.descriptors_open())
