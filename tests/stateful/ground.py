"""What every act of a life stands on: the people, what the life knows of them, and a look at what is stored."""

from datetime import date, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from foundation.clock import bangkok_date
from tests.factories import load, row
from tests.stateful.ledger import Ledger
from tests.stateful.people import Soul
from tests.stateful.picture import look
from tests.stateful.promises import Answered, Seen
from tests.stateful.world import World

VISAS = st.sampled_from(["NON-O", "NON-O", "NON-O", "NON-O", "NON-B", "NON-B", "TR", "LTR", "PR"])
NUMBER = st.integers(0, 50)
WHO = st.sampled_from([0, 0, 0, 1])
LONGEST_WAIT = 60


class Ground(RuleBasedStateMachine):
    """A person, at times a stranger, and what was acknowledged, shown and promised to them."""

    world: ClassVar[World]

    def begin(self, assurance: str, ago: int) -> None:
        """A person on record who arrived a while ago."""
        self.world.begin()
        self.ledger = Ledger()
        self.acknowledged: dict[str, Answered] = {}
        self.verified: dict[str, str] = {}
        self.promised: dict[str, str] = {}
        self.down, self.phones = False, 0
        self.souls = [Soul(self.world, assurance)]
        self.import_passport(self.souls[0], "")
        on, until = self.on(ago), self.on(ago - 400)
        values = {"occurred_on": on, "permitted_until": until}
        self.put("movements", row("movements", document_number=self.souls[0].passport, **values))
        self.souls[0].activate(assurance)
        self.look()

    @property
    def today(self) -> date:
        """The civil date in Bangkok."""
        return bangkok_date(self.world.now)

    def on(self, ago: int) -> str:
        """A day so many days ago."""
        return str(self.today - timedelta(days=ago))

    def soul(self, who: int) -> Soul:
        """The person, or the stranger if there is one."""
        return self.souls[min(who, len(self.souls) - 1)]

    def look(self) -> Seen:
        """See how things stand."""
        picture = look(self.world.database)
        people = {soul.id_in(picture): soul.passports for soul in self.souls}
        now, law = self.world.now, self.world.filing.law
        self.seen = Seen(picture, self.ledger, people, self.acknowledged, now, law, self.ledger.imports)
        return self.seen

    def put(self, kind: str, found: dict[str, str]) -> None:
        """Import a row; what was promised before may be otherwise now."""
        load(self.world.app, kind, found)
        self.ledger.put(kind, found)
        self.promised.clear()

    def import_passport(self, soul: Soul, replaces: str) -> None:
        """A new passport of theirs."""
        number = f"LIFE{sum(len(one.passports) for one in self.souls) + 1}"
        values = {"document_number": number, "replaces": replaces and f"FRA:{replaces}", "expires_on": "2099-01-01"}
        load(self.world.app, "passports", row("passports", **values))
        soul.passports.append(number)
        self.promised.clear()

    def wait(self, days: int) -> None:
        """Time passes; the worker refreshes what a future row or another law made out of date, as it always does.

        Nobody leaves their phone alone for so long that it has to be activated again.
        """
        while days:
            hop = min(days, LONGEST_WAIT)
            self.world.now += timedelta(days=hop)
            days -= hop
            if days:
                self._use_phones()
        self.promised.clear()
        self.world.round("refresh")

    def _use_phones(self) -> None:
        for soul in self.souls:
            if soul.has_phone:
                assert soul.phone
