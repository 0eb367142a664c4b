"""What every use case is handed: who asks, with which access to which record, and the collaborators. Whoever lets a request or a job in
makes it; nothing reaches a use case past it."""

from datetime import datetime, tzinfo
from typing import Generic, TypeVar

from msgspec import Struct

from fhir_mappings.sentence import Sentence
from smart_app.care.record.own_device import OwnDevice
from smart_app.errors import SessionError
from smart_app.fhir.client import Renew
from smart_app.launch.context.launch_context import Author, LaunchContext, LaunchId, UserContext
from smart_app.services import AppServices
from smart_app.store import author_of

_Asking_co = TypeVar("_Asking_co", bound=LaunchContext | UserContext, covariant=True)


class Record(Struct, Generic[_Asking_co], frozen=True, kw_only=True):
    """Access to one FHIR server: `context` says whose, and of which patient where there is one. `launch_id` is None outside of a launch.
    `renew` gives a newer access token for one the server refused, or None; it is called from the threads that read. `own_device`: a
    patient answers by a one-time link, with the launch that made it behind them while that lasts."""

    context: _Asking_co
    services: AppServices
    launch_id: LaunchId | None = None
    renew: Renew | None = None
    own_device: OwnDevice | None = None

    @property
    def launch(self) -> LaunchId:
        """The launch's id, where something is kept under it. SessionError outside of a launch."""
        if self.launch_id is None:
            raise SessionError(
                Sentence("This can be done only with Rapport opened from the patient's chart, so nothing was done."), denies=True
            )
        return self.launch_id

    @property
    def zone(self) -> tzinfo:
        """The clinic's time zone."""
        return self.services.zone(self.context.iss)

    def now(self) -> datetime:
        """The time at the clinic."""
        return self.services.now(self.context.iss)


# What most use cases need, a patient; and what those need that do without.
ChartRecord = Record[LaunchContext]
AnyRecord = Record[LaunchContext | UserContext]


def who_answers(record: ChartRecord) -> Author:
    """Whose answers come from here: whoever has signed in, or the patient on a device of their own."""
    return record.own_device.author if record.own_device else author_of(record.context)
