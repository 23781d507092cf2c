"""Words that a parser's input is likely made of, for libFuzzer's dictionaries and hypothesis."""

JSON = (
    b"null", b"true", b"-1", b"1e999", b"9223372036854775808", b'"\\ud800"', b'"\\u0000"', b"{}",
    b"[]", b"[[[[[[[[", b'{"":', b"0001-01-01T00:00:00+23:59", b"9999-12-31T23:59:59-23:59", b"NaN",
)  # fmt: skip
HTTP = (
    b"\n%%\n", b"200\n", b"304\n", b"403\n", b"429\n", b"301\nLocation: ", b"Retry-After: ",
    b"Date: ", b"x-ratelimit-remaining: 0", b"x-ratelimit-reset: ", b"Content-Length: ",
    b"http://[", b'>; rel="next"', b"X-Poll-Interval: ", b"ETag: ", b"\xb2", b"9" * 40,
)  # fmt: skip
EVENT = (
    b'"id":', b'"type":', b'"actor":',
    b'"repo":', b'"payload":', b'"created_at":', b'"repository":',
    b'"actor_attributes":', b'"login":', b'"action":',
    b'{"id":"', b'"owner":', b'"name":', b"[bot]",
    b"2012/03/11 00:00:00 -0700", b"2024-12-10T05:00:00Z",
)  # fmt: skip
XML = (
    b"<!DOCTYPE us-patent-grant [", b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"<!ENTITY % x '",
    b"]>", b"&x;", b"%x;", b"&mdash;", b"&#0;", b"&#x110000;", b"<![CDATA[", b"]]>", b"<?xml ",
    b'encoding="UTF-16"', b'encoding="UTF-7"', b'encoding="EBCDIC-US"', b"+ACY-", b"<!--", b"-->",
    b"xmlns='", b"xml:base='", b"<sub>", b"</sub>", b"<claims>", b"<nplcit>", b"<x:y>", b"00000000",
    b"<us-patent-application", b"<us-bibliographic-data-application>", b"<orgname>", b"\xff\xfe",
)  # fmt: skip
ZIP = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b".xml", b"\xff\xff\xff\xff")
NAMES = (
    b"Qwen", b"LLaMA", b"Yi", b"Phi-3", b"Command R", b"Step", b"Falcon", b"Kimi", "通义".encode(),
    b"-\n", b"[1]", b"fine-tun", b"language model", b"\xc2\xad", b"\xe2\x80\x8b", b"\xed\xa0\x80",
)  # fmt: skip
CSV = (b'"', b'""', b"\r\n", b"\0", b"\xef\xbb\xbf", b"|", b",,,", b"2024-02-30", b"9" * 30)
GIT = (b"\0", b" +0800", b" -9999", b"\trefs/heads/", b"ref: refs/heads/", b"fatal: ", b"//u:p@h/")
PLACES = (
    b"CA", b"Paris", b"Georgia", b"China", b" -> ",
    b"formerly ", b"from ", b"/", b" & ", b"(", b")",
    "中国".encode(), "🇨🇳".encode(), "北京".encode(),
    b"\xc2\xb0 N", b"48.8566, 2.3522", b"University of",
    b"http://", b"\xef\xb7\xba", b"\xe2\x80\xae", b"\xcc\x81", b"\xed\xa0\x80", "ﷺ".encode(),
)  # fmt: skip
COMPANIES = (
    b"@google", b"ex-", b" -> ", b"Alibaba",
    "百度".encode(), "前".encode(), b" & ", b"(former)", b"at ",
    b"Inc.", b"now ", b"https://", b"\xee\x80\x80", b"\xee\x80\x81", b"\xed\xa0\x80", "ﷺ".encode(),
)  # fmt: skip
DOMAINS = (
    b"@", b".", b".edu", b".cn",
    b".ac.uk", b"xn--", b"+", b"[bot]@users.noreply.github.com", b"[::1]",
    "中国".encode(), "ß".encode(), "\u3002".encode(), "\u2488".encode(), b"\xed\xa0\x80", b"a" * 64,
)  # fmt: skip
YAML = (
    b"&a ", b"*a", b"<<: ", b"!!python/object:",
    b"!!binary ", b"!!timestamp ", b"!!int ", b"? ", b"- ",
    b"2024-13-45", b"0x", b"1:30", b".inf", b".nan",
    b"%YAML 1.1", b"---", b"{", b"}", b"[", b"kind: ",
    b"threshold", b"crossover", b"2 of 3", b"9" * 40,
)  # fmt: skip
ENV = (
    b"OBSERVATORY_", b"UPSTREAM=live", b"LAKE=", b"s3://",
    b"DATA=~", b"//[", b"postgresql://", b"NOW=",
    b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"{sandbox}", b"dask:", b"tcp://",
    b"file:", b"${", b"\xb2", b"'", b'"', b"\\u", b"9" * 40,
)  # fmt: skip
SLACK = (
    b'"ok":true', b'"ok":false', b'"error":"', b'"messages":', b'"metadata":', b'"event_payload":',
    b'"files":', b'"response_metadata":', b'"next_cursor":',
    b'"ts":', b'"channel":', b'"upload_url":',
    b"Content-Type: text/html; charset=", b"application/gzip", b"idna", b"ratelimited", b"ok",
)  # fmt: skip
