"""1.5  Build the service in a function."""


def test_each_call_makes_a_new_service(services, make_settings):
    """create_app makes a new service at each call, with the settings it is given."""
    one, other = make_settings(), make_settings()
    outcome = services(make=[one, other])
    assert outcome["different"], "create_app returned a service that was there already"
    assert [made["title"] for made in outcome["services"]] == [one["project_name"], other["project_name"]]


def test_given_settings_win_over_the_environment(services, make_settings):
    """create_app(settings) runs with these settings, whatever the environment says."""
    given, around = make_settings(), make_settings()
    env = {name.upper(): value for name, value in around.items()}
    made = services(make=[given], env=env)["services"][0]
    assert made == {"title": given["project_name"], "version": given["version"]}


def test_bare_call_reads_the_environment_at_that_moment(services, make_settings):
    """create_app() reads the environment when it is called."""
    for _ in range(2):
        wanted = make_settings()
        env = {name.upper(): value for name, value in wanted.items()}
        made = services(make=[None], env=env)["services"][0]
        assert made == {"title": wanted["project_name"], "version": wanted["version"]}


def test_every_service_is_complete(services, make_settings, rng):
    """Every service that create_app makes has front door, health, readiness and recipes."""
    number = rng.randint(1, 3)
    pages = ["/", "/health", "/ready", "/recipes", f"/recipes/{number}", "/recipes/search"]
    steps = [{"service": 1, "get": page} for page in pages]
    outcome = services(make=[make_settings(), make_settings()], steps=steps)
    statuses = {page: reply["status"] for page, reply in zip(pages, outcome["replies"], strict=True)}
    assert statuses == dict.fromkeys(pages, 200)


def test_origins_belong_to_one_service(services, make_settings, make_origin):
    """Each service lets in the origins of its own settings only."""
    one, other = make_origin(), make_origin()
    make = [make_settings(cors_origins=[one]), make_settings(cors_origins=[other])]
    steps = [{"service": 0, "get": "/health", "headers": {"Origin": origin}} for origin in (one, other)]
    replies = services(make=make, steps=steps)["replies"]
    assert [reply["headers"].get("access-control-allow-origin") for reply in replies] == [one, None]


def test_running_service_is_ready(client):
    """GET /ready says yes once the service has started."""
    assert client.get("/ready").status_code == 200


def test_lowered_flag_answers_503(services, make_settings):
    """GET /ready answers 503 while state.ready is False, and 200 again after it."""
    ready = {"service": 0, "get": "/ready"}
    steps = [ready, {"service": 0, "ready": False}, ready, ready, {"service": 0, "ready": True}, ready]
    outcome = services(make=[make_settings()], steps=steps)
    assert [reply["status"] for reply in outcome["replies"]] == [200, 503, 503, 200]


def test_health_does_not_follow_the_flag(services, make_settings):
    """GET /health answers 200 also while the service is not ready."""
    steps = [{"service": 0, "ready": False}, {"service": 0, "get": "/health"}]
    outcome = services(make=[make_settings()], steps=steps)
    assert outcome["replies"][0]["status"] == 200


def test_flag_belongs_to_one_service(client, services, make_settings):
    """Lowering the flag of one service leaves the others ready."""
    ready = [{"service": number, "get": "/ready"} for number in (0, 1)]
    steps = [
        {"service": 0, "ready": False},
        *ready,
        {"service": 1, "ready": False},
        {"service": 0, "ready": True},
        *ready,
    ]
    outcome = services(make=[make_settings(), make_settings()], steps=steps)
    assert [reply["status"] for reply in outcome["replies"]] == [503, 200, 200, 503]
    assert client.get("/ready").status_code == 200
