#!/usr/bin/env python3
"""A chat with a companion that survives a cut connection, an old token and a server that starts again.

    python chat.py --name ann            # signs up, or in; asks for the password, or takes $WAIFU_PASSWORD

What you type is said to her; /gift gives her the gift that she would like best, and the end of the input is goodbye.
"""

import argparse
import asyncio
import getpass
import json
import os
import random
import sys
import threading
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from api import (
    ATTEMPTS,
    LONGEST_WAIT,
    REPLY_WITHIN,
    Api,
    GivingUp,
    Problem,
    pause_before,
    problem_document,
    tell,
)

# After one of these, coming back would only end in the same way; all others are worth another attempt.
FINAL_CLOSE_CODES = {1002, 1007, 1009, 4400, 4403, 4404, 4409, 4410}
FINAL_STATUSES = {400, 403, 404, 410, 422}


class Chat:
    """One socket at a time, and what has to outlive it."""

    def __init__(self, api, waifu):
        self.api, self.waifu = api, waifu
        self.socket = None
        # Where we are: the number of the last durable frame, counted in this epoch; None before the first `ready`.
        self.epoch, self.seq = None, None
        self.was_ready = False
        self.pause = 0
        # Messages without an end yet, by the id that makes it safe to send them again.
        self.unanswered = {}
        # Her words in the turn that she speaks in, those of them that are on the screen, and what is told after it.
        self.turn, self.words, self.shown, self.ended = None, "", "", set()
        self.is_speaking = False
        self.news = []

    async def keep_open(self):
        """Opens a socket, and another one whenever it is lost, until there is no point in that."""
        attempt = 0
        while True:
            self.pause, self.was_ready = 0, False
            token = self.api.access_token
            try:
                await self.listen(token)
                why, needs_token = "the server hung up", False
            except ConnectionClosed as closed:
                code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "the connection broke")
                if code in FINAL_CLOSE_CODES:
                    raise GivingUp(f"the server closed the chat: {code} {reason}") from closed
                why, needs_token = reason or code, code == 4401
            except InvalidStatus as refused:
                status = refused.response.status_code
                if status in FINAL_STATUSES:
                    raise Problem(status, problem_document(refused.response.body)) from refused
                why, needs_token = f"the server answers {status}", status == 401
            except (InvalidHandshake, OSError, TimeoutError) as error:
                why, needs_token = error, False
            if self.was_ready:
                attempt = 0
            attempt += 1
            if attempt > ATTEMPTS:
                raise GivingUp(f"no way back to the server: {why}")
            if needs_token:
                await self.api.refresh(token)
            pause = max(self.pause, pause_before(attempt))
            tell(f"{why}; back in {pause:.1f} s")
            await asyncio.sleep(pause)

    async def listen(self, token):
        url = self.api.url.replace("http", "ws", 1) + f"/ws/agents/{self.waifu['id']}/chat"
        headers = {"Authorization": f"Bearer {token}"}
        if self.seq is not None:
            # Two who have never met have no epoch. If they have by now, all is told again and known by its number.
            headers["Waifu-Resume"] = f"{self.epoch}:{self.seq}" if self.epoch else "null:0"
        # Pings of the WebSocket protocol find a connection that is dead and does not say so.
        async with connect(url, subprotocols=["waifu.chat.v1"], additional_headers=headers, ping_interval=15) as socket:
            try:
                async for text in socket:
                    await self.hear(socket, json.loads(text))
            finally:
                self.socket = None

    async def hear(self, socket, frame):
        seq = frame.get("seq")
        if frame["type"] == "ready":
            await self.start(socket, frame)
            return
        if frame["type"] == "turn.started":
            # Her words begin, also when this was heard before: on this socket all of them follow.
            self.words = ""
            self.is_speaking = (frame["turn_id"], frame["run"]) not in self.ended
        if seq is not None:
            if seq <= self.seq:
                return
            self.seq = seq
        if frame["type"] == "ping":
            await socket.send(json.dumps({"type": "pong"}))
        elif frame["type"] == "message.accepted":
            if message := self.unanswered.get(frame["client_message_id"]):
                message["turn_id"] = frame["turn_id"]
        elif frame["type"] == "turn.delta":
            self.show((frame["turn_id"], frame["run"]), self.words + frame["text"])
        elif frame["type"] == "turn.snapshot":
            self.show((frame["turn_id"], frame["run"]), frame["text"])
        elif frame["type"] == "turn.done":
            self.end(frame)
        elif frame["type"] == "relationship.updated":
            row = frame["interaction"]
            self.add(f"  affection {frame['affection']} ({row['affection_change']:+}), {frame['stage']}")
            for reason in row["reasons"]:
                self.add(f"    {reason['effect']:+} {reason['text']}")
        elif frame["type"] == "event.opened":
            self.add(f"  {frame['occurrence']['title']}")
        elif frame["type"] == "reconnect":
            self.pause = (frame["after_ms"] + random.random() * frame["jitter_ms"]) / 1000
        elif frame["type"] == "error":
            self.refused(frame)
        # Frames of other types are none of our business, now or in a later version.

    async def start(self, socket, ready):
        is_first, self.was_ready, self.socket = self.seq is None, True, socket
        self.epoch = ready["epoch"]
        if not ready["resumed"]:
            self.seq, self.is_speaking = ready["seq"], False
        if is_first:
            standing = ready["relationship"]
            tell(f"{self.waifu['name']}: {standing['stage']}, affection {standing['affection']}")
        elif not ready["resumed"]:
            tell("that was too long for the server to remember; the last words:")
            page = await self.api.call("GET", f"/waifus/{self.waifu['id']}/messages?limit=10")
            for message in reversed(page["items"]):
                tell(f"{message['role']}: {message['text']}")
        if "active" in ready:
            self.show((ready["active"]["turn_id"], ready["active"]["run"]), ready["active"]["text"])
        # The same id is the same message: if it was accepted before, we are told what became of it.
        for id in list(self.unanswered):
            await self.post(id)

    def add(self, line):
        """A line of its own: at once, or when she has ended."""
        self.news.append(line)
        if not self.is_speaking:
            self.tell_news()

    def tell_news(self):
        for line in self.news:
            print(line, flush=True)
        self.news = []

    def show(self, turn, text):
        """Her words so far: prints those that are not yet on the screen."""
        if turn in self.ended:
            return
        self.words, self.is_speaking = text, True
        if turn == self.turn and self.shown.startswith(text):
            return
        if turn != self.turn or not text.startswith(self.shown):
            print(f"{self.waifu['name']}: ", end="")
            self.turn, self.shown = turn, ""
        print(text[len(self.shown) :], end="", flush=True)
        self.shown = text

    def end(self, done):
        turn = done["turn_id"], done["run"]
        if turn not in self.ended:
            if done["message"]:
                self.show(turn, done["message"]["text"])
            self.ended.add(turn)
            self.is_speaking = False
            print("" if done["status"] == "completed" else f" [{done['status']}: {done.get('reason')}]", flush=True)
            self.tell_news()
        for id, message in list(self.unanswered.items()):
            if message["turn_id"] == done["turn_id"]:
                del self.unanswered[id]
                if not message["end"].done():
                    message["end"].set_result(done)

    def refused(self, error):
        id = error.get("ref")
        wait = error.get("retry_after_ms", 0) / 1000
        if id not in self.unanswered:
            self.pause = wait
            tell(error["message"])
        elif error["retryable"] and wait <= LONGEST_WAIT:
            # Such as `turn_in_progress`: she is still answering something else.
            asyncio.get_running_loop().call_later(max(wait, 0.5), lambda: asyncio.ensure_future(self.post(id)))
        elif not (end := self.unanswered.pop(id)["end"]).done():
            end.set_exception(Problem(None, {"detail": error["message"], "code": error["code"]}))

    async def post(self, id):
        """Sends a message, if there is a socket; whoever opens the next one sends it again."""
        if self.socket and (message := self.unanswered.get(id)):
            frame = {"type": "message.send", "client_message_id": id, "text": message["text"]}
            try:
                await self.socket.send(json.dumps(frame))
            except ConnectionClosed:
                pass

    async def say(self, text):
        id, end = str(uuid.uuid4()), asyncio.get_running_loop().create_future()
        self.unanswered[id] = {"text": text, "turn_id": None, "end": end}
        await self.post(id)
        done = await asyncio.wait_for(end, REPLY_WITHIN)
        if done["status"] == "failed":
            # Her model's provider failed, not the message: it is kept, and she is asked for another answer to it.
            await asyncio.sleep(done.get("retry_after_ms", 1000) / 1000)
            path = f"/waifus/{self.waifu['id']}/turns/{done['turn_id']}/regenerate"
            await self.api.call("POST", path, key=str(uuid.uuid4()))

    async def give(self):
        """The gift that she would like best. What it moves and what she says to it comes over the socket."""
        path = f"/waifus/{self.waifu['id']}/gifts"
        gifts = [gift async for gift in self.api.pages(path) if gift["would_earn"]]
        if not gifts:
            tell("there is nothing that she would take")
            return
        best = max(gifts, key=lambda gift: gift["would_earn"]["affection_change"])
        print(f"you give her: {best['name']}", flush=True)
        # However often it has to be asked for, under one key it is given once.
        given = await self.api.call("POST", path, {"gift_id": best["id"]}, key=str(uuid.uuid4()))
        if turn := given["turn"]:
            await self.hears_of(turn["turn_id"])

    async def hears_of(self, turn_id):
        """Her words may be on their way over the socket yet."""
        for _ in range(100):
            if any(turn_id == ended for ended, _ in self.ended):
                return
            await asyncio.sleep(0.1)

    async def keep_signed_in(self):
        """An access token is good for some minutes: a minute before its end the socket is told the next one."""
        while True:
            await asyncio.sleep(max(5, self.api.lifetime - 60))
            await self.api.refresh(self.api.access_token)
            if self.socket:
                frame = {"type": "auth.refresh", "access_token": self.api.access_token}
                try:
                    await self.socket.send(json.dumps(frame))
                except ConnectionClosed:
                    pass


