"""7.6  Let roles decide."""

import pytest

from shared.accounts import ME, refused
from shared.addresses import V1, V2

USERS = f"{V1}/users/"


@pytest.fixture
def staff(add_user, as_user):
    """One of each: a stored user with each role, and the headers of their requests."""
    users = {role: add_user(role=role) for role in ("user", "editor", "admin")}
    return users, {role: as_user(user) for role, user in users.items()}


def statuses(send, headers):
    """What each role gets, beginning with nobody."""
    return {role: send(headers.get(role)).status_code for role in ("nobody", *headers)}


def test_lists_of_users_are_for_admins(client, staff):
    """GET /users/ and GET /users/lookup/ answer 200 to admins, 403 to users and editors, and 401 without a token."""
    users, headers = staff
    expected = {"nobody": 401, "user": 403, "editor": 403, "admin": 200}
    assert statuses(lambda who: client.get(USERS, headers=who), headers) == expected
    params = {"email": users["user"]["email"]}
    assert statuses(lambda who: client.get(f"{USERS}lookup/", params=params, headers=who), headers) == expected
    assert refused(client.get(USERS))
    listed = client.get(USERS, headers=headers["admin"]).json()
    assert listed == list(users.values())
    assert client.get(f"{USERS}lookup/", params=params, headers=headers["admin"]).json() == users["user"]
    nobody = client.get(f"{USERS}lookup/", params={"email": "x@example.com"}, headers=headers["admin"])
    assert nobody.status_code == 404


def test_list_keeps_its_pages(client, staff, add_user):
    """The list of users still takes skip and limit, which are 0 and 100 when they are left out."""
    users, headers = staff
    emails = [user["email"] for user in (*users.values(), *(add_user() for _ in range(100)))]
    for params, expected in (({}, emails[:100]), ({"skip": 1, "limit": 2}, emails[1:3]), ({"skip": 101}, emails[101:])):
        listed = client.get(USERS, params=params, headers=headers["admin"]).json()
        assert [user["email"] for user in listed] == expected


def test_lists_give_nothing_away(client, staff):
    """Who may not see the list learns nothing about anybody from the refusal, and nothing from another address."""
    users, headers = staff
    assert client.get(USERS, headers=headers["admin"]).status_code == 200
    for who in (None, headers["user"], headers["editor"]):
        for address in (USERS, f"{USERS}?limit=1", f"{USERS}lookup/?email={users['admin']['email']}"):
            reply = client.get(address, headers=who)
            assert reply.status_code in (401, 403)
            assert not any(user["email"] in reply.text for user in users.values())


def test_own_account(client, database, staff):
    """Everybody sees and changes their own account; another one is answered with 403, except to an admin."""
    users, headers = staff
    for role, own in headers.items():
        for owner, user in users.items():
            allowed = owner == role or role == "admin"
            address = f"{USERS}{user['id']}"
            reply = client.get(address, headers=own)
            assert reply.status_code == (200 if allowed else 403), f"GET, {role} about {owner}"
            assert not allowed or reply.json() == user
            assert allowed or user["email"] not in reply.text
            surname = f"Seen by {role}"
            reply = client.patch(address, json={"surname": surname}, headers=own)
            assert reply.status_code == (200 if allowed else 403), f"PATCH, {role} about {owner}"
            if allowed:
                user["surname"] = surname
    assert [row["surname"] for row in database.rows("users")] == [user["surname"] for user in users.values()]


def test_account_needs_a_token(client, database, staff):
    """Seeing, changing and removing an account without a token is answered with 401, and nothing has changed."""
    users, _ = staff
    before = database.rows("users")
    address = f"{USERS}{users['user']['id']}"
    assert refused(client.get(address))
    assert refused(client.patch(address, json={"surname": "Changed"}))
    assert refused(client.delete(address))
    assert refused(client.patch(f"{address}/access", json={"role": "admin"}))
    assert database.rows("users") == before


