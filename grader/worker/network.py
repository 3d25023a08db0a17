"""A network without wires: every connection ends at an upstream that follows orders.

The HTTP clients are left as they are. What is replaced is the one place in each
where a connection is made (`socket.create_connection`, and its like in `httpcore`,
`aiohttp` and `urllib3`), so time-outs, retries, redirects and errors are the client's own.

An order says what becomes of a connection: `status` and `body` of the answer,
`refused`, or `silent`: nothing ever arrives.
"""

import asyncio
import contextlib
import http
import importlib
import io
import socket
import ssl
import sys
import time
from collections.abc import Callable
from typing import Any, Self

Order = dict[str, Any]
Ask = Callable[[str, str], Order]
"""Tells of a connection (the client's package, the host) and returns the order."""

PATIENCE = 130.0
"""Seconds after which an operating system gives up a silent peer."""

_ENDS_HEAD = b"\r\n\r\n"
_REFUSED = (111, "Connection refused")


def install(ask: Ask) -> None:
    """Replace what makes connections, in every client that is imported."""
    network = _Network(ask)
    replace: Any = setattr
    replace(socket, "create_connection", network.connect)
    if (urllib3 := sys.modules.get("urllib3.util.connection")) is not None:
        replace(urllib3, "create_connection", network.connect)
    if "httpx" in sys.modules:
        httpcore: Any = importlib.import_module("httpcore")  # which it imports lazily
        replace(httpcore.AnyIOBackend, "connect_tcp", _for_httpcore(httpcore, network))
        replace(httpcore.SyncBackend, "connect_tcp", _for_httpcore_sync(httpcore, network))
        _unmock(sys.modules["httpx"])
    if (aiohttp := sys.modules.get("aiohttp")) is not None:
        replace(aiohttp.TCPConnector, "_create_connection", _for_aiohttp(aiohttp, network))
    # There is nobody to shake hands with, and reading the certificates of the world is dear.
    for name in ("load_verify_locations", "load_default_certs", "set_default_verify_paths"):
        replace(ssl.SSLContext, name, lambda *_args, **_kwargs: None)
    replace(ssl.SSLContext, "wrap_socket", lambda _context, sock, *_args, **_kwargs: sock)


class _Network:
    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def connect(
        self, address: tuple[str, int], timeout: Any = None, *_args: Any, **_kwargs: Any
    ) -> "_Socket":
        """Do what `socket.create_connection` does."""
        order = self.ask("socket", str(address[0]))
        return self.connected(order, timeout)

    def connected(self, order: Order, timeout: Any) -> "_Socket":
        seconds = timeout if isinstance(timeout, (int, float)) else None
        if "refused" in order:
            raise ConnectionRefusedError(*_REFUSED)
        if "silent" in order and seconds is None:
            time.sleep(PATIENCE)
            raise TimeoutError("timed out")
        return _Socket(order, seconds)


def _answer(order: Order, request: bytes) -> bytes:
    """Return the bytes that come back for a request."""
    status = int(order["status"])
    body = str(order.get("body", "")).encode()
    reason = http.HTTPStatus(status).phrase
    head = (
        f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if request.startswith(b"HEAD") else body)


