"""A shop in Flask, as people have them before they hear of edgekit."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, redirect, request, session, url_for
from werkzeug.serving import make_server

LINES = 2_000


def create_shop() -> Flask:
    """Pages, a login, a cart, an upload, a download that is made while it is sent, and a page for each segment."""
    app = Flask(__name__, static_folder=None)
    app.secret_key = "only for tests"

    @app.get("/")
    @app.get("/about")
    @app.get("/product/<sku>")
    def page(sku: str = "") -> str:
        return f"the shop's own {request.path}"

    @app.get("/static/old.css")
    def style() -> Response:
        return Response("b{}", mimetype="text/css")

    @app.get("/blog/")
    def blog() -> str:
        return "the blog"

    @app.post("/login")
    def login() -> object:
        session["name"] = request.form["name"]
        return redirect(url_for("cart", _external=True), 303)

    @app.route("/cart", methods=["GET", "POST"])
    def cart() -> object:
        if request.method == "POST":
            session["cart"] = [*session.get("cart", []), request.form["sku"]]
            return redirect(url_for("cart"), 303)
        return f"{session.get('name', 'nobody')}: {', '.join(session.get('cart', []))}"

    @app.put("/api/photo")
    @app.post("/api/photo")
    def upload() -> dict[str, object]:
        photo = request.files["photo"]
        data = photo.read()
        return {"name": photo.filename, "digest": hashlib.sha256(data).hexdigest()}

    @app.get("/api/orders.csv")
    def orders() -> Response:
        return Response((f"{number},p-{number}\n" for number in range(LINES)), mimetype="text/csv")

    @app.get("/category/<name>")
    def category(name: str) -> str:
        return f"{name} for {request.headers['X-User-Segment']} by {request.headers.get('X-User-Id')}"

    return app


@contextmanager
def open_shop() -> Iterator[str]:
    """The URL of a running shop."""
    server = make_server("127.0.0.1", 0, create_shop(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
