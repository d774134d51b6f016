"""1.6  Make every module importable by itself."""


def test_module_can_be_imported_first_and_quietly(imported_first, modules):
    """Each module but app.main can be imported first, without settings, and only defines things."""
    assert "app.main" in modules
    for name in modules:
        if name == "app.main":
            continue
        outcome = imported_first(name, env={"CONTACT_EMAIL": None})
        assert "app.main" not in outcome["loaded"], f"import {name} loads app.main as well"
        assert not outcome["error"], f"import {name} fails: {outcome['error']}"
        assert not outcome["printed"], f"import {name} prints {outcome['printed'].strip()!r}"
        assert not outcome["done"], f"import {name} does this: {', '.join(outcome['done'])}"


def test_main_module_can_be_imported_first_and_quietly(imported_first):
    """app.main, imported first in a fresh Python, makes the service and does nothing else."""
    outcome = imported_first("app.main", env={})
    assert not outcome["error"], f"import app.main fails: {outcome['error']}"
    assert not outcome["printed"], f"import app.main prints {outcome['printed'].strip()!r}"
    assert not outcome["done"], f"import app.main does this: {', '.join(outcome['done'])}"