class _Socket:
    """What a blocking client holds for a connected socket."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, 0

    def __init__(self, order: Order, timeout: float | None) -> None:
        self._order = order
        self._timeout = timeout
        self._sent = b""
        self._left: bytes | None = None

    def sendall(self, data: Any, *_flags: int) -> None:
        self._sent += bytes(data)

    def send(self, data: Any, *_flags: int) -> int:
        self.sendall(data)
        return len(data)

    def recv(self, size: int, *_flags: int) -> bytes:
        if self._left is None:
            self._wait()
            self._left = _answer(self._order, self._sent)
        part, self._left = self._left[:size], self._left[size:]
        return part

    def recv_into(self, buffer: Any, size: int = 0, *_flags: int) -> int:
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _wait(self) -> None:
        if "silent" not in self._order:
            return
        if self._timeout is None or self._timeout > PATIENCE:
            time.sleep(PATIENCE)
            raise ConnectionResetError(104, "Connection reset by peer")
        time.sleep(self._timeout)
        raise TimeoutError("timed out")

    def makefile(self, *_args: Any, **_kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self))

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Nothing is open."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self.close()


class _Reading(io.RawIOBase):
    def __init__(self, sock: _Socket) -> None:
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)


# --- httpx --------------------------------------------------------------------------------


def _for_httpcore(  # noqa: C901  a class and its maker
    httpcore: Any, network: _Network
) -> Any:
    class Stream(httpcore.AsyncNetworkStream):  # type: ignore[misc]
        def __init__(self, order: Order) -> None:
            self._order = order
            self._sent = b""
            self._left: bytes | None = None

        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109, ARG002
            self._sent += buffer

        async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
            if self._left is None:
                if "silent" in self._order:
                    await asyncio.sleep(min(PATIENCE, timeout or PATIENCE))
                    raise httpcore.ReadError if timeout is None else httpcore.ReadTimeout
                self._left = _answer(self._order, self._sent)
            part, self._left = self._left[:max_bytes], self._left[max_bytes:]
            return part

        async def start_tls(self, *_args: Any, **_kwargs: Any) -> "Stream":
            return self

        async def aclose(self) -> None:
            """Nothing is open."""

        def get_extra_info(self, info: str) -> Any:
            return False if info == "is_readable" else None

    async def connect_tcp(
        _backend: Any,
        host: str,
        port: int,  # noqa: ARG001
        timeout: float | None = None,  # noqa: ASYNC109
        **_options: Any,
    ) -> Stream:
        order = network.ask("httpx", host)
        if "refused" in order:
            raise httpcore.ConnectError("All connection attempts failed")
        if "silent" in order and timeout is None:
            await asyncio.sleep(PATIENCE)
            raise httpcore.ConnectTimeout
        return Stream(order)

    return connect_tcp


def _for_httpcore_sync(  # noqa: C901  a class and its maker
    httpcore: Any, network: _Network
) -> Any:
    class Stream(httpcore.NetworkStream):  # type: ignore[misc]
        def __init__(self, sock: _Socket) -> None:
            self._sock = sock

        def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
            self._sock.sendall(buffer)

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            self._sock.settimeout(timeout)
            try:
                return self._sock.recv(max_bytes)
            except TimeoutError as error:
                raise httpcore.ReadTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.ReadError(str(error)) from error

        def start_tls(self, *_args: Any, **_kwargs: Any) -> "Stream":
            return self

        def close(self) -> None:
            """Nothing is open."""

        def get_extra_info(self, info: str) -> Any:
            return False if info == "is_readable" else None

    def connect_tcp(
        _backend: Any,
        host: str,
        port: int,  # noqa: ARG001
        timeout: float | None = None,
        **_options: Any,
    ) -> Stream:
        order = network.ask("httpx", host)
        try:
            return Stream(network.connected(order, timeout))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    return connect_tcp


def _unmock(httpx: Any) -> None:
    """Let the upstream answer where an example brings a mocked one."""

    def handle_request(_mock: Any, request: Any) -> Any:
        return httpx.HTTPTransport().handle_request(request)

    async def handle_async_request(_mock: Any, request: Any) -> Any:
        return await httpx.AsyncHTTPTransport().handle_async_request(request)

    httpx.MockTransport.handle_request = handle_request
    httpx.MockTransport.handle_async_request = handle_async_request


# --- aiohttp ------------------------------------------------------------------------------


class _Transport(asyncio.Transport):
    """Feeds one answer to aiohttp's own parser, once a request was written."""

    def __init__(self, protocol: Any, order: Order) -> None:
        super().__init__()
        self._protocol = protocol
        self._order = order
        self._sent = b""
        self._closing = False
        self._loop = asyncio.get_running_loop()

    def write(self, data: Any) -> None:
        if not self._sent and "silent" not in self._order:
            self._loop.call_soon(self._arrive)
        self._sent += bytes(data)

    def writelines(self, list_of_data: Any) -> None:
        for data in list_of_data:
            self.write(data)

    def _arrive(self) -> None:
        if not self._closing:
            self._protocol.data_received(_answer(self._order, self._sent))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        return default

    def get_protocol(self) -> Any:
        return self._protocol

    def pause_reading(self) -> None:
        """Go on: what comes is short."""

    def resume_reading(self) -> None:
        """Go on: what comes is short."""

    def is_reading(self) -> bool:
        return True


def _for_aiohttp(aiohttp: Any, network: _Network) -> Any:
    async def create_connection(connector: Any, req: Any, *_args: Any) -> Any:
        order = network.ask("aiohttp", str(req.url.host))
        if "refused" in order:
            key = req.connection_key
            raise aiohttp.ClientConnectorError(key, ConnectionRefusedError(*_REFUSED))
        protocol = connector._factory()  # noqa: SLF001
        protocol.connection_made(_Transport(protocol, order))
        return protocol

    return create_connection
