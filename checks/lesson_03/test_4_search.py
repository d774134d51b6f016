"""3.4  Search without opening the door."""

import pytest

INJECTIONS = [
    "' OR '1'='1",
    "%' OR 1=1 --",
    "x') OR ('a'='a",
    "zzz' UNION SELECT * FROM recipes --",
    "'; DELETE FROM recipes; --",
    '" OR ""="',
    "\\' OR 1=1 --",
]
SPECIAL = [
    "%%%",
    "100%",
    "___",
    "a_b",
    "\\\\\\",
    "c:\\d",
    "a/b",
    "///",
    "/%%",
    "don't",
    'a "b',
    "x;y;z",
    "--x",
    "?, ?",
    ":id",
    "%s%s",
]


@pytest.fixture
def find(client):
    """The labels that a search answers."""

    def labels(keyword, **more):
        reply = client.get("/recipes/search", params={"keyword": keyword, "max_results": 100, **more})
        assert reply.status_code == 200
        return [recipe["label"] for recipe in reply.json()["results"]]

    return labels


@pytest.fixture
def shelf(add_recipes, rng):
    """Labels, stored: each special text stands inside one of them, and others look nearly like it."""
    words = ["Soup", "Pie", "Curry", "Bread", "Stew"]
    labels = [f"{rng.choice(words)} {text} {rng.randrange(1000)}" for text in SPECIAL]
    labels += [
        f"{rng.choice(words)} {text} {rng.randrange(1000)}" for text in ("1000 grams", "axb", "cd", "ab", "dont")
    ]
    rng.shuffle(labels)
    add_recipes([{"label": label} for label in labels])
    return labels


def fitting(keyword, labels):
    """What a search has to find, without a database."""
    return [label for label in labels if keyword.lower() in label.lower()]


def test_keyword_is_found_in_either_case(find, shelf, rng):
    """The search finds every label that contains the keyword, in either letter case, in the order of the ids."""
    for word in ("Don't", rng.choice(shelf)[:3]):
        for keyword in (word, word.upper(), word.lower()):
            assert find(keyword) == fitting(keyword, shelf)


def test_quotes_and_commands_are_only_text(find, shelf, labels, rng):
    """A keyword with quotes and SQL in it finds the labels that contain it, and does nothing else."""
    for keyword in rng.sample(INJECTIONS, len(INJECTIONS)):
        assert find(keyword) == fitting(keyword, shelf)
    assert labels() == shelf, "the search has changed the table"


def test_label_with_an_injection_is_found(find, shelf, add_recipe, rng):
    """A label that holds quotes and SQL is found by just that text."""
    text = rng.choice(INJECTIONS)
    label = f"Soup {text} and salt"
    add_recipe(label=label)
    add_recipe(label="Not this one", source=text)
    assert find(text) == [label]


def test_every_character_stands_for_itself(find, shelf, rng):
    """Percent, underscore, backslash, slash and quotes stand for themselves in a keyword."""
    for keyword in rng.sample(SPECIAL, len(SPECIAL)):
        assert find(keyword) == fitting(keyword, shelf), (
            f"the search for {keyword} finds other labels too, or not this one"
        )


def test_letters_of_every_alphabet_are_found(find, shelf, add_recipe):
    """A letter beyond a to z stands for itself in a keyword, a capital too."""
    label = "Risotto ÉTÉ, Ährentorte und Щи"
    add_recipe(label=label)
    for keyword in ("ÉTÉ", "Ährentorte", "und Щи"):
        assert find(keyword) == [label], (
            f"the label {label} is not found by {keyword}: what lowers É in one of them lowers it in both"
        )


def test_keyword_is_one_text(find, add_recipes):
    """A keyword of several words is found as it stands, not word by word."""
    add_recipes([{"label": label} for label in ("Lemon rice soup", "Soup of lemon", "Lemon soup", "lemonsoup")])
    assert find("lemon soup") == ["Lemon soup"]


def test_bounds_stay_as_they_were(client, add_recipe):
    """A keyword has 3 to 50 characters without the blanks around it, and max_results is from 1 to 100."""
    recipe = add_recipe(label="s" * 60)
    for allowed in ({"keyword": "  sss "}, {"keyword": "s" * 50, "max_results": 1}, {"max_results": 100}):
        reply = client.get("/recipes/search", params=allowed)
        assert reply.status_code == 200
        assert [one["id"] for one in reply.json()["results"]] == [recipe["id"]]
    for refused in ({"keyword": " ss  "}, {"keyword": "s" * 51}, {"max_results": 0}, {"max_results": 101}):
        assert client.get("/recipes/search", params=refused).status_code == 422


def test_search_looks_through_the_whole_table(find, add_recipes, rng):
    """max_results limits what was found, not where the search looks."""
    late = [f"Cook's saffron {number}" for number in rng.sample(range(1000), 4)]
    add_recipes([{"label": f"Plain rice {number}"} for number in range(15)] + [{"label": label} for label in late])
    assert find("cook's", max_results=3) == late[:3]
    assert find("cook's saffron", max_results=4) == late


def test_search_without_a_keyword_answers_the_first(client, find, shelf):
    """Without a keyword every recipe fits: the search answers the first ten, or max_results."""
    reply = client.get("/recipes/search")
    assert reply.status_code == 200
    assert [recipe["label"] for recipe in reply.json()["results"]] == shelf[:10]
    reply = client.get("/recipes/search", params={"max_results": 12})
    assert [recipe["label"] for recipe in reply.json()["results"]] == shelf[:12]
    assert find("no' such' thing") == []


def test_keyword_travels_beside_the_sql(service, find, shelf, rng):
    """The keyword is a parameter, never a part of the statement's text."""
    keyword = f"marker{rng.randrange(10**6)}"
    with service.probe() as probe:
        find(keyword)
    assert probe.statements, "the search asked the database nothing"
    for statement in probe.statements:
        assert keyword not in statement.lower(), "the keyword is written into the SQL text"
