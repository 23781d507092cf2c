"""Slack's upload of files in three steps: an address, the bytes, and the file in a channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from sandbox.exchange import Request, Response
from sandbox.slack_limits import MOST_ALT_TEXT, SlackError

UPLOAD_PREFIX = "/upload/v1/"


@dataclass
class _Upload:
    file_id: str
    name: str
    length: int
    alt_text: str | None
    body: bytes | None = None
    is_complete: bool = False


class SlackFiles:
    """Uploads that were begun; an address is good for one file, a file for one completion."""

    def __init__(self) -> None:
        self._uploads: list[_Upload] = []

    def begin(self, arguments: Mapping[str, object], base_url: str) -> dict[str, object]:
        """files.getUploadURLExternal."""
        name, length = str(arguments.get("filename") or ""), str(arguments.get("length") or "")
        if not name:
            raise SlackError("invalid_arguments")
        if not length.isdecimal() or int(length) == 0:
            raise SlackError("invalid_arguments")
        alt_text = arguments.get("alt_txt")
        if alt_text is not None and len(str(alt_text)) > MOST_ALT_TEXT:
            raise SlackError("alt_txt_too_large")
        number = len(self._uploads) + 1
        upload = _Upload(f"F{number:08d}", name, int(length), str(alt_text) if alt_text else None)
        self._uploads.append(upload)
        return {
            "upload_url": f"{base_url}{UPLOAD_PREFIX}{upload.file_id}",
            "file_id": upload.file_id,
        }

    def take(self, request: Request) -> Response:
        """The raw upload: bytes as the body, whatever they look like."""
        for upload in self._uploads:
            if request.path == UPLOAD_PREFIX + upload.file_id and request.method == "POST":
                if len(request.body) != upload.length:
                    return Response(400, b"wrong length", "text/plain")
                upload.body = request.body
                return Response(200, f"OK - {upload.length}".encode(), "text/plain")
        return Response(404, b"no such upload", "text/plain")

    def complete(self, arguments: Mapping[str, object]) -> list[dict[str, object]]:
        """files.completeUploadExternal: the files as messages show them.

        Raises:
            SlackError: a file is not uploaded, or was completed before.
        """
        asked = arguments.get("files")
        if isinstance(asked, str):
            try:
                asked = orjson.loads(asked)
            except orjson.JSONDecodeError:
                raise SlackError("invalid_arguments") from None
        if not isinstance(asked, list) or not asked:
            raise SlackError("invalid_arguments")
        chosen = []
        for each in asked:
            named = each.get("id") if isinstance(each, dict) else None
            found = [upload for upload in self._uploads if upload.file_id == named]
            if not found or found[0].body is None or found[0].is_complete:
                raise SlackError("file_not_found")
            chosen.append((found[0], str(each.get("title") or found[0].name)))
        for upload, _ in chosen:
            upload.is_complete = True
        return [
            {
                "id": upload.file_id,
                "name": upload.name,
                "title": title,
                "mimetype": "image/png" if upload.name.endswith(".png") else "text/plain",
                "size": upload.length,
                **({"alt_txt": upload.alt_text} if upload.alt_text else {}),
            }
            for upload, title in chosen
        ]

    def body(self, file_id: str) -> bytes | None:
        """The bytes of a file; None where it was not uploaded."""
        return next((each.body for each in self._uploads if each.file_id == file_id), None)
