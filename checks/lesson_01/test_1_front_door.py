"""1.1  Name the service and open its front door."""


def test_documentation_has_the_title(service):
    """The documentation is titled "Recipe API"."""
    assert service.openapi()["info"]["title"] == "Recipe API"


def test_documentation_has_the_version(service):
    """The documentation says version 1.0.0."""
    assert service.openapi()["info"]["version"] == "1.0.0"


def test_front_door_welcomes_a_visitor(client):
    """GET / gives the welcome, and says where the documentation is."""
    reply = client.get("/")
    assert reply.status_code == 200
    assert reply.json() == {"message": "Welcome to the Recipe API", "docs": "/docs"}


def test_health_answers_ok(client):
    """GET /health gives {"status": "ok"}."""
    reply = client.get("/health")
    assert reply.status_code == 200
    assert reply.json() == {"status": "ok"}
