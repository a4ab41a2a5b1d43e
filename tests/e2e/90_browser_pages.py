# SPDX-License-Identifier: MIT
"""A person with a browser can use the three pages: type, press Send, read the answer, and see who leaves."""
import contextlib
import re

from browser import Browser
from client import get
from host import Host, free_port
from story import each

TEST_SECONDS = 120
PAGES = [("echo", "/"), ("items", "/items"), ("chat", "/chat")]


@contextlib.contextmanager
def shared():
    with Host("conf/routes.yaml") as host, Browser() as browser:
        host.browser = browser
        yield host


def url(host, path):
    return f"http://127.0.0.1:{host.port}{path}"


def test_echo_page_answers(host):
    page = host.browser
    page.open(url(host, "/"))
    page.sees("Connected")
    page.say("hello wörld")
    page.sees("Message text was: hello wörld")
    page.say("and again")
    page.sees("Message text was: and again")
    assert page.text().index("hello wörld") < page.text().index("and again")


def test_echo_page_shows_markup_as_text(host):
    page = host.browser
    page.open(url(host, "/"))
    page.sees("Connected")
    page.say("<b>bold</b><script>document.title='taken'</script>")
    page.sees("Message text was: <b>bold</b><script>document.title='taken'</script>")


def test_message_field_is_empty_after_sending_and_enter_sends(host):
    page = host.browser
    page.open(url(host, "/"))
    page.sees("Connected")
    page.say("first\n")  # Enter, then the button on an empty field
    page.sees("Message text was: first")
    assert page.run("return [...document.querySelectorAll('input')].every((field) => field.value !== 'first')")


def test_items_page_shows_what_was_injected(host):
    page = host.browser
    page.open(url(host, "/items"))
    page.fill("Item ID", "b r?&#ä")
    page.fill("Token", "a token&more")
    page.press("Connect")
    page.sees("Connected")
    page.say("Hello")
    page.sees("Session cookie or query token value is: a token&more", "Message text was: Hello, for item ID: b r?&#ä")


def test_items_page_says_that_it_was_refused_and_tries_again_on_request(host):
    page = host.browser
    page.open(url(host, "/items"))
    page.fill("Item ID", "foo")
    page.fill("Token", "")
    page.press("Connect")
    page.sees_match("refuse")
    page.fill("Token", "now with one")
    page.press("Connect")
    page.sees("Connected")
    page.say("in")
    page.sees("Session cookie or query token value is: now with one", "Message text was: in, for item ID: foo")


def test_items_page_uses_the_session_cookie(host):
    page = host.browser
    page.open(url(host, "/items"))
    page.run("document.cookie = 'session=from the cookie; path=/'")
    page.fill("Item ID", "foo")
    page.press("Connect")
    page.sees("Connected")
    page.say("hi")
    page.sees("Session cookie or query token value is: from the cookie")
    page.run("document.cookie = 'session=; path=/; max-age=0'")


def chat_id(page):
    return page.sees_match(r"\b(\d{12,})\b")[1]


def test_chat_tabs_hear_each_other_and_see_a_leave(host):
    page = host.browser
    first = page.tab()
    page.open(url(host, "/chat"))
    first_id = chat_id(page)
    page.sees("Connected")
    page.say("anybody?")
    page.sees("You wrote: anybody?", f"Client #{first_id} says: anybody?")
    second = page.new_tab(url(host, "/chat"))
    second_id = chat_id(page)
    page.sees("Connected")
    assert second_id != first_id
    page.say("me")
    page.sees("You wrote: me", f"Client #{second_id} says: me")
    page.look_at(first)
    page.sees(f"Client #{second_id} says: me")
    page.say("welcome")
    page.look_at(second)
    page.sees(f"Client #{first_id} says: welcome")
    page.close_tab()
    page.look_at(first)
    page.sees(f"Client #{second_id} left the chat")


def test_reloaded_tab_leaves_and_comes_back(host):
    page = host.browser
    first = page.tab()
    page.open(url(host, "/chat"))
    page.sees("Connected")
    second = page.new_tab(url(host, "/chat"))
    second_id = chat_id(page)
    page.sees("Connected")
    page.say("here")
    page.sees("You wrote: here")
    page.open(url(host, "/chat"))
    page.look_at(first)
    page.sees(f"Client #{second_id} left the chat")
    page.look_at(second)
    page.close_tab()
    page.look_at(first)


@each(PAGES)
def test_page_says_when_the_host_has_gone_and_comes_back(row):
    port = free_port()
    listen = (f"127.0.0.1:{port}",)
    with Browser() as page:
        with Host("conf/routes.yaml", listen=listen):
            page.open(f"http://127.0.0.1:{port}{row[1]}")
            if row[1] == "/items":
                page.fill("Item ID", "foo")
                page.fill("Token", "t")
                page.press("Connect")
            page.sees("Connected")
            page.say("before")
            page.sees("before")
        page.sees_match(r"the host (restarts|does not answer).*trying again|connection is lost.*trying again")
        page.does_not_see("Connected")
        with Host("conf/routes.yaml", listen=listen):
            page.sees("Connected")  # by itself
            page.say("after")
            page.sees("after")


@each(PAGES)
def test_page_fits_a_phone(host, row):
    page = host.browser
    first = page.tab()
    page.new_tab("about:blank")
    page.resize(360, 640)
    page.open(url(host, row[1]))
    if row[1] == "/items":
        page.fill("Token", "t")
        page.press("Connect")
    page.sees("Connected")
    page.say("a long word: " + "x" * 200)
    page.sees("x" * 200)
    size = page.run("return [document.documentElement.scrollWidth, window.innerWidth, "
                    "parseFloat(getComputedStyle(document.querySelector('input')).fontSize)]")
    assert size[0] <= size[1] == 360, f"scrolls sideways: {size}"
    assert size[2] >= 16, f"a phone zooms into a field with a font of {size[2]}px"
    page.close_tab()
    page.look_at(first)


@each(PAGES)
def test_page_is_one_plain_document(host, row):
    answer = get(host.port, row[1])
    text = answer.body.decode()
    assert answer.status == 200 and "<h1" in text and 'lang="' in text and "viewport" in text, answer
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", text), "it loads something from elsewhere"


def test_no_page_has_an_error_in_its_script(host):
    page = host.browser
    page.errors()  # those of refusals that other tests want
    for _, path in PAGES:
        page.open(url(host, path))
        if path == "/items":
            page.fill("Token", "t")
            page.press("Connect")
        page.sees("Connected")
        page.say("fine")
        page.sees_match(r"(Message text was|You wrote): fine")
    errors = page.errors()
    assert not errors, errors
