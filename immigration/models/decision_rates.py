"""How the decisions of officers turned out, counted by office and officer over the last weeks."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal
from foundation.db import Base


class DecisionRate(Base):
    """What an officer decided in an office, and how much of it went against the records or did not stand."""

    __tablename__ = "decision_rates"
    __table_args__ = ({"info": {"retention": "until they are counted again, within the hour"}},)

    office: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("office of the reports"))
    officer: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("role and name of who decided"))
    decided: Mapped[int] = mapped_column(Integer, info=internal("decisions"))
    returned: Mapped[int] = mapped_column(Integer, info=internal("of these, returned for correction"))
    refused: Mapped[int] = mapped_column(Integer, info=internal("of these, rejected, or asked to come"))
    overridden: Mapped[int] = mapped_column(Integer, info=internal("of these, against the records"))
    flagged: Mapped[int] = mapped_column(Integer, info=internal("of these, flagged by a second person"))
    reopened: Mapped[int] = mapped_column(Integer, info=internal("of these, reopened since"))
    since: Mapped[date] = mapped_column(Date, info=internal("first day that is counted"))
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), info=internal("when it was counted"))
