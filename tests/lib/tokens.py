# SPDX-License-Identifier: MIT
"""JSON Web Tokens made by nobody's library but this one: good ones, and wrong ones on purpose."""
import base64
import hashlib
import hmac
import json
import time

from host import SESSION_KEY

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(key=SESSION_KEY, alg="HS256", header=None, **claims):
    """`header` adds to {"alg": …} or replaces it; an algorithm that is not HMAC gets no signature."""
    head = {"alg": alg, **(header or {})}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
    signature = hmac.new(key.encode(), signed.encode(), HASHES[alg]).digest() if alg in HASHES else b""
    return signed + "." + base64url(signature)


def soon(seconds=3600):
    return int(time.time()) + seconds
