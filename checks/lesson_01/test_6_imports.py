"""1.6  Make every module importable by itself."""


def test_every_module_can_be_imported_first(service):
    """Each module of app can be imported first, alone, in a fresh Python."""
    for name, outcome in service.inside("imported_alone").items():
        assert outcome["fault"] is None, f"import {name} fails: {outcome['fault']}"


def test_no_module_knows_the_main_module(service):
    """No module but app.main loads app.main."""
    for name, outcome in service.inside("imported_alone").items():
        assert name == "app.main" or not outcome["loads_main"], f"import {name} loads app.main as well"


def test_import_prints_nothing(service):
    """Importing a module prints nothing."""
    for name, outcome in service.inside("imported_alone").items():
        assert outcome["printed"] == "", f"import {name} prints {outcome['printed'].strip()!r}"


def test_import_touches_nothing(service):
    """Importing a module writes no file and opens no connection.

    Passes on the starter: it prints, but it writes nothing; learners add such lines themselves.
    """
    for name, outcome in service.inside("imported_alone").items():
        assert outcome["touched"] == [], f"import {name} does this: {', '.join(outcome['touched'])}"


def test_import_needs_no_setting(service):
    """Every module but app.main can be imported without any setting."""
    for name, outcome in service.inside("imported_alone", without_settings=True).items():
        assert name == "app.main" or outcome["fault"] is None, f"import {name} fails: {outcome['fault']}"
