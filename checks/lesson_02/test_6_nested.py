"""2.6  Nest models, and name the item that is wrong."""

import itertools
from collections import Counter

import pytest


@pytest.fixture
def write_list(client):
    """A request for a shopping list."""
    return lambda body: client.post("/shopping-list", json=body)


def places(shown):
    """Every loc in an answer: the lists that begin in the body, wherever they stand."""
    if isinstance(shown, dict):
        return [loc for value in shown.values() for loc in places(value)]
    if isinstance(shown, list):
        return [shown] if shown[:1] == ["body"] else [loc for value in shown for loc in places(value)]
    return []


def leads_to(loc, *way):
    """Whether a loc begins in the body, passes these stations in this order, and ends at the last of them."""
    stations = iter(loc)
    return loc[:1] == ["body"] and loc[-1] == way[-1] and all(station in stations for station in way)


def as_items(grams):
    """A shopping list, as the contract orders it."""
    return {"items": [{"name": name, "grams": grams[name]} for name in sorted(grams) if grams[name] > 0]}


def test_needs_of_all_dishes_are_added_up(write_list, make_menu, make_ingredient, rng):
    """The list adds up what all dishes need of the same name, in the order of names."""
    shared = make_ingredient()
    dishes = [[make_ingredient(), {**shared, "grams": rng.randint(1, 500)}, make_ingredient()] for _ in range(4)]
    dishes[0].append(shared)  # twice in one dish
    needed = Counter()
    for ingredient in itertools.chain(*dishes):
        needed[ingredient["name"]] += ingredient["grams"]
    reply = write_list(make_menu(*dishes))
    assert reply.status_code == 200
    assert reply.json() == as_items(needed)


def test_pantry_is_taken_off(write_list, make_menu, make_ingredient, make_word, rng):
    """What the pantry holds is taken off once, from what all dishes need; what is not missing does not appear."""
    ingredients = [make_ingredient(grams=rng.randint(100, 900)) for _ in range(4)]
    needed = {ingredient["name"]: 2 * ingredient["grams"] for ingredient in ingredients}
    some, enough, plenty, nothing = needed
    stock = {some: rng.randint(1, 99), enough: needed[enough], plenty: needed[plenty] + 1, nothing: 0, make_word(): 50}
    reply = write_list(make_menu(ingredients, ingredients, stock=stock))
    assert reply.status_code == 200
    assert reply.json() == as_items({some: needed[some] - stock[some], nothing: needed[nothing]})


def test_made_ingredients_give_way_to_their_parts(write_list, make_menu, make_ingredient):
    """An ingredient that is made from others is replaced by them."""
    parts = [make_ingredient() for _ in range(3)]
    bought = make_ingredient()
    reply = write_list(make_menu([make_ingredient(*parts), bought]))
    assert reply.status_code == 200
    assert reply.json() == as_items(Counter({part["name"]: part["grams"] for part in [*parts, bought]}))


def test_parts_are_followed_to_any_depth(write_list, make_menu, make_ingredient, rng):
    """Parts that are made themselves give way to their parts, to any depth."""
    needed = Counter()

    def grow(depth):
        if depth == 0:
            leaf = make_ingredient()
            needed[leaf["name"]] += leaf["grams"]
            return leaf
        return make_ingredient(*[grow(rng.randrange(depth)) for _ in range(2)], grow(depth - 1))

    tree = grow(4)
    chain = make_ingredient()
    needed[chain["name"]] += chain["grams"]
    for _ in range(rng.randint(20, 40)):
        chain = make_ingredient(chain)
    reply = write_list(make_menu([tree], [chain]))
    assert reply.status_code == 200
    assert reply.json() == as_items(needed)


