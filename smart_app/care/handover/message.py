"""What a patient is sent with a one-time link, and who sends it.

Today staff copy the text and send it by the means they have. Another way, such as e-mail or a text message, is another `MessageSender`."""

from typing import Protocol

from msgspec import Struct

from fhir_mappings.sentence import NOTHING, Sentence


class Message(Struct, frozen=True, kw_only=True):
    """One message: whose clinic it comes from, the address of the link, and until when it is good, in words. It names nobody and says
    nothing of a health matter."""

    clinic: str
    address: str
    until: Sentence


class Handed(Struct, frozen=True, kw_only=True):
    """What became of a message: `to_copy` is what is left for staff to send themselves, "" where it was sent."""

    to_copy: Sentence = NOTHING


class MessageSender(Protocol):
    """A way to the patient."""

    def hand_on(self, message: Message) -> Handed:
        """Send it, or say what staff send."""


class ByHand:
    """Staff copy the text."""

    def hand_on(self, message: Message) -> Handed:
        """The text."""
        return Handed(
            to_copy=Sentence(
                "{clinic} asks you to answer a few questions before {until}: {address} You will be asked for your birth date. The link "
                "works once.",
                clinic=message.clinic,
                until=message.until,
                address=message.address,
            )
        )


BY_HAND: MessageSender = ByHand()
