"""The UI answers its own pages: what another site's page has a browser send to it is refused.

Dagster's webserver asks nobody where a request comes from, and takes changes by GET: the address of
an image on any page would start a run, in the browser of whoever reaches the UI.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from dagster_webserver.webserver import DagsterWebserver

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Coroutine[Any, Any, None]]
_SAID = {
    403: b"This request is of another site's page. A proxy before the UI must pass on its Host.",
    405: b"GraphQL is asked by POST.",
}


def refusal(kind: str, method: str, path: str, headers: Mapping[str, str]) -> int:
    """The status that a request is refused with; 0 where it is let through.

    Args:
        kind: `http` or `websocket`.
        method: empty for a WebSocket.
        path: without the query.
        headers: by name in lower case.
    """
    site = headers.get("sec-fetch-site", "")
    if kind == "http" and method == "GET":
        # Asked for HTML, Dagster gives its page for trying GraphQL and carries nothing out.
        if path.startswith("/graphql") and "text/html" not in headers.get("accept", ""):
            return 405
        # A link that somebody follows, in Slack say, shows a page and does nothing.
        if (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == (
            "navigate",
            "document",
        ):
            return 0
    if site in ("cross-site", "same-site"):
        return 403
    # Browsers that say no site, and names that are not of this machine, asked without TLS.
    if not site and "origin" in headers:
        origin = _host(headers["origin"])
        return 0 if origin and origin == _host(f"//{headers.get('host', '')}") else 403
    return 0


def _host(address: str) -> str:
    """The host of an address; empty where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def own_pages_alone(app: Application) -> Application:
    """An ASGI application that refuses what `refusal` does, and hands all else to `app`."""

    async def guarded(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        status = 0
        if scope["type"] in ("http", "websocket"):
            headers = {
                name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
            }
            status = refusal(scope["type"], scope.get("method", ""), scope["path"], headers)
        if not status:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            plain = [(b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": status, "headers": plain})
            await send({"type": "http.response.body", "body": _SAID[status]})

    return guarded


def guard() -> None:
    """Have every Dagster webserver that this process starts answer its own pages alone."""
    create = DagsterWebserver.create_asgi_app

    def created(self: DagsterWebserver[Any, Any], **options: Any) -> Application:  # noqa: ANN401 - as base
        return own_pages_alone(create(self, **options))

    DagsterWebserver.create_asgi_app = created  # type: ignore[method-assign, assignment]
