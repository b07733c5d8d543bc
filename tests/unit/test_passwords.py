"""Which passwords an officer may have."""

import threading
import time
from functools import partial

import pytest

from immigration.registries.passwords import common_passwords
from immigration.rules.passwords import obstacles
from immigration.services import passwords
from tests.factories import together


def refused(password, name="somchai"):
    return list(obstacles(password, name=name, shortest=15, common=common_passwords()).values())


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a-long-enough-password",
        "ninety-days-demo",
        "ฉันชอบกินข้าวเหนียวมะม่วง",
        "k8#vT2!pQz9@wLm4",
        "830147259163084",
        "x7" * 3 + "plum tart after rain",
    ],
)
def test_a_long_password_of_ones_own_is_taken(password):
    assert refused(password) == []


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PasswordPassword",
        "password1234567",
        "!!!password!!!2026",
        "123456789012345",
        "987654321098765",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "qwertyqwertyqwe",
        "abcdefghijklmnopq",
        "1q2w3e4r5t6y7u8i",
        "sunshineprincess",
        "iloveyouiloveyou1",
        "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
    ],
)
def test_what_is_tried_first_is_refused(password):
    assert refused(password) == ["this password is one of those that are tried first"]


@pytest.mark.parametrize("password", ["Somchai likes rice 9", "my.name.is.SOMCHAI"])
def test_the_name_is_no_part_of_a_password(password):
    assert refused(password) == ["a password does not contain the name of the account"]


@pytest.mark.parametrize(
    "password", ["SomchaiJaidee 2569!", "somchai-jaidee/2026", "ｓｏｍｃｈａｉ jaidee x", "my somchai_jaidee"]
)
def test_the_name_is_no_part_of_a_password_however_it_is_written(password):
    assert refused(password, "somchai.jaidee") == ["a password does not contain the name of the account"]


def test_a_name_of_two_letters_is_in_too_many_words():
    assert refused("correct horse battery", name="or") == []


@pytest.mark.parametrize(("length", "fault"), [(14, "at least 15"), (257, "at most 256")])
def test_a_password_has_a_length(length, fault):
    (said,) = refused(("plum tart after rain " * 20)[:length])
    assert fault in said


def test_the_list_has_what_people_choose():
    assert {"123456", "password", "qwerty123", "iloveyou", "sunshine"} <= common_passwords()
    assert len(common_passwords()) > 18_000


def test_of_many_first_sign_ins_with_a_wrong_name_one_makes_the_hash_that_they_are_compared_with():
    """Each hash takes 64 MiB: ten threads at once would take what a bounded number of checks is there to save."""
    passwords._hash_of_no_password.cache_clear()
    assert len(set(together([passwords.hash_of_no_password] * 8))) == 1


def test_two_passwords_at_a_time_are_checked_whoever_asks(monkeypatch):
    """Each takes 64 MiB: a flood from any number of networks takes no more than two of them."""
    inside, most, lock = 0, 0, threading.Lock()

    class Hasher:
        def verify(self, *_):
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.05)
            with lock:
                inside -= 1
            return True

    monkeypatch.setattr(passwords, "_HASHER", Hasher())
    calls = [partial(passwords.matches, "", "", network=f"192.0.{number}.0/24") for number in range(6)]
    assert together(calls) == [True] * 6
    assert most == 2
