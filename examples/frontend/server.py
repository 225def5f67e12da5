"""Serves ./public, and answers /health and /version. HOST and PORT say where. SIGTERM: what is in progress is answered first."""
import functools
import http.server
import json
import os
import signal
import socketserver
import threading
import time

folder = os.path.dirname(os.path.abspath(__file__))
stopping = threading.Event()


def release():
    try:
        with open(os.path.join(folder, 'release.json')) as file:
            return json.load(file)
    except FileNotFoundError:
        return {'app': 'frontend', 'version': 'dev', 'commit': 'unknown'}


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 75

    def do_GET(self):
        path = self.path.split('?', 1)[0]
        if path == '/health':
            return self.answer(503 if stopping.is_set() else 200, {'healthy': not stopping.is_set()})
        if path == '/version':
            return self.answer(200, release())
        super().do_GET()

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def end_headers(self):
        if stopping.is_set():
            self.send_header('Connection', 'close')
        super().end_headers()

    def list_directory(self, path):
        self.send_error(404)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = False
    request_queue_size = 128


host, port = os.environ.get('HOST') or '0.0.0.0', int(os.environ.get('PORT') or 8080)
server = Server((host, port), functools.partial(Handler, directory=os.path.join(folder, 'public')))


def stop(_signal, _frame):
    # The health check fails first; requests that are on their way are still taken for a moment.
    stopping.set()
    threading.Thread(target=lambda: (time.sleep(0.2), server.shutdown())).start()


signal.signal(signal.SIGTERM, stop)
print('serving %s on %s:%d' % (release()['version'], host, port), flush=True)
server.serve_forever(poll_interval=0.05)
server.server_close()
