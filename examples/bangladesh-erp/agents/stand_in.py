"""A stand-in for a portal: a server on a free port of this machine that answers by a plan, outages included."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def stand_in(answers):
    """Serves the answers in order, the last one again and again; gives host and port, and ends the server after."""
    over = threading.Event()
    planned_for = {}
    calls = iter(answers)

    class Server(ThreadingHTTPServer):
        def process_request(self, request, client_address):
            # Here connections come one after the other; in the handlers, each in its thread, they would race.
            planned_for[client_address] = next(calls, answers[-1])
            super().process_request(request, client_address)

    class Portal(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            planned = planned_for[self.client_address]
            if planned.get("hold"):
                over.wait()  # never answered: the caller gives up first
                return
            body = json.dumps(planned.get("body", {})).encode()
            self.send_response(planned["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *arguments):
            pass  # the tester reports each call

    server = Server(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address
    finally:
        over.set()
        server.shutdown()
        server.server_close()
