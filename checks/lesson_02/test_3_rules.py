"""2.3  Write the rules that types cannot say."""

from datetime import datetime, timedelta, timezone

import pytest

NAMES = ("first_name", "surname")
TIMES = ("starts_at", "ends_at")


@pytest.fixture
def quote(client):
    """A request for a quote."""
    return lambda evening: client.post("/tastings/quote", json=evening)


@pytest.fixture
def make_instant(rng):
    """A maker of one moment of 2027, aware of a random time zone."""

    def make(zone=None):
        hours = rng.choice([-11, -8, -5, 0, 1, 2, 9, 13]) if zone is None else zone
        moment = datetime(2027, 1, 1, tzinfo=timezone(timedelta(hours=hours)))
        return moment + timedelta(minutes=rng.randint(0, 500_000))

    return make


def test_blanks_around_names_are_dropped(client, make_user, put_user):
    """Blanks around first_name and surname are dropped, in POST and PATCH."""
    user = make_user()
    padded = {**user, "first_name": f"  {user['first_name']} ", "surname": f"\t{user['surname']}\n"}
    reply = client.post("/users", json=padded)
    assert reply.is_success
    for name in NAMES:
        assert reply.json()[name] == user[name]
    stored, _ = put_user()
    for name in NAMES:
        reply = client.patch(f"/users/{stored['id']}", json={name: padded[name]})
        assert reply.status_code == 200
        assert reply.json()[name] == user[name]


def test_blank_names_are_refused(client, make_user, put_user, rng):
    """A first_name or surname of blanks alone is refused with 422."""
    stored, _ = put_user()
    for name in NAMES:
        for blank in ("", " " * rng.randint(1, 9), " \t\n "):
            assert client.post("/users", json=make_user(**{name: blank})).status_code == 422
            assert client.patch(f"/users/{stored['id']}", json={name: blank}).status_code == 422


def test_names_have_a_longest_length(client, make_user, put_user, make_word):
    """first_name and surname have at most 100 characters, blanks around not counted."""
    stored, _ = put_user()
    for name in NAMES:
        for length, right in ((1, True), (100, True), (101, False)):
            text = f"  {make_word(length)}  "
            reply = client.post("/users", json=make_user(**{name: text}))
            assert reply.is_success if right else reply.status_code == 422
            changed = client.patch(f"/users/{stored['id']}", json={name: text})
            assert changed.status_code == (200 if right else 422)


def test_passwords_have_bounds(client, make_user, make_password):
    """A password has 8 to 128 characters."""
    for length, right in ((7, False), (8, True), (128, True), (129, False)):
        reply = client.post("/users", json=make_user(password=make_password(length=length)))
        assert reply.is_success if right else reply.status_code == 422


def test_passwords_need_a_digit_and_a_capital(client, make_user, make_password):
    """A password holds at least one digit and one upper-case letter."""
    for wrong in ({"digits": "-"}, {"capitals": "x"}, {"digits": "-", "capitals": "x"}):
        for _ in range(3):
            assert client.post("/users", json=make_user(password=make_password(**wrong))).status_code == 422


def test_valid_evening_gets_a_quote(quote, make_evening, make_word, make_instant, rng):
    """POST /tastings/quote answers 200 with title, minutes and total_cents."""
    for _ in range(4):
        title, minutes = make_word(), rng.randint(1, 6000)
        start = make_instant()
        end = (start + timedelta(minutes=minutes)).astimezone(make_instant().tzinfo)
        evening = make_evening(title=f"  {title} ", starts_at=start.isoformat(), ends_at=end.isoformat())
        reply = quote(evening)
        assert reply.status_code == 200
        total = evening["attendees"] * evening["price_cents"]
        assert reply.json() == {"title": title, "minutes": minutes, "total_cents": total}


def test_titles_have_bounds(quote, make_evening, make_word):
    """A title has 3 to 100 characters, blanks around not counted."""
    for length, status in ((2, 422), (3, 200), (100, 200), (101, 422)):
        assert quote(make_evening(title=f"  {make_word(length)} ")).status_code == status
    assert quote(make_evening(title="     ")).status_code == 422


def test_attendees_have_bounds(quote, make_evening, rng):
    """The number of attendees is whole, from 1 to 1000."""
    for right in (1, rng.randint(2, 999), 1000):
        assert quote(make_evening(attendees=right)).status_code == 200
    for wrong in (0, 1001, -rng.randint(1, 99), rng.randint(1, 99) + 0.5, "many", None):
        assert quote(make_evening(attendees=wrong)).status_code == 422


def test_price_has_bounds_and_a_default(quote, make_evening):
    """The field price_cents is a whole number from 0 to 100000; left out, it is 0."""
    for price, status in ((0, 200), (100_000, 200), (-1, 422), (100_001, 422), ("free", 422), (4.5, 422)):
        assert quote(make_evening(price_cents=price)).status_code == status
    evening = make_evening()
    del evening["price_cents"]
    reply = quote(evening)
    assert reply.status_code == 200
    assert reply.json()["total_cents"] == 0


def test_evening_ends_after_it_starts(quote, make_evening, make_instant, rng):
    """ends_at must be later than starts_at."""
    start = make_instant()
    for end in (start, start - timedelta(minutes=rng.randint(1, 6000))):
        assert quote(make_evening(starts_at=start.isoformat(), ends_at=end.isoformat())).status_code == 422


def test_times_are_compared_across_zones(quote, make_evening, make_instant, rng):
    """Which of two times is later does not depend on how their zones write them."""
    start = make_instant(zone=-5)
    minutes = rng.randint(30, 120)
    earlier = (start - timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=9)))
    later = (start + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=-11)))
    assert quote(make_evening(starts_at=start.isoformat(), ends_at=earlier.isoformat())).status_code == 422
    reply = quote(make_evening(starts_at=start.isoformat(), ends_at=later.isoformat()))
    assert reply.status_code == 200
    assert reply.json()["minutes"] == minutes


def test_times_without_an_offset_are_refused(quote, make_evening):
    """A time without an offset from UTC is refused with 422, never 500."""
    for naive in (("starts_at",), ("ends_at",), TIMES):
        evening = make_evening()
        evening.update({name: evening[name][:19] for name in naive})
        assert quote(evening).status_code == 422


def test_every_broken_field_is_named(quote, make_evening, problems, rng):
    """The 422 answer names each field that breaks a rule by itself."""
    wrong = {"title": "  x  ", "attendees": 0, "price_cents": -1, "starts_at": "soon", "ends_at": "yesterday"}
    for name in wrong:
        reply = quote(make_evening(**{name: wrong[name]}))
        assert reply.status_code == 422
        assert any(name in loc for loc in problems(reply)), f"the answer does not name {name}"
    first, second = rng.sample(sorted(wrong), 2)
    reply = quote(make_evening(**{first: wrong[first], second: wrong[second]}))
    assert reply.status_code == 422
    for name in (first, second):
        assert any(name in loc for loc in problems(reply)), f"the answer does not name {name}"
