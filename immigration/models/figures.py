"""The figures that are published: counts of many people, rounded, the small ones hidden. None is about a person."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, opened
from foundation.db import Base


class Figure(Base):
    """A count as it is shown: where, of what, and how many; written anew each night, and read by every page."""

    __tablename__ = "figures"
    __table_args__ = (
        Index("ix_figures_office", "office", "kind"),
        {"info": {"retention": "until the next night, when they are counted again"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, info=internal("row id"))
    kind: Mapped[str] = mapped_column(Text, info=opened("what the figure is about, such as forecast or rates"))
    item: Mapped[str] = mapped_column(Text, info=opened("which count of it, such as a channel"))
    office: Mapped[str] = mapped_column(Text, info=opened("of which office; empty: of all"))
    nationality: Mapped[str] = mapped_column(Text, info=opened("of which nationality; empty: of all"))
    day: Mapped[date | None] = mapped_column(Date, info=opened("of which day, or week from that Monday on"))
    number: Mapped[int | None] = mapped_column(
        BigInteger, info=opened("how many, rounded; null: small, or it would give a small one away")
    )


class FigureCount(Base):
    """When the figures were last counted, and over which days; one row."""

    __tablename__ = "figure_counts"
    __table_args__ = ({"info": {"retention": "until the next night, when they are counted again"}},)

    counted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), primary_key=True, info=opened("when they were counted")
    )
    today: Mapped[date] = mapped_column(Date, info=opened("the day as of which they were"))
    since: Mapped[date] = mapped_column(Date, info=opened("first day of the weeks that were counted"))
    until: Mapped[date] = mapped_column(Date, info=opened("last day of them"))
