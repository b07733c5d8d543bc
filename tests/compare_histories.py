"""`python -m tests.compare_histories 1000000`: that many random lives through both implementations of the due date."""

import random
import sys
from collections import Counter

from tests.oracle import answer, random_life
from tests.unit.test_stateful import by_the_rules


def main(lives: int, seed: int = 90) -> None:
    """Print the lives that differ, how many there were, and how the states were spread."""
    rng, differing, states = random.Random(seed), 0, Counter[str]()
    for _ in range(lives):
        life = random_life(rng)
        expected = answer(life)
        states[f"{expected['regime']}, {expected['state']}"] += 1
        if by_the_rules(life) != expected:
            differing += 1
            print(life, by_the_rules(life), expected)
    for state, count in states.most_common():
        print(f"{state:<24} {count:>8}")
    print(f"{lives} lives, {differing} differ")


if __name__ == "__main__":
    main(int(sys.argv[1]))
