"""A small S3-compatible store on loopback: the calls that kernel.storage causes, answered as the protocol says."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

KEY = "TESTKEY"


class Bucket:
    """Objects in memory, and what was asked of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.asked: list[tuple[str, str]] = []

    def age(self, key: str, seconds: float) -> None:
        """Let an object have been written earlier."""
        self.written[key] -= timedelta(seconds=seconds)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if f"Credential={KEY}/" not in request.headers.get("Authorization", ""):
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != self.name:
            return Response("<Error><Code>NoSuchBucket</Code></Error>", 404)
        self.asked.append((request.method, key))
        if not key:
            return self._delete_many(request) if request.method == "POST" else self._list(request)
        return getattr(self, f"_{request.method.lower()}")(request, key)

    def _keep(self, key: str, content: bytes) -> None:
        self.objects[key], self.written[key] = content, datetime.now(UTC)

    def _put(self, request: Request, key: str) -> Response:
        content = request.get_data()
        if "uploadId" in request.args:
            self.parts[request.args["uploadId"]][int(request.args["partNumber"])] = content
        else:
            self._keep(key, content)
        return Response("", headers={"ETag": '"x"'})

    def _post(self, request: Request, key: str) -> Response:
        if "uploads" in request.args:
            upload = f"u{len(self.parts)}"
            self.parts[upload] = {}
            return _xml(
                f"<InitiateMultipartUploadResult><Bucket>{self.name}</Bucket><Key>{escape(key)}</Key>"
                f"<UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            )
        parts = self.parts[request.args["uploadId"]]
        self._keep(key, b"".join(parts[number] for number in sorted(parts)))
        return _xml("<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>")

    def _head(self, request: Request, key: str) -> Response:
        if key not in self.objects:
            return Response("", 404)
        response = Response("", headers=self._headers(key))
        response.content_length = len(self.objects[key])
        return response

    def _get(self, request: Request, key: str) -> Response:
        if key not in self.objects:
            return Response("<Error><Code>NoSuchKey</Code></Error>", 404)
        content, headers = self.objects[key], self._headers(key)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if not asked:
            return Response(content, headers=headers)
        first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return Response(content[first : last + 1], 206, headers=headers)

    def _headers(self, key: str) -> dict[str, str]:
        at = self.written[key].strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"ETag": '"x"', "Last-Modified": at, "Accept-Ranges": "bytes"}

    def _list(self, request: Request) -> Response:
        prefix = request.args.get("prefix", "")
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size><ETag>x</ETag>"
            f"<LastModified>{self.written[key].strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        return _xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>")

    def _delete_many(self, request: Request) -> Response:
        keys = re.findall(r"<Key>(.*?)</Key>", request.get_data(as_text=True))
        for key in keys:
            self.objects.pop(key, None)
        gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        return _xml(f"<DeleteResult>{gone}</DeleteResult>")


def _xml(text: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{text}', mimetype="application/xml")


@contextmanager
def serving(bucket: Bucket) -> Iterator[str]:
    """Serve a bucket on a free port of this machine; gives the address of the service."""
    server = make_server("127.0.0.1", 0, bucket, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
