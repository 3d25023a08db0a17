"""Code that is handed a client without an annotation, and whether it awaits it."""

import ast
from textwrap import dedent

import pytest

from grader.binding.awaiting import is_awaited

IN_A_CLASS = """
class Shop:
    def __init__(self, client, breaker):
        self._http = client
        self._breaker = breaker

"""
AWAITED = {
    "a request": "async def get(self, url):\n    return await self._http.get(url)",
    "a request in a nested function": """
        async def get(self, url):
            async def send():
                return await self._http.get(url)
            return await self._breaker.call(send)
    """,
    "a stream": """
        async def get(self, url):
            async with self._http.stream("GET", url) as response:
                return await response.aread()
    """,
    "under another name": """
        async def get(self, url):
            http = self._http
            return (await http.get(url)).json()
    """,
    "handed to the breaker": """
        async def get(self, url):
            return await self._breaker.call(self._http.get, url)
    """,
    "in a lambda for the breaker": """
        async def get(self, url):
            return await self._breaker.call(lambda: self._http.get(url))
    """,
    "sent when it is built": """
        async def get(self, url):
            request = self._http.build_request("GET", url)
            request.headers["Accept"] = "text/plain"
            return await self._breaker.call(self._http.send, request)
    """,
    "used by a part of it alone": "async def get(self, url):\n    return await self._part.get(url)",
}
BLOCKING = {
    "a request": "def get(self, url):\n    return self._http.get(url)",
    "a request in a lambda": """
        def get(self, url):
            return self._breaker.call(lambda: self._http.get(url))
    """,
    "its result is read": """
        async def get(self, url):
            response = self._http.get(url)
            return response.text
    """,
    "its result is read in place": """
        async def get(self, url):
            return self._http.get(url).json()
    """,
    "a stream": """
        async def get(self, url):
            with self._http.stream("GET", url) as response:
                return response.read()
    """,
    "in a thread": """
        async def get(self, url):
            return await asyncio.to_thread(self._http.get, url)
    """,
    "nothing is asynchronous": "def get(self, url):\n    return self._part.get(url)",
}


def in_a_class(method: str) -> ast.AST:
    indented = "\n".join(f"    {line}" for line in dedent(method).strip().splitlines())
    return ast.parse(IN_A_CLASS + indented).body[0]


@pytest.mark.parametrize("method", AWAITED.values(), ids=AWAITED)
def test_a_client_is_awaited(method: str) -> None:
    assert is_awaited("client", in_a_class(method))


@pytest.mark.parametrize("method", BLOCKING.values(), ids=BLOCKING)
def test_a_client_blocks(method: str) -> None:
    assert not is_awaited("client", in_a_class(method))


def test_a_factory_that_blocks_nothing_itself_awaits_in_what_it_makes() -> None:
    factory = "def make(client):\n async def get(url):\n  return await client.get(url)\n return get"
    assert is_awaited("client", ast.parse(factory).body[0])


def test_either_client_will_do_where_one_is_made_besides() -> None:
    code = """
        class Shop:
            def __init__(self, client=None):
                self.client = client or httpx.AsyncClient()

            async def get(self, url):
                return await self.client.get(url)
    """
    assert is_awaited("client", ast.parse(dedent(code)).body[0])
