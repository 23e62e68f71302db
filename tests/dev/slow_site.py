"""A site whose only page takes longer than any deadline, to see what becomes of a server in the middle of a request."""

import threading


def application(environ, start_response):
    threading.Event().wait(60)
    start_response("200 OK", [])
    return [b""]