def test_accounts_are_removed_by_their_owners(client, database, staff, add_user, as_user):
    """DELETE of one's own account and by an admin is answered with 204, of another one with 403."""
    users, headers = staff
    stranger = add_user()
    for role in ("user", "editor"):
        assert client.delete(f"{USERS}{stranger['id']}", headers=headers[role]).status_code == 403
    assert database.count("users") == 4
    assert client.delete(f"{USERS}{stranger['id']}", headers=headers["admin"]).status_code == 204
    assert client.delete(f"{USERS}{users['user']['id']}", headers=headers["user"]).status_code == 204
    assert refused(client.get(ME, headers=headers["user"]))
    assert [row["id"] for row in database.rows("users")] == [users["editor"]["id"], users["admin"]["id"]]


def test_numbers_of_nobody(client, staff):
    """A number that nobody has is answered with 404 to an admin, with 403 to others, and with 401 without a token."""
    users, headers = staff
    missing = users["admin"]["id"] + 1000
    expected = {"nobody": 401, "user": 403, "editor": 403, "admin": 404}
    address = f"{USERS}{missing}"
    assert statuses(lambda who: client.get(address, headers=who), headers) == expected
    assert statuses(lambda who: client.patch(address, json={"surname": "X"}, headers=who), headers) == expected
    assert statuses(lambda who: client.delete(address, headers=who), headers) == expected
    access = {"json": {"role": "editor"}}
    assert statuses(lambda who: client.patch(f"{address}/access", **access, headers=who), headers) == expected


@pytest.mark.parametrize("change", [{"role": "admin"}, {"role": "editor"}, {"is_active": False}])
def test_access_is_changed_by_admins(client, database, staff, add_user, change):
    """PATCH /users/{id}/access answers 200 to admins, 403 to users and editors, and 401 without a token."""
    _, headers = staff
    somebody = add_user()
    address = f"{USERS}{somebody['id']}/access"
    for who, status in ((None, 401), (headers["user"], 403), (headers["editor"], 403)):
        assert client.patch(address, json=change, headers=who).status_code == status
    [name], [value] = change, change.values()
    assert database.rows("users", id=somebody["id"])[0][name] != value, "a refused change was stored"
    assert client.patch(address, json=change, headers=headers["admin"]).status_code == 200
    assert database.rows("users", id=somebody["id"])[0][name] == value
    for wrong in ({"role": "boss"}, {"role": None}, {"email": "x@example.com"}, {"is_superuser": True}):
        assert client.patch(address, json=wrong, headers=headers["admin"]).status_code == 422


def test_nobody_promotes_themselves(client, database, staff):
    """Users and editors cannot change their own role, on no route: 403 or 422."""
    users, headers = staff
    for role in ("user", "editor"):
        own = f"{USERS}{users[role]['id']}"
        assert client.patch(f"{own}/access", json={"role": "admin"}, headers=headers[role]).status_code == 403
        for body in ({"role": "admin"}, {"is_superuser": True}, {"is_active": True}):
            assert client.patch(own, json=body, headers=headers[role]).status_code == 422
    assert [row["role"] for row in database.rows("users")] == ["user", "editor", "admin"]


def test_recipes_of_others_are_replaced(client, staff, add_recipe, make_recipe):
    """Editors and admins replace everybody's recipes; users get 403, and nobody without a token 401."""
    _, headers = staff
    recipe = add_recipe()
    address = f"{V1}/recipes/{recipe['id']}"
    expected = {"nobody": 401, "user": 403, "editor": 200, "admin": 200}
    assert statuses(lambda who: client.put(address, json=make_recipe(), headers=who), headers) == expected
    assert client.get(address).json()["submitter_id"] == recipe["submitter_id"]


