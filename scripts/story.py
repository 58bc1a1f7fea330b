#!/usr/bin/env python3
"""Plays the whole story of two users against a built server, as its real clients would.

    scripts/story target/release/tradewind

Registration by mail, friendship, a lively talk, edits and deletions, history, a crash, an unfriending
and an orderly stop: over HTTP and WebSocket only, nothing of the server's inside is used. Prints one
line per chapter; ends with status 1 and a clear message at the first difference.
"""

import base64
import contextlib
import datetime
import email
import email.policy
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

from story_peers import Client, Difference, Server, check, check_chat, check_equal, check_id
from story_peers import http, room_of, wait_for

STORY_SECONDS_MAX = 300
MAIL_SECONDS_MAX = 15

MESSAGES_EACH = 200
UNANSWERED_MAX = 16
PAGE = 50

LINK = re.compile(r"http://\S+/api/v1/auth/email_verify/\S+")


# Chapter 1

PASSWORDS = {"alice": "correct horse battery staple", "bob": "배 한 척 ⛵ and more"}


def register(server, name, as_json):
    address = f"{name}@example.org"
    fields = {"name": name, "email": address, "password": PASSWORDS[name]}
    status, body = http(f"{server.url}/api/v1/auth/register", fields, as_json)
    check_equal(
        (status, body),
        (201, info("successfully created an account creation request.")),
        f"register {name}",
    )
    link = wait_for(f"mail to {address}", MAIL_SECONDS_MAX, lambda: link_in_outbox(server, address))
    check(link.startswith(f"{server.url}/"), f"the link does not lead to this server: {link}")
    check_equal(http(link), (201, info("account successfully created.")), f"verify {name}")
    status, body = http(link)
    check_equal((status, body["type"]), (404, "error"), "verify a second time")


def info(message):
    return {"type": "info", "payload": {"message": message}}


def link_in_outbox(server, address):
    """The outbox holds finished mails only: a mail is renamed to *.eml when it is whole."""
    for path in server.outbox.glob("*.eml"):
        whole = path.read_bytes()
        mail = email.message_from_bytes(whole, policy=email.policy.default)
        if address in mail["To"]:
            check_equal(mail["Subject"], "WIND email verification", "subject of the mail")
            links = LINK.findall(mail.get_content())
            check_equal(len(links), 1, f"number of links in {path.name}")
            check(links[0].encode() in whole, f"the link in {path.name} is broken by an encoding")
            return links[0]
    return None


def login(server, name, as_json):
    url = f"{server.url}/api/v1/auth/login"
    address = f"{name}@example.org"
    status, body = http(url, {"email": address, "password": "wrong"}, as_json)
    check_equal((status, body["type"]), (401, "error"), f"log in {name} with a wrong password")
    status, body = http(url, {"email": address, "password": PASSWORDS[name]}, as_json)
    check_equal((status, body["type"]), (201, "auth"), f"log in {name}")
    return body["payload"]["token"]


# Chapter 2


def befriend(alice, bob):
    for client in (alice, bob):
        expected = {"id": client.id, "name": client.name, "profile": None}
        check_equal(client.user, expected, "self_user")
        check_id(client.id)
        check_equal([client.auth["mutual_requests"], client.auth["mutual_users"]], [[], []], "lists")
    ask_friend(alice, bob, "request")
    ask_friend(bob, alice, "response")
    check_friends(alice, [bob.user])
    check_friends(bob, [alice.user])


def ask_friend(actor, other, kind):
    """The actor hears "ok", the other one who it was."""
    actor.send("mutual_users", {"type": kind, "name": other.name})
    check_equal(actor.expect("ok"), None, f"answer to {kind}")
    check_equal(other.expect("mutual_users"), {"type": kind, "user": actor.user}, f"push of {kind}")


def check_friends(client, expected):
    client.send("load", {"type": "mutual_users"})
    check_equal(client.expect("mutual_users"), expected, f"friends of {client.name}")


# Chapter 3

PHRASES = [
    "안녕하세요! 바람이 좋네요",
    "plain words",
    "⛵🌊 돛을 올려라 👩‍👩‍👧‍👦 🇰🇷",
    '"quotes", \\backslashes\\, <b>tags</b> & entities',
    "두 줄로\n쓴 글\t끝",
    "  spaces stay  ",
    "decomposed: \u1112\u1161\u11ab e\u0301, right to left: \u05e9\u05dc\u05d5\u05dd",
    "길게 " + "파도 " * 500,
]


def text_of(name, number):
    return f"{name} {number:03}: {PHRASES[number % len(PHRASES)]}"


