"""Drill: guesses at codes, passwords and tokens, and floods of them beside honest people who must not wait for it."""

import base64
import hashlib
import hmac
import json
import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.request import urlopen

from sqlalchemy import select

from drills.calls import Answer, Caller, NoAnswer
from drills.installation import Installation, installation
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from drills.staff import add_officer, credentials
from foundation.clock import system_clock
from immigration.models.people import Passport
from immigration.rules import numbers
from immigration.services import activations

SERVED = 2.0  # seconds within which an honest person is served beside a flood
SLOWED = 5  # times what it takes without a flood, where that is more: the machine is slow then
HONEST = 10  # people who activate, one after another, beside each flood
FLOODERS = 3  # connections that flood at once
Details = dict[str, str]


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row, random_ = Row("guessing"), random.Random(sizes.seed)
    with installation() as system:
        owners = [_details(system, each) for each in add(system, 1 + 4 * HONEST)]
        add_officer(system, "honest", office="BKK")
        usual = _served(row, system, "no flood", owners[-HONEST:])
        row.figure(slowest_without_a_flood=f"{usual * 1000:.0f} ms")
        _take_over(row, system, owners[0], sizes.guesses, usual)
        floods = {"activation": _wrong_code, "mail_request": _mail_request, "sign-in": _wrong_password}
        for number, (name, flood) in enumerate(floods.items()):
            group = owners[1 + number * HONEST : 1 + (number + 1) * HONEST]
            _beside_a_flood(row, system, name, partial(flood, details=owners[0], random_=random_), group, usual)
        _forged_tokens(row, system)
    return row


def _details(system: Installation, who: Resident) -> Details:
    """All that is printed in a person's passport, as an activation takes it."""
    with system.database.read_session() as session:
        passport = session.scalars(select(Passport).where(Passport.person_id == who.id)).one()
        return {
            "document_number": passport.document_number,
            "issuing_state": passport.issuing_state,
            "birth_date": str(passport.birth_date),
        }


def _issue(system: Installation, details: Details) -> str:
    with system.database.transaction() as session:
        issued = activations.issue(
            session,
            details["document_number"],
            details["issuing_state"],
            assurance="counter",
            issued_by="drill",
            now=system_clock(),
        )
        return issued.activation_code


def _take_over(row: Row, system: Installation, owner: Details, guesses: int, usual: float) -> None:
    """Somebody with every field of a passport guesses codes, from one network and from many; then its holder comes."""
    code, caller = _issue(system, owner), Caller(system.ports)
    seen: Counter[int] = Counter()
    for number in range(guesses):
        network = "203.0.113.9" if number % 2 else f"198.51.{number // 250 % 256}.{number % 250}"
        body = owner | {"activation_code": _guess()}
        seen[_ask(caller, "/activations", body, network).status] += 1
    answer = _ask(caller, "/activations", owner | {"activation_code": code}, "203.0.113.9")
    row.figure(take_overs=f"{seen[201]} of {guesses}", throttled=seen[429])
    row.require("no guess at a code activates a phone", seen[201] == 0)
    row.require("every guess is answered 401 or 429", seen[401] + seen[429] == guesses)
    row.require("the holder's own code is taken after all of it, from the attacker's network too", answer.status == 201)
    row.require("the holder is served in time", answer.seconds <= _bound(usual))


def _guess() -> str:
    """Some activation code; that it is a right one has a chance of one in 10^15."""
    return numbers.activation_code(os.urandom(numbers.CODE_BYTES))


def _ask(caller: Caller, path: str, body: Any, network: str = "192.0.2.1") -> Answer:
    """One request as if from a network."""
    return caller.ask_again("POST", path, body, X_Forwarded_For=network)


def _wrong_code(caller: Caller, details: Details, random_: random.Random) -> int:
    return _ask(caller, "/activations", details | {"activation_code": _guess()}, _network(random_)).status


def _mail_request(caller: Caller, details: Details, random_: random.Random) -> int:
    return _ask(caller, "/activations/requests", details, _network(random_)).status


def _wrong_password(caller: Caller, details: Details, random_: random.Random) -> int:
    body = {"name": "honest", "password": f"not-the-password-{random_.random()}"}
    return _ask(caller, "/officers/sessions", body, _network(random_)).status


def _network(random_: random.Random) -> str:
    """Few networks, so that they are throttled: 198.18.0.0/15 is there for tests (RFC 2544)."""
    return f"198.18.{random_.randrange(4)}.{random_.randrange(256)}"


