"""Requests go where the settings say, and nowhere else: every hop of a redirect is looked at.

An upstream, or whoever speaks for it, could otherwise send a request on to a host of its choice,
such as one inside the installation's own network.
"""

import ipaddress
import socket
import urllib.request
from collections.abc import Iterable
from email.message import Message
from http.client import HTTPResponse
from typing import IO, Any
from urllib.parse import SplitResult, urlsplit

import requests
import requests.exceptions

_PORTS = {"http": 80, "https": 443}


class UnexpectedHostError(requests.exceptions.InvalidURL):
    """A request would have gone to a host that is not configured; nothing was sent there."""


class Allowed:
    """Where requests may go: the addresses of upstreams, and hosts that they send on to."""

    def __init__(self) -> None:
        self._origins: set[tuple[str, str, int]] = set()
        self._hosts: set[str] = set()

    def add(self, *urls: str) -> None:
        """Allow upstreams by any URL of theirs; a URL that is not of the web allows nothing."""
        self._origins |= {origin(url) for url in urls if urlsplit(url).scheme in _PORTS}

    def add_hosts(self, hosts: Iterable[str]) -> None:
        """Allow hosts that are sent on to, by https and where their address is public.

        Args:
            hosts: names; `.example.org` stands for every host below it. An `http` or `https` URL
                is allowed as that of an upstream.
        """
        for host in hosts:
            if "://" in host:
                self.add(host)
            elif host:
                self._hosts.add(host.lower())

    def require(self, url: str) -> None:
        """Refuse a URL of a host that is not configured.

        Raises:
            UnexpectedHostError: it is of another host, scheme or port, or the host that was sent
                on to has an address that is not public.
        """
        scheme, host, port = origin(url)
        # An upstream that has moved from http to https is the same one; never the other way.
        if {(scheme, host, port)} & self._origins:
            return
        is_upgraded = (scheme, port) == ("https", 443) and ("http", host, 80) in self._origins
        if is_upgraded:
            return
        if (scheme, port) != ("https", 443) or not self._is_host(host):
            raise UnexpectedHostError(f"{host or 'no host'} is not configured; nothing sent there")
        if not is_public(host):
            raise UnexpectedHostError(f"{host} has a private address; nothing sent there")

    def _is_host(self, host: str) -> bool:
        below = {host[at:] for at, sign in enumerate(host) if sign == "."}
        return bool(({host} | below) & self._hosts)


class Session(requests.Session):
    """A session that sends to no host but those it was given: to none, at first."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = Allowed()

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - as base
        """Send one request; requests calls this for each hop of a redirect, too."""
        self.allowed.require(request.url or "")
        return super().send(request, **options)

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """After a redirect on one host keep the token: requests would look into .netrc again."""
        has_token = "Authorization" in prepared_request.headers
        is_elsewhere = self.should_strip_auth(  # type: ignore[no-untyped-call]
            response.request.url, prepared_request.url
        )
        if is_elsewhere or not has_token:
            super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]


class SameHostRedirects(urllib.request.HTTPRedirectHandler):
    """For urllib, which slack-sdk and the heartbeat use: a redirect stays on its host.

    urllib hands a token on with the request, to whatever host it is sent.
    """

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes] | HTTPResponse,
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to the new address; None, which is an error of its status, for elsewhere."""
        allowed = Allowed()
        allowed.add(req.full_url)
        try:
            allowed.require(newurl)
        except UnexpectedHostError:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def opener() -> urllib.request.OpenerDirector:
    """What opens addresses for urllib, redirects kept on their host."""
    return urllib.request.build_opener(SameHostRedirects)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL; a host of nothing for what is no URL."""
    if "\\" in url or not url.isprintable():
        return "", "", 0  # of which libraries read different hosts
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0
    return parts.scheme, (parts.hostname or "").lower().rstrip("."), port


def is_public(host: str) -> bool:
    """Whether every address of a host is one of the public internet.

    A name that this machine cannot look up is left to the proxy that can, or to fail.
    """
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):  # the latter of a label longer than names have
        return True
    return all(_is_public(ipaddress.ip_address(str(each).partition("%")[0])) for each in found)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    return _is_public(mapped) if mapped else address.is_global and not address.is_multicast
