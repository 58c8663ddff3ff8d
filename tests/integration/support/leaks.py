# SPDX-License-Identifier: MIT
"""Every secret that a test set, in every form in which one could get out."""

import base64
import json
import urllib.parse

MIN_BYTES = 8  # shorter ones are not protected: they cannot be told from ordinary text
_forms = set()


def forms_of(value):
    """The forms that section 7 of the contract lists."""
    raw = value.encode()
    plain64, url64 = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    return {
        "plain": value,
        "base64": plain64,
        "base64 unpadded": plain64.rstrip("="),
        "base64url": url64,
        "base64url unpadded": url64.rstrip("="),
        "percent-encoded": urllib.parse.quote(value, safe=""),
        "hex": raw.hex(),
        "HEX": raw.hex().upper(),
        "JSON-escaped": json.dumps(value)[1:-1],
    }


def remember(value):
    if len(value.encode()) >= MIN_BYTES:
        _forms.update(forms_of(value).values())


def assert_none(text, where):
    for form in _forms:
        assert form not in text, f"a secret in {where}: {text[max(0, text.find(form) - 200):][:500]}"
