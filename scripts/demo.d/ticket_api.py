# SPDX-License-Identifier: MIT
"""
A small ticket desk with an HTTP API, for the demo: `ticket_api.py TOKEN_FILE LOG [ADDRESS:PORT]`, without an address on
a free port of 127.0.0.1; it prints the port. Who calls it has to send the token. It keeps its tickets in memory, and a
line in LOG for each request.
"""

import hmac
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY_BYTES = 64 * 1024
TICKETS = re.compile(r"/v1/desks/([a-z0-9-]+)/tickets")

with open(sys.argv[1], encoding="ascii") as file:
    token = file.read().strip()
log = open(sys.argv[2], "a", encoding="utf-8", buffering=1)
tickets = [{"id": 4710, "desk": "it", "subject": "Coffee machine speaks Latin", "priority": 4}]


class TicketApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def do_GET(self):
        desk = self.admitted_desk()
        if desk:
            self.answer(200, {"tickets": [ticket for ticket in tickets if ticket["desk"] == desk]})

    def do_POST(self):
        body = self.read_body()
        desk = self.admitted_desk()
        if not desk:
            return
        try:
            wanted = json.loads(body)
            ticket = {"subject": str(wanted["subject"]), "priority": int(wanted["priority"])}
        except (ValueError, KeyError, TypeError):
            self.answer(422, {"error": "a ticket has a subject and a priority"})
            return
        ticket = {"id": 4710 + len(tickets), "desk": desk, **ticket}
        tickets.append(ticket)
        url = f"http://{self.headers['Host']}/v1/tickets/{ticket['id']}"
        self.answer(201, {**ticket, "links": {"self": url}})

    def read_body(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            return b""
        return self.rfile.read(length)

    def admitted_desk(self):
        """The desk of the path, or None, and then it is answered already."""
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            self.answer(401, {"error": "who are you?"})
            return None
        found = TICKETS.fullmatch(self.path)
        if not found:
            self.answer(404, {"error": "no such thing"})
            return None
        return found.group(1)

    def answer(self, status, value):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, code="-", size="-"):
        log.write(f"{self.command} {self.path} {int(code)}\n")

    def log_message(self, format, *args):
        log.write(format % args + "\n")


address, port = sys.argv[3].rsplit(":", 1) if len(sys.argv) > 3 else ("127.0.0.1", 0)
server = ThreadingHTTPServer((address, int(port)), TicketApi)
print(server.server_address[1], flush=True)
server.serve_forever()
