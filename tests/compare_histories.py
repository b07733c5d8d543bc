"""`python -m tests.compare_histories 1000000`: compares both implementations of the due date on random histories."""

import random
import sys
from collections import Counter

from tests.oracle import answer
from tests.random_histories import random_history
from tests.unit.test_oracle import by_the_rules


def main(count: int, seed: int = 90) -> None:
    """Print the histories that differ, how many there were, and the share of each state."""
    rng, differing, states = random.Random(seed), 0, Counter[str]()
    for _ in range(count):
        history = random_history(rng)
        expected = answer(history)
        states[f"{expected['regime']}, {expected['state']}"] += 1
        if by_the_rules(history) != expected:
            differing += 1
            print(history, by_the_rules(history), expected)
    for state, number in states.most_common():
        print(f"{state:<24} {number:>8}")
    print(f"{count} histories, {differing} differ")


if __name__ == "__main__":
    main(int(sys.argv[1]))