def test_depth_has_an_end(client):
    """Ingredients may be nested 200 deep; much deeper, the body is refused with 422 or 400, never 500."""
    for depth, statuses in ((200, [200]), (400, [422, 400]), (3000, [422, 400])):
        start, end = '{"name": "part", "grams": 1, "made_from": [', "]}"
        tree = start * depth + '{"name": "bottom", "grams": 7}' + end * depth
        body = f'{{"menu": {{"dishes": [{{"label": "Pie", "ingredients": [{tree}]}}]}}, "pantry": {{"stock": {{}}}}}}'
        reply = client.post("/shopping-list", content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code in statuses
        if reply.status_code == 200:
            assert reply.json() == as_items({"bottom": 7})


def test_made_from_nothing_is_bought(write_list, make_menu, make_ingredient):
    """made_from may be left out or empty: then the ingredient itself is bought."""
    ingredients = [make_ingredient(), make_ingredient(made_from=[])]
    # Sent against the order of the alphabet, in which they have to come back.
    ingredients.sort(key=lambda one: one["name"], reverse=True)
    reply = write_list(make_menu(ingredients))
    assert reply.status_code == 200
    assert reply.json() == as_items({one["name"]: one["grams"] for one in ingredients})


def test_blanks_around_names_are_dropped(write_list, make_menu, make_ingredient):
    """Blanks around the names of ingredients are dropped, so the same name is the same ingredient."""
    one = make_ingredient()
    again = {**one, "name": f"  {one['name']} "}
    reply = write_list(make_menu([one, again]))
    assert reply.status_code == 200
    assert reply.json() == as_items({one["name"]: 2 * one["grams"]})


def test_names_are_ordered_as_python_does(write_list, make_menu, make_ingredient, rng):
    """Names differ by their letter case, and come in the order in which Python sorts texts."""
    names = ["basil", "Basil", "Zander", "apple", "Äpfel", "zest", "10 eggs"]
    ingredients = [make_ingredient(name=name) for name in rng.sample(names, len(names))]
    reply = write_list(make_menu(ingredients, stock={"ZEST": 1}))
    assert reply.status_code == 200
    assert reply.json() == as_items({one["name"]: one["grams"] for one in ingredients})


def test_names_in_the_pantry_are_names(write_list, make_menu, make_ingredient, make_word):
    """The pantry's names follow the rules of names: blanks around them are dropped, 1 to 100 characters are left."""
    one = make_ingredient(grams=100)
    reply = write_list(make_menu([one], stock={f" {one['name']}\t": 30, make_word(100): 10**6}))
    assert reply.status_code == 200
    assert reply.json() == as_items({one["name"]: 70})
    for wrong in ("", "  ", make_word(101)):
        assert write_list(make_menu([one], stock={wrong: 1})).status_code == 422


def test_wrong_item_is_named_by_its_position(write_list, make_menu, rng):
    """The loc leads to the wrong item with its position in each list."""
    for field, value in (("grams", 0), ("grams", "some"), ("name", "  ")):
        body = make_menu(count=rng.randint(2, 5))
        dish = rng.randrange(len(body["menu"]["dishes"]))
        ingredients = body["menu"]["dishes"][dish]["ingredients"]
        position = rng.randrange(len(ingredients))
        ingredients[position][field] = value
        reply = write_list(body)
        assert reply.status_code == 422
        (loc,) = places(reply.json())
        assert leads_to(loc, "menu", "dishes", dish, "ingredients", position, field), (
            f"dish {dish}, ingredient {position} is wrong, and loc says {loc}"
        )


def test_every_wrong_item_is_named(write_list, make_menu, make_ingredient, rng):
    """Several wrong items give an entry each, the last item of a list included."""
    dishes = [[make_ingredient() for _ in range(3)] for _ in range(3)]
    for dish in dishes:
        dish[2]["grams"] = -rng.randint(1, 99)
    del dishes[1][0]["name"]
    reply = write_list(make_menu(*dishes))
    assert reply.status_code == 422
    found = places(reply.json())
    assert len(found) == 4
    for dish, position, field in ((0, 2, "grams"), (1, 2, "grams"), (2, 2, "grams"), (1, 0, "name")):
        assert any(leads_to(loc, "menu", "dishes", dish, "ingredients", position, field) for loc in found), (
            f"no entry leads to dish {dish}, ingredient {position}, {field}"
        )


def test_position_is_named_at_every_depth(write_list, make_menu, make_ingredient, rng):
    """The loc leads to a wrong part with its position at every depth."""
    wrong = make_ingredient(grams=0)
    way = ["grams"]
    for _ in range(rng.randint(2, 5)):
        position = rng.randrange(3)
        parts = [make_ingredient() for _ in range(3)]
        parts[position] = wrong
        wrong = make_ingredient(*parts)
        way = ["made_from", position, *way]
    reply = write_list(make_menu([make_ingredient(), wrong]))
    assert reply.status_code == 422
    (loc,) = places(reply.json())
    assert leads_to(loc, "menu", "dishes", 0, "ingredients", 1, *way), f"the way is {way}, and loc says {loc}"


def test_body_has_its_shape(write_list, make_menu):
    """A body has menu and pantry, a menu 1 to 20 dishes, a dish an ingredient or more."""
    for count, status in ((20, 200), (21, 422)):
        assert write_list(make_menu(count=count)).status_code == status
    empty = make_menu()
    empty["menu"]["dishes"] = []
    assert write_list(empty).status_code == 422
    assert write_list(make_menu([])).status_code == 422
    for missing in ("menu", "pantry"):
        body = make_menu()
        del body[missing]
        reply = write_list(body)
        assert reply.status_code == 422
        assert ["body", missing] in places(reply.json())
    for part, field in (("menu", "dishes"), ("pantry", "stock")):
        body = make_menu()
        del body[part][field]
        assert write_list(body).status_code == 422


def test_amounts_and_names_have_bounds(write_list, make_menu, make_ingredient, make_word):
    """Grams are from 1 to 100000, a stock from 0, names from 1 to 100 characters."""
    for change, status in (
        ({"grams": 1}, 200),
        ({"grams": 100_000}, 200),
        ({"grams": 100_001}, 422),
        ({"grams": 1.5}, 422),
        ({"grams": None}, 422),
        ({"name": make_word(100)}, 200),
        ({"name": make_word(101)}, 422),
        ({"made_from": make_word()}, 422),
        ({"made_from": None}, 422),
    ):
        assert write_list(make_menu([make_ingredient(**change)])).status_code == status
    for amount in (-1, 0.5, "much", None):
        assert write_list(make_menu(stock={make_word(): amount})).status_code == 422
    for label, status in ((make_word(100), 200), (make_word(101), 422), ("   ", 422)):
        body = make_menu()
        body["menu"]["dishes"][0]["label"] = label
        assert write_list(body).status_code == status
