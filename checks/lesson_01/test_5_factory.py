"""1.5  Build the service in a function."""


def test_each_call_makes_a_new_service(services, make_env):
    """create_app makes a new service at each call."""
    env = make_env()
    outcome = services(settings=[env, env, None, None])
    assert outcome["different"], "create_app returned a service that was there already"


def test_service_runs_with_the_settings_it_was_given(services, launch, make_env):
    """create_app(settings) runs with these settings, whatever the environment says and whatever ran before."""
    with launch(env=make_env(DEBUG="1")) as service:
        outcome = service.inside("services", settings=[make_env(), make_env(DEBUG="1")])
    assert_settings_used(outcome)


def test_bare_call_reads_the_environment_at_that_moment(services, launch, make_env):
    """create_app() reads the environment when it is called."""
    with launch(env=make_env(DEBUG="1")) as service:
        outcome = service.inside("services", settings=[None], around=make_env())
    assert_settings_used(outcome)


def assert_settings_used(outcome):
    """Each service shows what its settings hold; what app itself does not use is the business of exercise 1.4."""
    (of_app, *held), (app, *shown) = outcome["held"], outcome["shown"]
    used = [name for name in of_app if app[name] == of_app[name]]
    assert used, "app itself uses none of its settings"
    cause = "; the default value of settings was made once, at import" if outcome["made_once"] else ""
    for service, settings in zip(shown, held, strict=True):
        for name in used:
            value = service[name]
            assert value == settings[name], f"the service has {name} {value}, its settings say {settings[name]}{cause}"


def test_every_service_is_complete(services, client, make_env):
    """Every service that create_app makes answers wherever app answers: front door, health and recipes."""
    pages = ["/", "/health", "/recipes", "/recipes/1", "/recipes/search", "/nowhere"]
    expected = [client.get(page).status_code for page in pages]
    steps = [(1, page) for page in pages]
    statuses = services(settings=[make_env(), make_env()], steps=steps)["statuses"]
    for page, status, running in zip(pages, statuses, expected, strict=True):
        assert status == running, f"GET {page} answers {running} from app, and {status} from a new service"


def test_what_create_app_makes_can_be_served(client, launch, make_env):
    """A service that create_app makes answers as app does, when it is served itself."""
    with launch(app="app.main:create_app()", env=make_env()) as service:
        for page in ("/", "/health", "/recipes", "/recipes/1", "/nowhere"):
            status, running = service.client.get(page).status_code, client.get(page).status_code
            assert status == running, f"GET {page} answers {running} from app, and {status} from a new service"
        assert service.client.get("/ready").status_code == 200


def test_flag_is_up_once_the_service_has_started(services, make_env):
    """app.state.ready is True once the service has started."""
    (flag,) = services(settings=[make_env()])["flags"]
    assert flag == "True", f"app.state.ready is {flag} after the start"


def test_served_flag_is_followed(launch):
    """GET /ready of the running service answers 503 while its flag is False; GET /health does not follow it."""
    with launch() as service:
        for value, status in ((False, 503), (True, 200)):
            service.inside("set_ready", value=value)
            assert service.client.get("/ready").status_code == status
            assert service.client.get("/health").status_code == 200


def test_running_service_is_ready(client):
    """GET /ready says yes once the service has started."""
    assert client.get("/ready").status_code == 200


def test_ready_follows_the_flag(services, make_env):
    """GET /ready answers 503 while state.ready is False, and 200 again after it."""
    ready = (0, "/ready")
    steps = [ready, (0, False), ready, ready, (0, True), ready]
    first, lowered, still, raised = services(settings=[make_env()], steps=steps)["statuses"]
    assert first == 200, "GET /ready of a new service is not 200"
    assert lowered == 503, "GET /ready does not follow app.state.ready when it becomes False"
    assert still == 503, "GET /ready answers 503 once, and then no more"
    assert raised == 200, "GET /ready does not follow app.state.ready when it becomes True again"


def test_health_does_not_follow_the_flag(services, make_env):
    """GET /health answers 200 also while the service is not ready."""
    steps = [(0, "/health"), (0, False), (0, "/health")]
    before, lowered = services(settings=[make_env()], steps=steps)["statuses"]
    assert lowered == before, f"GET /health answers {lowered} while app.state.ready is False"


def test_flag_belongs_to_one_service(client, services, make_env):
    """Lowering the flag of one service leaves the others ready."""
    steps = [(0, False), (0, "/ready"), (1, "/ready"), (1, False), (0, True), (0, "/ready"), (1, "/ready")]
    statuses = services(settings=[make_env(), make_env()], steps=steps)["statuses"]
    assert statuses == [503, 200, 200, 503], "the flag of one service moves the answer of another"
    assert client.get("/ready").status_code == 200