@pytest.mark.parametrize("version", [V1, V2])
def test_recipes_of_others(client, database, staff, add_recipes, version):
    """Editors and admins change and remove everybody's recipes; users get 403, and nobody without a token 401."""
    _, headers = staff
    recipes = add_recipes([{}] * 6)
    expected = {"nobody": 401, "user": 403, "editor": 200, "admin": 200}
    address, name = f"{version}/recipes/{recipes[0]['id']}", "label" if version == V1 else "title"

    def change(who):
        return client.patch(address, json={name: "Changed for the better"}, headers=who)

    assert statuses(change, headers) == expected
    assert database.rows("recipes", id=recipes[0]["id"])[0]["submitter_id"] == recipes[0]["submitter_id"]
    for number, (role, status) in enumerate(expected.items(), start=1):
        reply = client.delete(f"{version}/recipes/{recipes[number]['id']}", headers=headers.get(role))
        assert reply.status_code == (204 if status == 200 else status)
    assert database.count("recipes") == 4


def test_role_counts_from_the_next_request_on(client, database, staff):
    """A role that was given or taken away counts from the next request on, also with an old token."""
    users, headers = staff
    own = headers["user"]
    for role, status in (("user", 403), ("admin", 200), ("editor", 403), ("admin", 200), ("user", 403)):
        database.execute("UPDATE users SET role = :role WHERE id = :id", role=role, id=users["user"]["id"])
        assert client.get(USERS, headers=own).status_code == status


def test_locked_out_admin(client, database, staff, add_recipe):
    """Admins and editors who are not active are answered with 403 wherever their role counts."""
    users, headers = staff
    recipe = add_recipe()
    assert client.get(USERS, headers=headers["admin"]).status_code == 200
    database.execute("UPDATE users SET is_active = :no", no=False)
    assert client.get(USERS, headers=headers["admin"]).status_code == 403
    for role in ("editor", "admin"):
        reply = client.patch(f"{V1}/recipes/{recipe['id']}", json={"label": "Changed"}, headers=headers[role])
        assert reply.status_code == 403
    own = f"{USERS}{users['admin']['id']}"
    for method, address, body in (
        ("GET", f"{USERS}lookup/?email={users['user']['email']}", None),
        ("GET", own, None),
        ("PATCH", own, {"surname": "Changed"}),
        ("PATCH", f"{own}/access", {"is_active": True}),
        ("DELETE", own, None),
    ):
        assert client.request(method, address, json=body, headers=headers["admin"]).status_code == 403


def test_require_role_is_made_for_some_roles(service):
    """The dependency of require_role passes the roles that it names, one or several, and no other one."""
    found = service.inside("roles_that_pass", wanted=[["user"], ["editor"], ["admin"], ["editor", "admin"], []])
    assert found == [["user"], ["editor"], ["admin"], ["editor", "admin"], []]


def test_require_role_gives_the_user(service):
    """The dependency of require_role gives the current user to the endpoint.

    Passes on the starter: it gives everybody, whatever their role.
    """
    assert service.inside("what_require_role_gives") == [200, "editor"]


def test_everybody_still_reads_and_signs_up(client, staff, add_recipe, make_user):
    """Recipes of a user are read, and both ways to sign up are open, without a token.

    Passes on the starter: it is given, and has to stay what it is.
    """
    recipe = add_recipe()
    reply = client.get(f"{USERS}{recipe['submitter_id']}/recipes")
    assert reply.status_code == 200
    assert [one["id"] for one in reply.json()] == [recipe["id"]]
    assert client.post(USERS, json=make_user()).status_code == 201


def test_document_says_who_needs_a_token(service):
    """The OpenAPI document says of the operations on accounts that they need a token, and names 401 and 403."""
    paths = service.openapi()["paths"]
    guarded = {
        (f"{V1}/users/", "get"),
        (f"{V1}/users/lookup/", "get"),
        (f"{V1}/users/{{user_id}}", "get"),
        (f"{V1}/users/{{user_id}}", "patch"),
        (f"{V1}/users/{{user_id}}", "delete"),
        (f"{V1}/users/{{user_id}}/access", "patch"),
    }
    for path, methods in paths.items():
        if path.startswith(f"{V1}/users/"):
            for method, operation in methods.items():
                assert bool(operation.get("security")) == ((path, method) in guarded), f"{method.upper()} {path}"
                assert (path, method) not in guarded or {"401", "403"} <= set(operation["responses"])
