"""`python -m tests.compare_histories 1000000`: compares both implementations of the due date on random histories."""

import random
import sys
from collections import Counter

from tests.oracle import answer, features, random_history
from tests.unit.test_oracle import by_the_rules, difference, smallest

SHOWN = 5


def main(count: int, seed: int = 90) -> None:
    """Print the first histories that differ, how many there were, and how often everything was met."""
    rng, fields, met = random.Random(seed), Counter[str](), Counter[str]()
    differing = 0
    for _ in range(count):
        history = random_history(rng)
        met.update(features(history))
        answered, expected = by_the_rules(history), answer(history)
        if answered != expected:
            differing += 1
            fields.update(name for name in expected if answered[name] != expected[name])
            if differing <= SHOWN:
                print(difference(smallest(history)), end="\n\n")
    for what, number in sorted(met.items()):
        print(f"{what:<60} {number:>8}")
    for field, number in fields.most_common():
        print(f"differs in {field:<49} {number:>8}")
    print(f"{count} histories, {differing} differ")


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(int, sys.argv[2:3]))
