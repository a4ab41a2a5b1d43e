# SPDX-License-Identifier: MIT
"""Files are sent in parts, not again when they are known, and compressed where that stands beside them."""
import contextlib
import gzip
import os
import shutil
import subprocess
from email.utils import parsedate_to_datetime

from client import Http, get, raw
from host import DEADLINE, Host, routes_text
from story import each

ROUTES = """\
  - {path: /one, file: site/script.js}
  - {path: /static, dir: site, cache_control: "public, max-age=3600"}
"""
BIG = os.urandom(3_000_000)
OLD = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
SCRIPT = b"let a = 1;\n" * 1000


def settle(path, time=OLD):
    os.utime(path, (time, time))


@contextlib.contextmanager
def shared():
    files = {"site/big.bin": BIG, "site/ten.txt": "0123456789", "site/empty.txt": "", "site/script.js": SCRIPT,
             "site/script.js.gz": gzip.compress(SCRIPT), "site/script.js.br": b"as brotli", "site/stale.js": SCRIPT,
             "site/stale.js.gz": b"stale", "site/odd.js": SCRIPT, "site/odd.js.gz/x": "a folder"}
    with Host(text=routes_text(ROUTES), files=files) as host:
        for path in (host.scratch / "site").iterdir():
            settle(path)
        settle(host.scratch / "site/stale.js.gz", OLD - 1)
        yield host


def part(host, value, target="/static/ten.txt", **more):
    return get(host.port, target, headers=[("Range", value), *more.items()])


@each([
    ("start", "bytes=0-3", 206, b"0123", "bytes 0-3/10"),
    ("end", "bytes=7-", 206, b"789", "bytes 7-9/10"),
    ("last", "bytes=-2", 206, b"89", "bytes 8-9/10"),
    ("too long", "bytes=5-99", 206, b"56789", "bytes 5-9/10"),
    ("all", "bytes=0-9", 206, b"0123456789", "bytes 0-9/10"),
    ("outside", "bytes=10-", 416, b"", "bytes */10"),
    ("several", "bytes=0-1,3-4", 200, b"0123456789", None),
    ("no range", "bytes=4-1", 200, b"0123456789", None),
    ("other unit", "lines=0-1", 200, b"0123456789", None),
])
def test_range(host, row):
    _, value, status, body, content_range = row
    answer = part(host, value)
    assert (answer.status, answer.body, answer.header("content-range")) == (status, body, content_range), answer
    if status != 416:
        assert answer.header("accept-ranges") == "bytes", answer
    head = get(host.port, "/static/ten.txt", "HEAD", [("Range", value)])
    assert (head.status, head.header("content-length")) == (200, "10"), head


def test_ranges_of_an_empty_file(host):
    assert part(host, "bytes=0-", "/static/empty.txt").status == 416
    assert get(host.port, "/static/empty.txt").status == 200


def test_a_big_file_in_parts_over_one_connection(host):
    with Http(host.port) as http:
        step, got = 700_001, b""
        for start in range(0, len(BIG), step):
            answer = http.request("/static/big.bin", headers=[("Range", f"bytes={start}-{start + step - 1}")])
            assert answer.status == 206, answer.status
            got += answer.body
        assert got == BIG


