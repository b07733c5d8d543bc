"""Which passports belong to one person: the same whether asked of the rule or of a naive model."""

import random

import pytest

from immigration.rules.birth_dates import BirthDate
from immigration.rules.linking import Bearer, Link, LinkedPassports, LinkObstacle

BORN = BirthDate(1981, 1, 1)


def passports(**sexes):
    return LinkedPassports({name: Bearer(BORN, sex) for name, sex in sexes.items()})


def people(linked):
    return sorted(sorted(group) for group in linked.people())


def test_passports_that_replace_one_another_are_one_person_in_the_order_of_their_age():
    linked = passports(third="M", second="M", first="M")
    assert linked.add(Link("third", "second")) is None
    assert linked.add(Link("second", "first")) is None
    assert [group[0] for group in linked.people()] == ["first"]


@pytest.mark.parametrize(
    ("one", "other", "obstacle"),
    [
        (Bearer(BORN, "M"), Bearer(BORN, "F"), LinkObstacle.SEX),
        (Bearer(BORN, "M"), Bearer(BORN, "X"), None),
        (Bearer(BORN, "M"), Bearer(BirthDate(1992, 2, 2), "F"), LinkObstacle.BIRTH_DATE),
        (Bearer(BORN, "F"), Bearer(BirthDate(1981), "F"), None),
        (Bearer(BirthDate(1981, None, 1), "F"), Bearer(BirthDate(1981, 2), "F"), None),
        (Bearer(BirthDate(1981, 3), "F"), Bearer(BirthDate(1981, 2, 1), "F"), LinkObstacle.BIRTH_DATE),
        (Bearer(BirthDate(1981), "X"), Bearer(BORN, "F"), None),
    ],
)
@pytest.mark.parametrize("replaces", [True, False])
def test_only_what_both_passports_state_contradicts(one, other, obstacle, replaces):
    linked = LinkedPassports({"one": one, "other": other})
    assert linked.obstacle(Link("one", "other", replaces)) is obstacle
    assert linked.add(Link("other", "one", replaces)) is obstacle
    assert len(people(linked)) == (2 if obstacle else 1)


def test_a_passport_that_states_no_sex_does_not_join_a_man_and_a_woman():
    linked = passports(man="M", unstated="X", woman="F")
    assert linked.add(Link("unstated", "man")) is None
    assert linked.add(Link("woman", "unstated")) is LinkObstacle.SEX
    assert people(linked) == [["man", "unstated"], ["woman"]]


def test_a_passport_may_be_replaced_by_two_others_and_named_twice():
    linked = passports(a="F", b="F", c="F")
    assert [linked.add(Link(newer, "a")) for newer in ("b", "c", "b")] == [None] * 3
    assert linked.add(Link("c", "b")) is None
    assert people(linked) == [["a", "b", "c"]]


def test_a_circle_is_refused_also_through_others_and_through_an_officers_link():
    linked = passports(a="F", b="F", c="F", d="F")
    assert linked.add(Link("a", "a")) is LinkObstacle.CIRCLE
    assert linked.add(Link("b", "a")) is None
    assert linked.add(Link("c", "b")) is None
    assert linked.add(Link("a", "c")) is LinkObstacle.CIRCLE
    assert linked.add(Link("a", "d", replaces=False)) is None
    assert linked.add(Link("d", "c")) is LinkObstacle.CIRCLE
    assert linked.add(Link("c", "a", replaces=False)) is LinkObstacle.CIRCLE


def test_the_records_may_say_which_of_two_linked_passports_replaces_the_other():
    linked = passports(a="F", b="F")
    assert linked.add(Link("a", "b", replaces=False)) is None
    assert linked.add(Link("b", "a")) is None


def naive_people(bearers, links):
    """Groups as sets that are searched anew for each link; a circle is looked for by following every step."""
    groups, accepted = [{key} for key in bearers], []
    for link in links:
        first, second = (next(group for group in groups if key in group) for key in (link.first, link.second))
        if first is not second:
            stated = [bearers[key] for key in first | second]
            sexes = {bearer.sex for bearer in stated} - {"X"}
            births = [bearer.birth_date for bearer in stated]
            parts = [{getattr(birth, part) for birth in births} - {None} for part in ("year", "month", "day")]
            if len(sexes) > 1 or any(len(part) > 1 for part in parts):
                continue
            groups = [group for group in groups if group is not first and group is not second] + [first | second]
        elif link.first == link.second or closes_a_circle(accepted, link):
            continue
        accepted.append(link)
    return sorted(sorted(group) for group in groups)


def closes_a_circle(accepted, link):
    ends = [(link.second, link.first)] if link.replaces else [(link.second, link.first), (link.first, link.second)]
    return any(end in older_than(accepted, start) for start, end in ends)


def older_than(accepted, start):
    beside, older = {start}, set()
    for _ in range(2 * len(accepted) + 1):
        for link in accepted:
            if link.replaces:
                older |= {link.second} if link.first in beside | older else set()
                continue
            for here, there in ((link.first, link.second), (link.second, link.first)):
                beside |= {there} if here in beside else set()
                older |= {there} if here in older else set()
    return older


@pytest.mark.parametrize("seed", range(300))
def test_random_links_join_whom_the_naive_model_joins(seed):
    rng = random.Random(seed)
    keys = range(rng.randrange(2, 9))
    years, sexes = rng.choice([(1981,), (1981, 1981, 1992)]), rng.choice(["F", "FFX", "FMX"])
    months, days = rng.choice([(1,), (1, 1, 2, None)]), (1, None)
    births = {key: BirthDate(rng.choice(years), rng.choice(months), rng.choice(days)) for key in keys}
    bearers = {key: Bearer(births[key], rng.choice(sexes)) for key in keys}
    links = [Link(rng.choice(keys), rng.choice(keys), rng.random() < 0.7) for _ in range(rng.randrange(1, 16))]
    linked = LinkedPassports(bearers)
    for link in links:
        linked.add(link)
    assert people(linked) == naive_people(bearers, links)
    for group in linked.people():
        assert all(linked.are_one(group[0], key) for key in group)


def test_a_chain_of_thousands_is_quick():
    keys = range(20_000)
    linked = LinkedPassports({key: Bearer(BORN, "F") for key in keys})
    assert all(linked.add(Link(key + 1, key)) is None for key in keys[:-1])
    assert [len(group) for group in linked.people()] == [20_000]
