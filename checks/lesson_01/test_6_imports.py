"""1.6  Make every module importable by itself."""


def test_every_module_can_be_imported_first(imported_alone):
    """Each module of app can be imported first, alone, in a fresh Python."""
    for name, outcome in imported_alone().items():
        assert not outcome["fault"], f"import {name} fails: {outcome['fault']}"


def test_no_module_knows_the_main_module(imported_alone):
    """No module but app.main loads app.main."""
    for name, outcome in imported_alone().items():
        assert name == "app.main" or not outcome["loads_main"], f"import {name} loads app.main as well"


def test_import_has_no_effect(imported_alone):
    """Importing a module prints nothing, writes no file and opens no connection."""
    for name, outcome in imported_alone().items():
        assert not outcome["printed"], f"import {name} prints {outcome['printed'].strip()!r}"
        assert not outcome["touched"], f"import {name} does this: {', '.join(outcome['touched'])}"


def test_import_needs_no_setting(imported_alone):
    """Every module but app.main can be imported without any setting."""
    for name, outcome in imported_alone(without_settings=True).items():
        assert name == "app.main" or not outcome["fault"], f"import {name} fails: {outcome['fault']}"
