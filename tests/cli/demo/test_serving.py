from flask import Flask

from smart_app.cli.demo.html_visitor import HtmlVisitor
from smart_app.cli.demo.serving import port_of, served, take_port


def test_a_taken_port_is_said_and_another_one_is_used() -> None:
    first, moved = take_port(0)
    assert not moved
    second, moved = take_port(port_of(first))
    assert moved
    assert port_of(second) != port_of(first)
    first.close()
    second.close()


def test_an_app_answers_on_its_socket_while_the_block_runs() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "front", lambda: "here")
    listening, _ = take_port(0)
    address = f"http://127.0.0.1:{port_of(listening)}/"
    with served(app, listening):
        assert HtmlVisitor().get(address).html == "here"