def talk(alice, bob):
    """Both at once; returns all messages in the order of the room."""
    seen = {}
    failures = []
    threads = [
        threading.Thread(target=run_caught, args=(failures, seen, me, peer), daemon=True)
        for me, peer in ((alice, bob), (bob, alice))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    # Exactly once, in one order for everybody, and each echo equal to the delivery.
    check_equal(len(seen[alice.name]), 2 * MESSAGES_EACH, "messages seen by each")
    for one, other in zip(seen[alice.name], seen[bob.name]):
        check_equal(other, one, f"message seen by {bob.name} where {alice.name} sees another")
    check_equal(len({chat["id"] for chat in seen[alice.name]}), 2 * MESSAGES_EACH, "different ids")
    times = [chat["created_at"] for chat in seen[alice.name]]
    check(all(a < b for a, b in zip(times, times[1:])), "created_at does not strictly increase")
    for client in (alice, bob):
        client.fence()
    return seen[alice.name]


def run_caught(failures, seen, me, peer):
    """A thread's exception would be lost."""
    try:
        seen[me.name] = talk_as(me, peer)
    except Exception as failure:
        failures.append(failure)


def talk_as(me, peer):
    """Sends all of mine, never more than the window ahead of the echoes; returns all that was seen."""
    room = room_of(me, peer)
    sent = echoed = delivered = 0
    seen = []
    while echoed < MESSAGES_EACH or delivered < MESSAGES_EACH:
        while sent < MESSAGES_EACH and sent - echoed < UNANSWERED_MAX:
            me.send("chat", {"type": "send", "chat_id": room, "content": text_of(me.name, sent)})
            sent += 1
        chat = me.expect("chat")
        if chat.get("user_id") == me.id:
            check_chat(chat, "send", me, room, text_of(me.name, echoed))
            echoed += 1
        else:
            check_chat(chat, "send", peer, room, text_of(peer.name, delivered))
            delivered += 1
        seen.append(chat)
    return seen


# Chapter 4


def change(alice, bob, messages):
    """Edits some messages and deletes others; returns the messages as they now are."""
    edits = {7: "고쳐 쓴 글 ✏️", 150: "edited once", 399: "the last one, edited"}
    # The three spellings of a deletion.
    deletions = {0: {"content": ""}, 123: {"content": None}, 250: {}}
    for index, content in edits.items():
        change_one(alice, bob, messages[index], {"content": content}, content)
    change_one(alice, bob, messages[150], {"content": "edited twice"}, "edited twice")
    edits[150] = "edited twice"
    for index, content in deletions.items():
        change_one(alice, bob, messages[index], content, "")
    author, stranger = sides(alice, bob, messages[7])
    request = {"type": "edit", "id": messages[7]["id"], "chat_id": room_of(alice, bob), "content": "no"}
    stranger.send("chat", request)
    stranger.expect_error(4004, "chat not exist.")
    for client in (author, stranger):
        client.fence()
    return [
        {**chat, "content": edits.get(index, chat["content"])}
        for index, chat in enumerate(messages)
        if index not in deletions
    ]


def change_one(alice, bob, message, fields, content):
    author, peer = sides(alice, bob, message)
    room = room_of(alice, bob)
    author.send("chat", {"type": "edit", "id": message["id"], "chat_id": room, **fields})
    expected = {**message, "type": "edit", "content": content}
    check_equal(author.expect("chat"), expected, "answer to an edit")
    check_equal(peer.expect("chat"), expected, "edit as pushed to the peer")


def sides(alice, bob, message):
    return (alice, bob) if message["user_id"] == alice.id else (bob, alice)


# Chapter 5


def history(client, peer):
    """All of it, as the frames came; page by page from the newest, each page oldest first."""
    # A little in the future: times of the room may run ahead of the clock to stay different.
    korea = datetime.timezone(datetime.timedelta(hours=9))
    newest = datetime.datetime.now(korea) + datetime.timedelta(hours=1)
    cursor = newest.strftime("%Y-%m-%d %H:%M:%S.%f")
    pages = []
    while True:
        page = load_page(client, room_of(client, peer), cursor)
        if not page:
            break
        check(not pages or len(pages[0]) == PAGE, "a page before the last one is not full")
        oldest = json.loads(page[0])["payload"]["created_at"]
        check(oldest < cursor, f"a page does not begin before its cursor {cursor}")
        cursor = oldest
        pages.insert(0, page)
    return [text for page in pages for text in page]


def load_page(client, room, cursor):
    encoded = base64.b64encode(cursor.encode()).decode()
    client.send("load", {"type": "chat", "load_id": room, "datetime": encoded, "count": PAGE})
    # A load has no end mark; that is what the fence is for.
    page = client.texts_before_fence()
    check(len(page) <= PAGE, f"{len(page)} frames in a page of {PAGE}")
    for text in page:
        check_equal(json.loads(text)["type"], "chat", "type of a loaded frame")
    return page


def check_history(alice, bob, messages):
    """Returns what each of them loads."""
    loaded = {}
    for me, peer in ((alice, bob), (bob, alice)):
        loaded[me.name] = history(me, peer)
        found = [json.loads(text)["payload"] for text in loaded[me.name]]
        for one, other in zip(found, messages):
            check_equal(one, other, f"message in the history of {me.name}")
        check_equal(len(found), len(messages), f"messages in the history of {me.name}")
    return loaded


# Chapter 6


def say(author, peer, content):
    """Waits for the echo only: with it the server has promised to keep the message."""
    room = room_of(author, peer)
    author.send("chat", {"type": "send", "chat_id": room, "content": content})
    echo = author.expect("chat")
    check_chat(echo, "send", author, room, content)
    return echo


# Chapter 7


def unfriend(alice, bob):
    """By default anyone may write to anyone (dm.audience = anyone), as in the original system, so an
    unfriending would change nothing for the talk. This server was started with dm.audience = friends,
    where a user who is not a friend now is answered as if the peer did not exist."""
    room = room_of(alice, bob)
    last = say(alice, bob, "아직 친구")
    check_equal(bob.expect("chat"), last, "delivery between friends")
    ask_friend(alice, bob, "delete")
    for client in (alice, bob):
        check_friends(client, [])
        client.send("chat", {"type": "send", "chat_id": room, "content": "can you hear me?"})
        client.expect_error(4004, "User not exist.")
    for client in (alice, bob):
        client.fence()
    return last


class Chapters:
    """Announces each chapter when it has been played."""

    def __init__(self):
        self.count = 0
        self.since = time.monotonic()

    def done(self, title):
        self.count += 1
        now = time.monotonic()
        print(f"story: chapter {self.count}, {title} ({now - self.since:.1f} s)", flush=True)
        self.since = now


def play(server):
    chapters = Chapters()
    server.start()
    for name, as_json in (("alice", True), ("bob", False)):
        register(server, name, as_json)
    tokens = [login(server, "alice", True), login(server, "bob", False)]
    chapters.done("two users register by mail and log in")

    def enter():
        return Client(server, "alice", tokens[0]), Client(server, "bob", tokens[1])

    alice, bob = enter()
    befriend(alice, bob)
    chapters.done("they connect and become friends")

    messages = talk(alice, bob)
    chapters.done(f"each says {MESSAGES_EACH} things, all arrive once and in order")

    messages = change(alice, bob, messages)
    chapters.done("edits and deletions reach the other")

    before = check_history(alice, bob, messages)
    chapters.done("paging back shows all that was said, as it now is")

    messages.append(say(alice, bob, "마지막 말"))
    server.kill()
    server.start()
    alice, bob = enter()
    check_equal([alice.auth["mutual_users"], bob.auth["mutual_users"]], [[bob.user], [alice.user]], "friends")
    after = check_history(alice, bob, messages)
    for name, texts in before.items():
        check_equal(after[name][:-1], texts, f"history of {name} after kill -9, byte for byte")
    chapters.done("the server is killed; started again it remembers every byte")

    server.stop([alice, bob])
    server.start(DM__AUDIENCE="friends")
    alice, bob = enter()
    messages.append(unfriend(alice, bob))
    check_history(alice, bob, messages)
    chapters.done("where only friends may write, an unfriended one cannot; both still read")

    server.stop([alice, bob])
    chapters.done("SIGTERM ends the server in order, and the clients are told")
    print(f"story: all {chapters.count} chapters passed", flush=True)


def out_of_time(_signal, _frame):
    raise Difference(f"the story is not over after {STORY_SECONDS_MAX} s")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/story BINARY")
    binary = pathlib.Path(sys.argv[1]).resolve()
    if not os.access(binary, os.X_OK):
        sys.exit(f"story: {binary} is not a program; build it first")
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.alarm(STORY_SECONDS_MAX)
    with contextlib.ExitStack() as cleanup:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tradewind-story."))
        cleanup.callback(shutil.rmtree, folder)
        server = Server(binary, folder)
        cleanup.callback(server.kill)
        try:
            play(server)
        except Exception as failure:
            if not isinstance(failure, Difference):
                traceback.print_exc()
            print_log(server.log)
            sys.exit(f"story: FAILED: {failure}")


def print_log(log):
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    print("story: the last lines of the server's log:", file=sys.stderr)
    for line in lines[-40:]:
        print(f"    {line}", file=sys.stderr)


if __name__ == "__main__":
    main()
