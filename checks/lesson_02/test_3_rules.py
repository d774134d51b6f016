"""2.3  Write the rules that types cannot say."""

import hashlib
import re
from datetime import datetime, timedelta, timezone

import pytest

NAMES = ("first_name", "surname")


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


@pytest.fixture
def assert_refused():
    """A look at an answer that has to be 422, whatever the list of problems in it looks like."""

    def look(reply):
        assert reply.status_code == 422
        is_one_text = '"detail":"' in reply.text
        assert not is_one_text, "detail is one text: a rule that raises ValueError joins the list of problems"

    return look


def test_blanks_around_names_are_dropped(client, make_user, put_user):
    """Blanks around first_name and surname are dropped, in POST and PATCH."""
    user = make_user()
    padded = {"first_name": f"  {user['first_name']} ", "surname": f"\t{user['surname']}\n"}
    stored, _ = put_user()
    reply = client.post("/users", json={**user, **padded})
    assert reply.is_success
    for name in NAMES:
        assert reply.json()[name] == user[name]
        changed = client.patch(f"/users/{stored['id']}", json={name: padded[name]})
        assert changed.status_code == 200
        assert changed.json()[name] == user[name]


def test_blank_names_are_refused(client, make_user, put_user, rng):
    """A first_name or surname of blanks alone is refused with 422."""
    stored, _ = put_user()
    for name in NAMES:
        for blank in ("", " " * rng.randint(1, 9), " \t\n "):
            assert client.post("/users", json=make_user(**{name: blank})).status_code == 422
        assert client.patch(f"/users/{stored['id']}", json={name: "   "}).status_code == 422


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


def test_passwords_need_a_digit_and_a_capital(client, make_user, make_password, make_word, assert_refused):
    """A password holds a digit and an upper-case letter, anywhere among characters of every kind."""
    for wrong in ({"digits": "-"}, {"capitals": "x"}, {"digits": "-", "capitals": "x"}):
        assert_refused(client.post("/users", json=make_user(password=make_password(**wrong))))

    for right in (f" 7{make_word(4)}Q ", f"{make_word()}Q7", f"?_é {make_word(4)}8Q.-", "AB345678", "Q7" + "é" * 126):
        assert client.post("/users", json=make_user(password=right)).is_success


def test_blanks_of_a_password_are_kept(client, service, make_user, make_password):
    """The blanks of a password belong to it: what is hashed is all of it.

    Passes on the starter: it hashes what it is given. But a rule that drops blanks, as that of names does, loses them.
    """
    user = make_user(password=f" {make_password()} ")
    reply = client.post("/users", json=user)
    assert reply.is_success
    salted = re.fullmatch(
        r"stand-in\$([0-9a-f]{32})\$([0-9a-f]+)",
        str(service.inside("stored_user", user_id=reply.json()["id"])["hashed_password"]),
    )
    if not salted:
        return  # it did not go through hash_password, which is exercise 2.2
    salt, digest = salted.groups()
    stripped = user["password"].strip().encode()
    is_stripped = digest == hashlib.scrypt(stripped, salt=bytes.fromhex(salt), n=2**10, r=8, p=1).hex()
    assert not is_stripped, "the password was hashed without the blanks around it"


def test_one_answer_names_every_broken_rule(client, make_user, make_password):
    """The 422 answer names each field that breaks a rule, all of them at once."""
    reply = client.post("/users", json=make_user(first_name="  ", password=make_password(digits="-")))
    assert reply.status_code == 422
    for name in ("first_name", "password"):
        is_named = name in reply.text
        assert is_named, f"the answer does not name {name}"


def test_valid_evening_gets_a_quote(quote, make_evening, make_word, make_instant, rng):
    """POST /tastings/quote answers 200 with title, minutes and total_cents."""
    for _ in range(2):
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


def test_attendees_have_bounds(quote, make_evening):
    """The number of attendees is whole, from 1 to 1000."""
    for number, status in ((0, 422), (1, 200), (1000, 200), (1001, 422), (1.5, 422), ("many", 422), (None, 422)):
        assert quote(make_evening(attendees=number)).status_code == status


def test_price_has_bounds_and_a_default(quote, make_evening):
    """The field price_cents is a whole number from 0 to 100000; left out, it is 0."""
    for price, status in ((-1, 422), (0, 200), (100_000, 200), (100_001, 422), (4.5, 422), ("free", 422), (None, 422)):
        assert quote(make_evening(price_cents=price)).status_code == status
    evening = make_evening()
    del evening["price_cents"]
    reply = quote(evening)
    assert reply.status_code == 200
    assert reply.json()["total_cents"] == 0


def test_no_other_field_may_be_missing(quote, make_evening):
    """An evening without title, attendees, starts_at or ends_at is refused with 422, never 500.

    Passes on the starter: the fields have no defaults. But a rule about two fields can break on one that is missing.
    """
    for name in ("title", "attendees", "starts_at", "ends_at"):
        evening = make_evening()
        del evening[name]
        assert quote(evening).status_code == 422


def test_evening_ends_after_it_starts(quote, make_evening, make_instant, assert_refused):
    """ends_at must be later than starts_at."""
    start = make_instant()
    for seconds in (0, -1, -(10**6)):
        end = start + timedelta(seconds=seconds)
        assert_refused(quote(make_evening(starts_at=start.isoformat(), ends_at=end.isoformat())))
    end = start + timedelta(seconds=1)
    assert quote(make_evening(starts_at=start.isoformat(), ends_at=end.isoformat())).status_code == 200


def test_evenings_may_be_long_ago_and_last_long(quote, make_evening, rng):
    """Of a date and time nothing is asked but an offset, and that the evening ends later than it starts.

    Passes on the starter: it takes any two times. But a rule about them can refuse too many.
    """
    past, future = f"19{rng.randint(10, 69)}-02-03T20:00:00Z", f"2{rng.randint(100, 999)}-02-03T20:00:00+02:00"
    assert quote(make_evening(starts_at=past, ends_at=past.replace("20:00", "21:00"))).status_code == 200
    assert quote(make_evening(starts_at=past, ends_at=future)).status_code == 200


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
    for naive in (("starts_at",), ("ends_at",), ("starts_at", "ends_at")):
        evening = make_evening()
        evening.update({name: evening[name][:19] for name in naive})
        assert quote(evening).status_code == 422


def test_numbers_are_no_times(quote, make_evening, rng):
    """A number is no date and time, and neither is a text that holds only a number."""
    seconds = rng.randint(1_800_000_000, 1_900_000_000)
    for number in (seconds, str(seconds), f"{seconds}.5", f"-{seconds}"):
        assert quote(make_evening(starts_at=number, ends_at="2060-01-01T00:00:00Z")).status_code == 422
    for number in (seconds, str(seconds)):
        assert quote(make_evening(starts_at="2020-01-01T00:00:00Z", ends_at=number)).status_code == 422


def test_every_broken_field_of_an_evening_is_named(quote, make_evening):
    """The 422 answer names each field of an evening that breaks a rule by itself, all of them at once."""
    wrong = {"title": "  x  ", "attendees": 0, "price_cents": -1, "starts_at": "soon", "ends_at": "yesterday"}
    reply = quote(make_evening(**wrong))
    assert reply.status_code == 422
    for name in wrong:
        is_named = name in reply.text
        assert is_named, f"the answer does not name {name}"