def lines():
    """What is typed, and None at its end. A thread of its own, which nobody waits for."""
    queue, loop = asyncio.Queue(), asyncio.get_running_loop()

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(queue.put_nowait, line.strip())
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return queue


async def talk(chat):
    typed = lines()
    while (line := await typed.get()) is not None:
        try:
            if line == "/gift":
                await chat.give()
            elif line:
                await chat.say(line)
        except Problem as problem:
            tell(f"{problem.code}: {problem}")
        except asyncio.TimeoutError:
            tell("there is still no answer; your message is kept")


async def find(api, name):
    async for waifu in api.pages("/waifus"):
        if name is None or waifu["name"] == name:
            return waifu
    raise GivingUp("there is no such companion")


async def main(arguments):
    api = Api(arguments.url.rstrip("/"))
    password = os.environ.get("WAIFU_PASSWORD") or getpass.getpass()
    await api.sign_up_or_in(arguments.name, password)
    chat = Chat(api, await find(api, arguments.companion))
    tasks = [asyncio.ensure_future(task) for task in (talk(chat), chat.keep_open(), chat.keep_signed_in())]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--name", required=True, help="of yours: 3 to 32 of a-z, 0-9, _ and -")
    parser.add_argument("--companion", help="her name; the first of the list unless told")
    try:
        asyncio.run(main(parser.parse_args()))
    except (GivingUp, Problem) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