def test_pipelined_parts_come_in_order(host):
    requests = b"".join(b"GET /static/big.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=%d-%d\r\n\r\n" % (n, n + 99_999)
                        for n in range(0, 500_000, 100_000))
    with Http(host.port) as http:
        http.send(requests + b"GET /static/ten.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        got = b"".join(http.response().body for _ in range(5))
        assert got == BIG[:500_000]
        assert http.response().body == b"0123456789"


def test_if_range(host):
    tag = get(host.port, "/static/ten.txt").header("etag")
    assert not tag.startswith("W/"), tag
    for value, status in ((tag, 206), ('"other"', 200), (f"W/{tag}", 200), (DATE, 206),
                          ("Sun, 06 Nov 1994 08:49:38 GMT", 200)):
        answer = part(host, "bytes=0-0", **{"If-Range": value})
        assert answer.status == status, f"{value}: {answer}"


def test_conditions(host):
    first = get(host.port, "/static/ten.txt")
    tag = first.header("etag")
    assert first.header("last-modified") == DATE and first.header("cache-control") == "public, max-age=3600", first
    for headers, status in (
            ([("If-None-Match", tag)], 304), ([("If-Modified-Since", DATE)], 304),
            ([("If-Modified-Since", "Sun Nov  6 08:49:37 1994")], 304),
            ([("If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")], 200),
            ([("If-None-Match", '"x"'), ("If-Modified-Since", DATE)], 200),
            ([("If-Match", tag)], 200), ([("If-Match", '"x"')], 412), ([("If-Match", "*")], 200),
            ([("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")], 412),
            ([("If-None-Match", tag), ("Range", "bytes=0-1")], 304)):
        for method in "GET", "HEAD":
            answer = get(host.port, "/static/ten.txt", method, headers)
            assert answer.status == status, f"{headers}: {answer}"
            assert answer.header("etag") == tag and answer.header("last-modified") == DATE, answer
            assert answer.header("cache-control") == "public, max-age=3600", answer


def test_a_file_that_was_just_written_has_a_weak_tag(host):
    page = host.scratch / "site/new.txt"
    page.write_text("new")
    os.utime(page, (4102444800, 4102444800))  # in the future, as long as this test may run
    answer = get(host.port, "/static/new.txt")
    assert answer.header("etag").startswith("W/"), answer
    modified, date = (parsedate_to_datetime(answer.header(name)) for name in ("last-modified", "date"))
    assert modified <= date, answer
    assert part(host, "bytes=0-0", "/static/new.txt", **{"If-Range": answer.header("etag")}).status == 200


@each([
    ("gzip", "gzip", "gzip"), ("as browsers", "gzip, deflate, br, zstd", "br"), ("weighted", "br;q=0.5, gzip", "gzip"),
    ("any", "*", "br"), ("not br", "br;q=0, *", "gzip"), ("plain", "identity, gzip;q=0.5", None),
    ("none", "", None), ("others", "deflate, zstd", None), ("without", None, None),
])
def test_coding(host, row):
    _, accepted, coding = row
    headers = [] if accepted is None else [("Accept-Encoding", accepted)]
    bodies = {None: SCRIPT, "br": b"as brotli", "gzip": None}
    for target in "/static/script.js", "/one":
        answer = get(host.port, target, headers=headers)
        assert answer.status == 200 and answer.header("content-encoding") == coding, answer
        assert answer.header("vary") == "Accept-Encoding", answer
        assert answer.header("content-type") == "text/javascript; charset=utf-8", answer
        wanted = bodies[coding] or (host.scratch / "site/script.js.gz").read_bytes()
        assert answer.body == wanted
        again = get(host.port, target, headers=[*headers, ("If-None-Match", answer.header("etag"))])
        assert again.status == 304 and again.header("vary") == "Accept-Encoding", again


def test_each_form_has_its_own_tag_and_parts(host):
    plain = get(host.port, "/one")
    packed = get(host.port, "/one", headers=[("Accept-Encoding", "gzip")])
    assert plain.header("etag") != packed.header("etag")
    answer = get(host.port, "/one", headers=[("Accept-Encoding", "gzip"), ("Range", "bytes=0-1")])
    assert (answer.status, answer.body, answer.header("content-encoding")) == (206, b"\x1f\x8b", "gzip"), answer


@each(["stale.js", "odd.js", "ten.txt"])
def test_what_is_no_fresh_compressed_file_is_not_sent(host, row):
    answer = get(host.port, f"/static/{row}", headers=[("Accept-Encoding", "gzip")])
    assert answer.header("content-encoding") is None and answer.header("vary") is None, answer
    assert answer.body == (host.scratch / "site" / row).read_bytes()


def curl(host, *arguments):
    done = subprocess.run(["curl", "--silent", "--show-error", "--noproxy", "*", "--fail", *arguments],
                          capture_output=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(host):
    base = f"http://127.0.0.1:{host.port}"
    assert shutil.which("curl"), "curl is not installed"
    assert curl(host, "-r", "2-4", f"{base}/static/ten.txt") == b"234"
    assert curl(host, "-r", "-3", f"{base}/static/ten.txt") == b"789"
    (host.scratch / "part").write_bytes(BIG[:1_234_567])
    curl(host, "-C", "-", "-o", str(host.scratch / "part"), f"{base}/static/big.bin")
    assert (host.scratch / "part").read_bytes() == BIG
    assert curl(host, "-H", "Accept-Encoding: gzip", "--compressed", f"{base}/one") == SCRIPT
    assert curl(host, "-z", DATE, f"{base}/static/ten.txt") == b""


def test_parts_leave_no_descriptor_behind(host):
    get(host.port, "/one")
    before = host.descriptors_open()
    for _ in range(30):
        for headers in ([("Range", "bytes=0-1")], [("Range", "bytes=10-")], [("If-Match", '"x"')],
                        [("Accept-Encoding", "br, gzip")], [("If-None-Match", "*"), ("Accept-Encoding", "gzip")]):
            get(host.port, "/static/script.js", headers=headers)
            get(host.port, "/static/ten.txt", headers=headers)
            raw(host.port, b"HEAD /static/stale.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", False)
    assert host.descriptors_open() <= before + 2, (before, host.descriptors_open())
