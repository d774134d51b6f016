"""1.4  Read the settings from the environment."""

import json

CONTACT = {"CONTACT_EMAIL": "kitchen@example.com"}
DEFAULTS = {"PROJECT_NAME": "Recipe API", "VERSION": "1.0.0", "DEBUG": False, "CORS_ORIGINS": []}


def test_settings_have_defaults(settings_from, make_env):
    """Settings() has the defaults of the contract, also where a .env file lies about."""
    settings = settings_from(env=CONTACT)
    assert "error" not in settings, f"with CONTACT_EMAIL set, Settings() raised {settings['error']}"
    assert settings == {**DEFAULTS, **CONTACT}
    dotenv = "".join(f"{name}={value}\n" for name, value in make_env().items())
    settings = settings_from(env=CONTACT, dotenv=dotenv)
    assert settings == {**DEFAULTS, **CONTACT}, "a .env file in the current folder changes the settings"


def test_settings_are_read_with_their_types(settings_from, make_env, rng):
    """Settings() reads each field from the environment, with its own type."""
    origins = ["https://one.example", f"http://localhost:{rng.randint(3000, 9000)}"]
    env = make_env(VERSION=str(rng.randint(2, 9)), CORS_ORIGINS=json.dumps(origins))  # text, also where it is a number
    for text, debug in ((rng.choice(["true", "True", "1"]), True), (rng.choice(["false", "False", "0"]), False)):
        settings = settings_from(env={**env, "DEBUG": text})
        assert "error" not in settings, f"with all five variables set, Settings() raised {settings['error']}"
        assert settings == {**env, "DEBUG": debug, "CORS_ORIGINS": origins}


def test_documentation_shows_the_settings(launch, make_env):
    """The documentation shows title, version and contact from the environment."""
    env = make_env()
    with launch(env=env) as service:
        info = service.openapi()["info"]
        assert info["title"] == env["PROJECT_NAME"]
        assert info["version"] == env["VERSION"]
        email = info.get("contact", {}).get("email")
        assert email == env["CONTACT_EMAIL"]


def test_debug_reaches_the_service(service, launch):
    """DEBUG switches the debug mode of the service on; without it, it is off."""
    assert service.inside("debug_mode") is False, "without DEBUG in the environment, app.debug is True"
    with launch(env={"DEBUG": "true"}) as other:
        assert other.inside("debug_mode") is True, "with DEBUG=true in the environment, app.debug is False"


def test_debug_mode_shows_what_crashed(launch, rng):
    """A service with DEBUG shows the caller the details of a crash; one without keeps them."""
    path = f"/crash-{rng.getrandbits(40)}"
    for text, is_shown in (("true", True), (None, False)):
        with launch(env={"DEBUG": text}) as service:
            service.inside("crash_at", path=path)
            reply = service.client.get(path)
            shows = "the pot boiled over" in reply.text
            assert shows == is_shown, f"with DEBUG {text or 'not set'}, a crash is answered {reply.text[:60]!r}"


def test_listed_origins_may_read_every_answer(launch, rng):
    """A web page may read the answers, also the errors, if its origin is in CORS_ORIGINS."""
    one, other = f"https://soup-{rng.randint(100, 999)}.example", "http://localhost:3000"
    with launch(env={"CORS_ORIGINS": json.dumps([one, other])}) as service:
        for origin in (one, other):
            for path in ("/health", "/recipes", "/recipes/0", "/recipes/soup", "/nowhere"):
                reply = service.client.get(path, headers={"Origin": origin})
                if reply.status_code == 500:
                    continue  # a crash passes by the layers that add headers, and is the business of another exercise
                allowed = reply.headers.get("access-control-allow-origin")
                assert allowed, f"{origin} is listed, and no layer of the app sets Access-Control-Allow-Origin for it"
                assert allowed in (origin, "*"), f"{origin} is listed; Access-Control-Allow-Origin says {allowed}"


def test_other_origins_may_not(launch, client, rng):
    """Only a web page whose origin is in CORS_ORIGINS may read the answers."""
    listed = f"https://soup-{rng.randint(100, 999)}.example"
    strangers = [
        f"{listed}.evil.test",
        f"{listed}:8443",
        listed.replace("https:", "http:"),
        listed.replace(".", "x"),
        listed.replace("soup", "big-soup"),
        "null",
    ]
    with launch(env={"CORS_ORIGINS": json.dumps([listed])}) as service:
        reply = service.client.get("/health", headers={"Origin": listed})
        assert "access-control-allow-origin" in reply.headers, f"{listed} is listed and may not read the answer"
        for origin in strangers:
            reply = service.client.get("/health", headers={"Origin": origin})
            allowed = reply.headers.get("access-control-allow-origin")
            assert allowed is None, f"Access-Control-Allow-Origin says {allowed} to {origin}, which is not listed"
    allowed = client.get("/health", headers={"Origin": listed}).headers.get("access-control-allow-origin")
    assert allowed is None, f"Access-Control-Allow-Origin says {allowed} to {listed}, and no origin is listed"


def test_service_needs_an_address(service, launch, target):
    """If CONTACT_EMAIL is missing or is no e-mail address, the service stops before it starts."""
    assert not (target / ".env").exists(), "a .env file in the lesson folder gives it: move the file away"
    assert service.openapi()  # with an address it starts
    for text in (None, "kitchen", "kitchen@", "@example.com", "a@b@example.com"):
        with launch.fails(env={"CONTACT_EMAIL": text}):
            pass


def test_unreadable_setting_stops_the_service(service, launch, rng):
    """A DEBUG that is neither true nor false, or CORS_ORIGINS that are no list of texts, stop the service."""
    assert service.openapi()
    unreadable = {"DEBUG": [rng.choice(["perhaps", "maybe"])], "CORS_ORIGINS": ['["https://a.example"', "[1, 2]"]}
    for name, texts in unreadable.items():
        for text in texts:
            with launch.fails(env={name: text}):
                pass
