"""The REST door: who we are, and one request after another until it is answered."""

import asyncio
import itertools
import json
import random
import sys
import urllib.error
import urllib.request

# So often something is tried that may work later; the pauses grow to half a minute.
ATTEMPTS = 10
# A reply, with all attempts at it, takes at most three minutes.
REPLY_WITHIN = 240
# In seconds. What may work only after that, such as a budget that lasts till midnight, nobody waits for.
LONGEST_WAIT = 60


class GivingUp(Exception):
    """What no other attempt will mend."""


class Problem(Exception):
    """What the server answers when it does not do something: `code` is stable, `detail` is for people."""

    def __init__(self, status, body):
        super().__init__(body.get("detail", f"the server answers {status}"))
        self.status, self.code = status, body.get("code")
        self.retry_after = body.get("retry_after_ms", 1000) / 1000
        self.may_work_soon = "retry_after_ms" in body and self.retry_after <= LONGEST_WAIT


def tell(text):
    """What is about the chat, and not of it."""
    print(f"({text})", file=sys.stderr, flush=True)


def pause_before(attempt):
    """Longer each time, and another for each client, so that not all come back at once."""
    return min(30, 0.5 * 2**attempt) * random.uniform(0.5, 1)


class Api:
    """The REST door, and the tokens that open it."""

    def __init__(self, url):
        self.url = url
        self.access_token = self.refresh_token = None
        self.lifetime = 0
        self.refreshing = asyncio.Lock()

    async def sign_up_or_in(self, name, password):
        account = {"username": name, "password": password}
        try:
            self.keep(await self.call("POST", "/auth/register", account))
        except Problem as problem:
            if problem.code != "name_taken":
                raise
            self.keep(await self.call("POST", "/auth/login", account))

    def keep(self, tokens):
        self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        self.lifetime = tokens["expires_in"]

    async def refresh(self, old):
        """Buys the next pair of tokens, once, however many find that the old one is of no use any more."""
        async with self.refreshing:
            if self.access_token == old:
                self.keep(await self.call("POST", "/auth/refresh", {"refresh_token": self.refresh_token}))

    async def call(self, method, path, body=None, key=None):
        """One request. It is sent again when that may help and can't do something twice: a GET, or one with a key."""
        is_safe = method == "GET" or key is not None or path == "/auth/refresh"
        for attempt in itertools.count():
            token = self.access_token
            try:
                return await asyncio.to_thread(self.send, method, path, body, key)
            except Problem as problem:
                if problem.status == 401 and token and not path.startswith("/auth/") and attempt < ATTEMPTS:
                    await self.refresh(token)
                elif problem.may_work_soon and attempt < ATTEMPTS:
                    # It was refused, so nothing was done.
                    await asyncio.sleep(max(problem.retry_after, pause_before(attempt)))
                else:
                    raise
            except OSError as error:
                # No answer does not mean that nothing was done.
                if not is_safe or attempt >= ATTEMPTS or not self.access_token:
                    raise GivingUp(f"there is no answer from {self.url}: {error}") from error
                await asyncio.sleep(pause_before(attempt))

    def send(self, method, path, body, key):
        headers = {"Content-Type": "application/json"}
        if self.access_token and not path.startswith("/auth/"):
            headers["Authorization"] = f"Bearer {self.access_token}"
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=REPLY_WITHIN) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise Problem(error.code, problem_document(error.read())) from None

    async def pages(self, path):
        """All items of a list."""
        cursor = ""
        while cursor is not None:
            page = await self.call("GET", f"{path}?limit=100{cursor}")
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"


def problem_document(text):
    """What stands between us and the server may answer as it likes."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {}
