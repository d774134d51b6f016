"""1.4  Read the settings from the environment."""

import json

CONTACT = {"CONTACT_EMAIL": "kitchen@example.com"}


def test_settings_have_defaults(settings_from):
    """Settings has the defaults of the contract."""
    assert settings_from(env=CONTACT) == {
        "project_name": "Recipe API",
        "version": "1.0.0",
        "debug": False,
        "contact_email": "kitchen@example.com",
        "cors_origins": [],
    }


def test_settings_are_read_with_their_types(settings_from, make_settings, make_origin, rng):
    """Settings() reads each field from the environment, with its own type."""
    wanted = make_settings(cors_origins=[make_origin(), make_origin()])
    env = {name.upper(): value for name, value in wanted.items()}
    env["CORS_ORIGINS"] = json.dumps(wanted["cors_origins"])
    for text, debug in ((rng.choice(["true", "True", "1"]), True), (rng.choice(["false", "False", "0"]), False)):
        assert settings_from(env={**env, "DEBUG": text}) == {**wanted, "debug": debug}


def test_documentation_shows_the_settings(launch, make_settings):
    """The documentation shows title, version and contact from the environment."""
    wanted = make_settings()
    with launch(env={name.upper(): value for name, value in wanted.items()}) as service:
        info = service.openapi()["info"]
        assert info["title"] == wanted["project_name"]
        assert info["version"] == wanted["version"]
        assert info.get("contact", {}).get("email") == wanted["contact_email"]


def test_debug_reaches_the_service(loading):
    """DEBUG switches the debug mode of the service on and off."""
    for text, debug in (("true", True), ("false", False)):
        outcome = loading(env={**CONTACT, "DEBUG": text})
        assert outcome["loaded"], outcome.get("refusal")
        assert outcome["debug"] is debug, f"with DEBUG={text} in the environment, app.debug is {outcome['debug']}"


def test_listed_origins_may_read_the_answers(launch, make_origin):
    """Only a web page of an origin in CORS_ORIGINS may read the answers."""
    one, other, stranger = make_origin(), make_origin() + ":8443", make_origin() + ".com"
    with launch(env={"CORS_ORIGINS": json.dumps([one, other])}) as service:
        for origin in (one, other):
            reply = service.client.get("/health", headers={"Origin": origin})
            assert reply.headers.get("access-control-allow-origin") == origin, f"{origin} is listed and not let in"
        reply = service.client.get("/health", headers={"Origin": stranger})
        assert "access-control-allow-origin" not in reply.headers, f"{stranger} is not listed and is let in"


def test_missing_contact_stops_the_service(loading, target):
    """Without CONTACT_EMAIL the service does not start."""
    assert not (target / ".env").exists(), "a .env file in the lesson folder gives it: move the file away"
    outcome = loading(env={})
    assert not outcome["loaded"], "the service started all the same"
    assert "contact_email" in outcome["refusal"].lower(), f"it stopped for another reason: {outcome['refusal']}"


def test_contact_is_an_address(loading, rng):
    """A CONTACT_EMAIL that is no e-mail address stops the service."""
    for text in ("", rng.choice(["kitchen", "kitchen@", "@example.com", "call the kitchen"])):
        outcome = loading(env={"CONTACT_EMAIL": text})
        assert not outcome["loaded"], f"the service started with CONTACT_EMAIL={text!r}"


def test_unreadable_setting_stops_the_service(service, launch, rng):
    """A DEBUG that is neither true nor false stops the service before it starts."""
    assert service.openapi()  # with a DEBUG that can be read, it starts
    with launch.fails(env={"DEBUG": rng.choice(["perhaps", "maybe", "sometimes"])}) as failure:
        pass
    assert "debug" in failure.text.lower()
