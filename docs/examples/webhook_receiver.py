"""Takes webhooks of MANAS360, believes only what is signed, and forgets people who were erased.

Needs nothing but Python 3.9:  WEBHOOK_SECRET=whsec_… PORT=4002 python3 webhook_receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
LARGEST = 65_536
accounts = {}  # in place of your tables
erased = set()  # who was erased: an event of before that comes late must not bring them back; keep the ids for 30 days
done = set()  # ids of messages that were carried out; keep them for 30 days


def verify(headers, body):
    """Whether a message is signed with our secret, within five minutes (Standard Webhooks)."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    # Several signatures while a secret is rotated.
    versions = (item.split(",", 1) for item in headers.get("webhook-signature", "").split() if "," in item)
    return any(version == "v1" and hmac.compare_digest(given, expected) for version, given in versions)


def carry_out(event):
    """Keeps what is newest of an account; of an erased one nothing."""
    data = event["data"]
    account = data.get("accountId")
    if account in erased:
        return
    if event["type"] == "account.erased":
        erased.add(account)
        accounts.pop(account, None)
    elif event["type"].startswith("account.") and data["version"] >= accounts.get(account, {}).get("version", 0):
        accounts[account] = data


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if length > LARGEST:
            return self.answer(413)
        body = self.rfile.read(length)
        if not verify(self.headers, body):
            return self.answer(401)
        # At least once means sometimes twice.
        if self.headers["webhook-id"] not in done:
            carry_out(json.loads(body))
            done.add(self.headers["webhook-id"])
        return self.answer(204)

    def do_GET(self):
        self.answer(200, json.dumps(accounts).encode())

    def answer(self, status, body=b""):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "4002"))), Receiver).serve_forever()
