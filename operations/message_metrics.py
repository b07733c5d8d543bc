"""Metrics of messages, channels and rounds, for Prometheus: read from the database, the same from every process."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from foundation import round_log
from foundation.db import ReadSession
from foundation.round_log import RoundState
from notifications.channels.registry import CHANNELS
from notifications.rules import ROUTINE, URGENT, Outcome
from notifications.services import admission, figures
from notifications.services.figures import BOUNDS, PLANNED, Counted, Key, Waiting

LANES = {URGENT: "urgent", ROUTINE: "routine"}
_WAITS = [(kind.name, lane) for kind in CHANNELS for lane in LANES]
NAMES = (
    "reminders_planned",
    "delivery_tries",
    "delivery_late_seconds",
    "deliveries_due",
    "deliveries_oldest_due_seconds",
    "channel_stopped",
    "channel_fault",
    "round_succeeded_seconds",
    "round_duration_seconds",
    "rounds_failed",
    "rounds_missed",
)
"""All that this file gives out, without `tm47_`, and without the endings that Prometheus adds to counters."""


class MessageMetrics(Collector):
    """What is known at one moment; `now` is the clock of the service."""

    def __init__(self, session: ReadSession, now: datetime) -> None:
        self._counters = figures.counters(session)
        self._waiting = figures.waiting(session, now=now)
        self._stopped = {state.channel: state.fault for state in admission.stopped(session)}
        self._rounds = round_log.states(session)

    def collect(self) -> Iterator[Metric]:
        """The families of metrics."""
        yield from _tries(self._counters)
        yield from _due(self._waiting)
        yield _of_channels("stopped", "whether a channel sends nothing at present", self._stopped.keys())
        faults = {channel for channel, fault in self._stopped.items() if fault}
        yield _of_channels("fault", "whether it does so because our set-up is to be put right", faults)
        yield from _rounds(self._rounds)


def _tries(counters: Sequence[Counted]) -> Iterator[Metric]:
    planned = CounterMetricFamily("tm47_reminders_planned", "reminders that were planned")
    planned.add_metric([], sum(each.number for each in counters if each.key.outcome == PLANNED))
    yield planned
    labels = ["channel", "lane", "outcome"]
    tries = CounterMetricFamily("tm47_delivery_tries", "messages that were tried, by what became of it", labels=labels)
    late = HistogramMetricFamily(
        "tm47_delivery_late_seconds", "how late messages left, after the time they were to go", labels=labels[:2]
    )
    totals: dict[tuple[str, int, str], int] = defaultdict(int)
    for channel, lane in _WAITS:
        totals |= {(channel, lane, outcome): 0 for outcome in (*Outcome, figures.UNSURE, "repeated")}
    for each in counters:
        if each.key.outcome != PLANNED:
            totals[each.key.channel, each.key.lane, each.key.outcome] += each.number
    for (channel, lane, outcome), number in sorted(totals.items()):
        tries.add_metric([channel, LANES[lane], outcome], number)
    yield tries
    sent = {each.key: each for each in counters if each.key.outcome == Outcome.SENT}
    for channel, lane in _WAITS:
        keys = [Key(channel, lane, Outcome.SENT, bound) for bound in BOUNDS]
        numbers = accumulate(sent[key].number if key in sent else 0 for key in keys)
        buckets = [(_le(bound), number) for bound, number in zip(BOUNDS, numbers, strict=True)]
        late.add_metric([channel, LANES[lane]], buckets, sum(sent[key].seconds for key in keys if key in sent))
    yield late


def _le(bound: float) -> str:
    return "+Inf" if bound == BOUNDS[-1] else str(bound)


def _due(waiting: Sequence[Waiting]) -> Iterator[Metric]:
    found = {(each.channel, each.lane): each for each in waiting}
    labels = ["channel", "lane"]
    due = GaugeMetricFamily("tm47_deliveries_due", "messages that may go by now and have not", labels=labels)
    oldest = GaugeMetricFamily(
        "tm47_deliveries_oldest_due_seconds", "for how long the oldest of them has waited", labels=labels
    )
    for key in _WAITS:
        each, names = found.get(key), [key[0], LANES[key[1]]]
        due.add_metric(names, each.number if each else 0)
        oldest.add_metric(names, each.oldest if each else 0)
    yield from (due, oldest)


def _of_channels(name: str, what: str, those: Collection[str]) -> Metric:
    family = GaugeMetricFamily(f"tm47_channel_{name}", what, labels=["channel"])
    for kind in CHANNELS:
        family.add_metric([kind.name], kind.name in those)
    return family


def _rounds(states: Sequence[RoundState]) -> Iterator[Metric]:
    since = GaugeMetricFamily(
        "tm47_round_succeeded_seconds", "since a round of the workers last came to its end", labels=["round"]
    )
    took = GaugeMetricFamily("tm47_round_duration_seconds", "how long it took then", labels=["round"])
    failed = CounterMetricFamily("tm47_rounds_failed", "rounds that ended with an error", labels=["round"])
    missed = CounterMetricFamily("tm47_rounds_missed", "rounds whose time was missed", labels=["round"])
    for state in states:
        if state.since is not None:
            since.add_metric([state.name], state.since)
            took.add_metric([state.name], state.seconds or 0)
        failed.add_metric([state.name], state.failed)
        missed.add_metric([state.name], state.missed)
    yield from (since, took, failed, missed)
