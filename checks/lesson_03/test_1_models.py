"""3.1  Map two tables that refuse bad rows."""

USER_COLUMNS = ["first_name", "surname", "email", "is_superuser", "hashed_password"]
RECIPE_COLUMNS = ["label", "source", "url", "submitter_id"]


def test_tables_have_the_columns_of_the_contract(database):
    """The database has the tables users and recipes, with the columns of the contract."""
    for table, columns in (("users", USER_COLUMNS), ("recipes", RECIPE_COLUMNS)):
        there = database.columns(table)
        missing = [name for name in ("id", *columns) if name not in there]
        assert not missing, f"the table {table} has no column {', '.join(missing)}"


def test_models_store_what_they_are_given(service, database, make_user, make_recipe):
    """A User and a Recipe made in Python are stored as rows."""
    user = make_user(is_superuser=True)
    user["hashed_password"] = user.pop("password")
    recipe = make_recipe()
    ids = service.inside("store_through_models", user=user, recipe=recipe)
    found = database.execute("SELECT * FROM users WHERE id = :id", id=ids["user_id"])[0]
    assert {name: found[name] for name in user} == user
    found = database.execute("SELECT * FROM recipes WHERE id = :id", id=ids["recipe_id"])[0]
    assert {name: found[name] for name in recipe} == recipe
    assert found["submitter_id"] == ids["user_id"]


def test_nobody_is_superuser_unless_told(service, database, make_user, make_recipe):
    """A User made without is_superuser is stored with false."""
    user = make_user()
    user["hashed_password"] = user.pop("password")
    ids = service.inside("store_through_models", user=user, recipe=make_recipe())
    found = database.execute("SELECT is_superuser FROM users WHERE id = :id", id=ids["user_id"])
    assert [bool(row["is_superuser"]) for row in found] == [False]


def test_email_belongs_to_one_user(refuses, add_user, rng):
    """The database refuses a second user with the same e-mail address."""
    users = [add_user() for _ in range(3)]
    assert refuses(
        "INSERT INTO users (first_name, surname, email, is_superuser, hashed_password) "
        "VALUES ('Second', 'Person', :email, false, 'x')",
        email=rng.choice(users)["email"],
    ), "two users have the same e-mail address: make the column unique"


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
    assert refuses(
        "UPDATE recipes SET submitter_id = :nobody WHERE id = :id",
        nobody=recipe["submitter_id"] + 1000,
        id=recipe["id"],
    ), "recipes.submitter_id is no foreign key: any number is taken"


def test_every_connection_keeps_foreign_keys(service, add_user):
    """On every connection of make_engine's engine, a recipe of nobody is refused."""
    user = add_user()
    found = service.inside("orphans_refused", url=service.database_url, user_id=user["id"], nobody=user["id"] + 1000)
    assert found["accepted"] == [True, True]
    assert found["refused"] == [True, True], (
        "SQLite ignores foreign keys on a connection that was not told to keep them: "
        "the PRAGMA belongs into a listener for the event connect"
    )
