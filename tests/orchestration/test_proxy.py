"""The proxy before the UI: passwords, TLS, and nothing that another site's page sends with them.

nginx is seldom where the tests run: what its configuration does with a request is worked out here,
of its text, for the few directives that decide.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestration.services import VIEWER, Addresses, arguments
from tests.conftest import ROOT

UNITS = ROOT / "deploy" / "systemd"
PROXY = ROOT / "deploy" / "nginx"
CONFIGURATION = (PROXY / "observatory.conf").read_text()
SITES = ("observatory.example.org", "viewers.observatory.example.org")
_VARIABLE = re.compile(r"\$(\w+)")
_MAP = re.compile(r'^map ("[^"]*"|\S+) \$(\w+) \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(r'^\s*("[^"]*"|\S+)\s+("[^"]*"|\S+);', re.MULTILINE)
_IF = re.compile(r'^\s*if \(\$(\w+)(?: (~|!~) "([^"]*)")?\) \{ return (\d+); \}', re.MULTILINE)


def blocks(text: str) -> list[str]:
    """The `server` blocks of an nginx configuration, without comments."""
    plain = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return [each.split("\n}\n")[0] for each in plain.split("\nserver {\n")[1:]]


def answered(site: str, method: str, uri: str, headers: dict[str, str]) -> int:
    """The status that the proxy answers a request with by itself, or 0 where it passes it on."""
    maps = {name: (source, body) for source, name, body in _MAP.findall(CONFIGURATION)}

    def value(name: str) -> str:
        if name in maps:
            return mapped(*maps[name])
        if name.startswith("http_"):
            return headers.get(name.removeprefix("http_").replace("_", "-"), "")
        return {"request_method": method, "uri": uri}[name]

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda found: value(found[1]), text.strip('"'))

    def mapped(source: str, body: str) -> str:
        """As nginx: an equal text, else the first expression that fits, else the default."""
        given, entries = filled(source), [
            (key.strip('"'), result) for key, result in _ENTRY.findall(body)
        ]  # fmt: skip
        for key, result in entries:
            if key == given and key != "default":
                return filled(result)
        for key, result in entries:
            ignoring = re.IGNORECASE if key.startswith("~*") else 0
            if key.startswith("~") and re.search(key.lstrip("~*"), given, ignoring):
                return filled(result)
        return filled(dict(entries)["default"])

    (block,) = [each for each in blocks(CONFIGURATION) if f"    server_name {site};" in each]
    for name, sign, expression, status in _IF.findall(block):
        given = value(name)
        is_so = bool(re.search(expression, given)) if sign else given not in ("", "0")
        if is_so != (sign == "!~"):
            return int(status)
    return 0


def fetched(site: str, mode: str, dest: str, **others: str) -> dict[str, str]:
    return {"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest, **others}


#: What a browser sends of its own accord when another site's page asks it to.
OF_ANOTHER_SITE: dict[str, tuple[str, str, dict[str, str]]] = {
    "image": ("GET", "/graphql", fetched("cross-site", "no-cors", "image")),
    "image of an older browser": ("GET", "/graphql", {"accept": "image/*"}),
    "image anywhere": ("GET", "/runs", fetched("cross-site", "no-cors", "image")),
    "image of a sister site": ("GET", "/runs", fetched("same-site", "no-cors", "image")),
    "link": ("GET", "/graphql", fetched("cross-site", "navigate", "document")),
    "frame": ("GET", "/runs", fetched("cross-site", "navigate", "iframe")),
    "form": (
        "POST", "/graphql",
        fetched("cross-site", "navigate", "document", origin="https://evil.example"),
    ),
    "form without an origin": ("POST", "/graphql", fetched("cross-site", "navigate", "document")),
    "form of a hidden origin": ("POST", "/graphql", {"origin": "null"}),
    "script": ("POST", "/graphql", {"origin": "https://evil.example"}),
    "socket": ("GET", "/graphql", {"origin": "https://evil.example", "upgrade": "websocket"}),
    "look-alike": ("POST", "/graphql", {"origin": "https://observatory.example.org.evil.example"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", OF_ANOTHER_SITE)
@pytest.mark.parametrize("site", SITES)
def test_what_another_site_s_page_has_a_browser_send_is_refused(site: str, kind: str) -> None:
    assert answered(site, *OF_ANOTHER_SITE[kind]) in (403, 405)


@pytest.mark.parametrize("site", SITES)
def test_the_ui_s_own_requests_and_links_to_it_are_let_through(site: str) -> None:
    own = f"https://{site}"
    for method, uri, headers in (
        ("GET", "/", fetched("none", "navigate", "document")),
        ("GET", "/runs/1", fetched("cross-site", "navigate", "document")),  # a link in Slack
        ("GET", "/runs/1", {}),
        ("GET", "/static/js/main.js", fetched("same-origin", "no-cors", "script")),
        ("POST", "/graphql", fetched("same-origin", "cors", "empty", origin=own)),
        ("GET", "/graphql", {"upgrade": "websocket", "origin": own}),
        ("GET", "/graphql", fetched("same-origin", "websocket", "empty", upgrade="WebSocket")),
    ):
        assert answered(site, method, uri, headers) == 0, (method, uri, headers)


def test_before_the_ui_is_a_proxy_with_tls_and_passwords_and_viewers_change_nothing() -> None:
    """The proxy's set-up as text: who listens asks for a password, and leads to localhost."""
    plain, operators, viewers = blocks((PROXY / "observatory.conf").read_text())
    assert "return 308 https://" in plain
    assert "proxy_pass" not in plain
    ports = Addresses()
    for block, port, users in (
        (operators, ports.port, "operators"),
        (viewers, ports.viewer_port, "viewers"),
    ):
        assert "listen 443 ssl;" in block
        assert re.search(r'^\s*auth_basic\s+"observatory', block, re.MULTILINE)
        assert f"/etc/nginx/observatory/{users}.htpasswd;" in block
        # No place without a password, and none but the service's own.
        assert "auth_basic off" not in re.sub(r"\s+", " ", block)
        assert "satisfy any" not in block
        assert re.findall(r"location (\S+)", block) == ["/"]
        assert re.findall(r"proxy_pass (\S+);", block) == [f"http://127.0.0.1:{port}"]
        name = re.search(r"server_name (\S+);", block)
        assert name
        assert f"^(https://{re.escape(name[1])})?$" in block
        assert "$http_origin" in block
    headers = (PROXY / "proxy.conf").read_text()
    assert "proxy_set_header Upgrade $http_upgrade;" in headers
    assert 'proxy_set_header Authorization "";' in headers
    viewer = (UNITS / "observatory-viewer.service").read_text()
    assert "-m orchestration.production serve viewer\n" in viewer
    assert "--read-only" in arguments(VIEWER, ports, "w.yaml")
    assert "--read-only" not in arguments("webserver", ports, "w.yaml")


def test_nginx_finds_nothing_wrong_with_the_proxy_s_configuration(tmp_path: Path) -> None:
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("no nginx here, which tests its configuration; its text is looked at above")
    for path in PROXY.glob("*.conf"):
        text = path.read_text().replace("/etc/nginx/observatory", str(tmp_path))
        (tmp_path / path.name).write_text(re.sub(r"ssl_certificate\S*\s.*;", "", text))
    main = tmp_path / "nginx.conf"
    main.write_text(f"events {{}}\nhttp {{ include {tmp_path}/observatory.conf; }}\n")
    done = subprocess.run(
        [program, "-t", "-p", tmp_path, "-c", main], capture_output=True, text=True, check=False
    )
    assert 'no "ssl_certificate" is defined' in done.stderr or done.returncode == 0, done.stderr
