"""Everything that happens in immigration, by name: written with the change, relayed by the worker."""

from immigration.events.people import *  # noqa: F403 - every event is of this package, wherever it stands
from immigration.events.reports import *  # noqa: F403
from immigration.events.staff import *  # noqa: F403
