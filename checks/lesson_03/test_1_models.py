"""3.1  Map two tables that refuse bad rows."""

import re

import pytest

USER_COLUMNS = ["first_name", "surname", "email", "is_superuser", "hashed_password"]
RECIPE_COLUMNS = ["label", "source", "url", "submitter_id"]
TEXTS = {
    "users": {"first_name": 100, "surname": 100, "email": 254, "hashed_password": 170},
    "recipes": {"label": 100, "source": 100, "url": 2000},
}
"""How long a text may be that lesson 2 lets in, or that hash_password makes."""


@pytest.fixture
def make_row(make_user):
    """A maker of the columns of a user, other than its id."""

    def make(**changes):
        user = make_user(**changes)
        user["hashed_password"] = user.pop("password")
        return user

    return make


def test_tables_have_the_columns_of_the_contract(database):
    """The database has the tables users and recipes, with the columns of the contract."""
    for table, columns in (("users", USER_COLUMNS), ("recipes", RECIPE_COLUMNS)):
        there = database.columns(table)
        missing = [name for name in ("id", *columns) if name not in there]
        assert not missing, f"the table {table} has no column {', '.join(missing)}"
        assert there["id"].primary_key, f"{table}.id is not the primary key"
        assert "INT" in there["id"].type, f"{table}.id is of the type {there['id'].type}, not a whole number"
    kind = database.columns("users")["is_superuser"].type
    assert kind == "BOOLEAN", f"users.is_superuser is of the type {kind}"


def test_texts_are_texts_and_long_enough(database):
    """Names, addresses, labels and the hash are texts, and a bound holds whatever lesson 2 lets in."""
    for table, longest in TEXTS.items():
        columns = database.columns(table)
        for name, length in longest.items():
            kind = columns[name].type.upper()
            assert re.search("CHAR|TEXT|CLOB", kind), f"{table}.{name} is of the type {kind}, not a text"
            bound = re.search(r"\((\d+)\)", kind)
            is_enough = not bound or int(bound[1]) >= length
            assert is_enough, f"{table}.{name} is a {kind}, and has to hold {length} characters"


def test_rows_may_be_alike(add_rows, make_row, make_recipe):
    """But for id and email, two users may be alike, and two recipes in everything but the id."""
    user = make_row()
    ids = add_rows("users", "User", [user, {**user, "email": f"other.{user['email']}"}])
    recipe = make_recipe(submitter_id=ids[0])
    assert len(set(add_rows("recipes", "Recipe", [recipe, recipe]))) == 2


def test_models_store_what_they_are_given(database, add_rows, make_row, make_recipe):
    """A User and a Recipe made in Python are stored as rows."""
    user = make_row(is_superuser=True)
    [user_id] = add_rows("users", "User", [user])
    found = database.execute("SELECT * FROM users WHERE id = :id", id=user_id)[0]
    assert {name: found[name] for name in user} == user
    recipe = make_recipe(submitter_id=user_id)
    [recipe_id] = add_rows("recipes", "Recipe", [recipe])
    found = database.execute("SELECT * FROM recipes WHERE id = :id", id=recipe_id)[0]
    assert {name: found[name] for name in recipe} == recipe


def test_nobody_is_superuser_unless_told(database, add_rows, make_row):
    """A User made without is_superuser is stored with false."""
    [user_id] = add_rows("users", "User", [make_row()])
    found = database.execute("SELECT is_superuser FROM users WHERE id = :id", id=user_id)
    assert [bool(row["is_superuser"]) for row in found] == [False]


def test_email_belongs_to_one_user(refuses, add_user, rng):
    """The database refuses a second user with the same e-mail address."""
    first, second = rng.sample([add_user() for _ in range(3)], 2)
    assert refuses("UPDATE users SET email = :email WHERE id = :id", email=first["email"], id=second["id"]), (
        "two users have the same e-mail address: make the column unique"
    )


def test_no_column_of_users_takes_null(refuses, add_user):
    """The database refuses NULL in every column of users."""
    user = add_user()
    for column in USER_COLUMNS:
        assert refuses(f"UPDATE users SET {column} = NULL WHERE id = :id", id=user["id"]), f"users.{column} takes NULL"


def test_no_column_of_recipes_takes_null(refuses, add_recipe):
    """The database refuses NULL in every column of recipes."""
    recipe = add_recipe()
    for column in RECIPE_COLUMNS:
        statement = f"UPDATE recipes SET {column} = NULL WHERE id = :id"
        assert refuses(statement, id=recipe["id"]), f"recipes.{column} takes NULL"


def test_submitter_is_a_row_in_users(refuses, add_recipe):
    """submitter_id is a foreign key: the id of a row in users."""
    recipe = add_recipe()
    statement = "UPDATE recipes SET submitter_id = :nobody WHERE id = :id"
    assert refuses(statement, nobody=recipe["submitter_id"] + 1000, id=recipe["id"]), (
        "recipes.submitter_id is no foreign key: any number is taken"
    )


def test_every_connection_keeps_foreign_keys(service, add_recipe):
    """On every connection of make_engine's engine, a recipe of nobody is refused."""
    recipe = add_recipe()
    user = recipe["submitter_id"]
    found = service.inside(
        "foreign_keys_kept", url=service.database_url, recipe_id=recipe["id"], user_id=user, nobody=user + 1000
    )
    assert found == [True, True], (
        "SQLite ignores foreign keys on a connection that was not told to keep them: "
        "the PRAGMA belongs into a listener for the event connect"
    )


def test_service_stores_no_recipe_of_nobody(client, labels, add_user, make_recipe):
    """A recipe whose submitter does not exist is not stored, whatever the service answers."""
    nobody = add_user()["id"] + 1000
    client.post("/recipes", json=make_recipe(submitter_id=nobody))
    assert labels() == [], "the database has taken a recipe of nobody from the service"