def _beside_a_flood(
    row: Row, system: Installation, name: str, flood: Callable[[Caller], int], honest: list[Details], usual: float
) -> None:
    """Honest people come while a flood goes on; `usual` is what the slowest of them waited without one, in seconds."""
    with _flooding(system, flood) as seen:
        slowest = _served(row, system, f"a flood of {name}", honest)
    row.figure(**{f"{name}_flood": sum(seen.values()), f"slowest_beside_{name}": f"{slowest * 1000:.0f} ms"})
    row.require(f"beside a flood of {name} everyone is served within {_bound(usual):.1f} s", slowest <= _bound(usual))
    row.require(f"a flood of {name} gets no answer of success", not seen[201] and not seen[200])
    row.require(f"a flood of {name} causes no error", all(status < 500 for status in seen))


def _bound(usual: float) -> float:
    return max(SERVED, SLOWED * usual)


def _served(row: Row, system: Installation, beside: str, honest: list[Details]) -> float:
    """Let honest people activate, and an honest officer sign in, from other networks; what the slowest waited."""
    caller, answers = Caller(system.ports), []
    for number, each in enumerate(honest):
        body = each | {"activation_code": _issue(system, each)}
        answers.append(_ask(caller, "/activations", body, f"192.0.{number}.1"))
    row.require(f"beside {beside} honest activations are taken", all(each.status == 201 for each in answers))
    signed = _ask(caller, "/officers/sessions", credentials(system, "honest"), "100.64.0.1")
    row.require(f"beside {beside} an honest officer signs in", signed.status in (200, 201))
    return max(each.seconds for each in [*answers, signed])


@contextmanager
def _flooding(system: Installation, flood: Callable[[Caller], int]) -> Iterator[Counter[int]]:
    """Some connections that call without pause until the block ends; what they were answered."""
    seen, over = Counter[int](), threading.Event()

    def work() -> None:
        caller = Caller(system.ports)
        while not over.is_set():
            with suppress(NoAnswer):
                seen[flood(caller)] += 1

    threads = [threading.Thread(target=work, daemon=True) for _ in range(FLOODERS)]
    for thread in threads:
        thread.start()
    yield seen
    over.set()
    for thread in threads:
        thread.join()


def _forged_tokens(row: Row, system: Installation) -> None:
    """Tokens that were changed, signed by others, or made for something else."""
    (who,) = add(system, 1)
    caller, tokens = Caller(system.ports), list(_forgeries(who.token, system))
    taken = [name for name, token in tokens if caller.ask("GET", "/me", token=token).status != 401]
    row.figure(forged_tokens=len(tokens), taken=len(taken))
    row.require(f"no forged token is taken: {taken}", not taken)
    row.require("the genuine one is", caller.ask("GET", "/me", token=who.token).status == 200)


def _forgeries(token: str, system: Installation) -> Iterator[tuple[str, str]]:
    head, body, signature = token.split(".")
    header, claims = _decoded(head), _decoded(body)
    with urlopen(f"http://127.0.0.1:{system.ports[0]}/.well-known/jwks.json") as answer:
        keys = answer.read()
    for algorithm in ("none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "RS256", "ES384", "EdDSA", ""):
        changed = _encoded(header | {"alg": algorithm})
        yield f"alg {algorithm}, own signature", f"{changed}.{body}.{signature}"
        yield f"alg {algorithm}, no signature", f"{changed}.{body}."
        mac = hmac.new(keys, f"{changed}.{body}".encode(), hashlib.sha256).digest()
        yield f"alg {algorithm}, signed with the public keys", f"{changed}.{body}.{_base64(mac)}"
    for name, value in (
        ("kid", "../../../../dev/null"), ("kid", "' or 1=1 --"), ("kid", ""), ("kid", None), ("kid", ["x"]),
        ("jku", "http://127.0.0.1:1/keys"), ("x5u", "http://127.0.0.1:1/cert"), ("jwk", {"kty": "oct", "k": ""}),
        ("crit", ["exp"]), ("typ", "statement+jwt"),
    ):  # fmt: skip
        yield f"header {name} {value}", f"{_encoded(header | {name: value})}.{body}.{signature}"
    for name, claimed in (
        ("sub", "00000000-0000-0000-0000-000000000001"), ("sub", None), ("sub", []), ("asr", "office"),
        ("exp", 9_999_999_999), ("exp", None), ("iss", "https://elsewhere.example"), ("aud", "elsewhere"),
        ("iat", 0), ("nbf", 9_999_999_999), ("role", "administrator"), ("fam", "1"),
    ):  # fmt: skip
        yield f"claim {name} {claimed}", f"{head}.{_encoded(claims | {name: claimed})}.{signature}"
    for place in range(0, len(signature), 8):
        other = "A" if signature[place] != "A" else "B"
        yield f"signature, character {place}", f"{head}.{body}.{signature[:place]}{other}{signature[place + 1 :]}"
    for name, changed in (
        ("two parts", f"{head}.{body}"),
        ("four", f"{token}.x"),
        ("none", "."),
        ("long", "a" * 9_000),
    ):
        yield name, changed


def _decoded(part: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content


def _encoded(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
