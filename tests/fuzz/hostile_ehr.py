"""The EHR of `authorization_server`, which can be told to answer anything at all, byte for byte."""

from collections.abc import Mapping

import requests
import responses

from tests.support.authorization_server import Answer, AuthorizationServer
from tests.support.clock import Clock

Body = tuple[int, Mapping[str, str], bytes]


class HostileEhr(AuthorizationServer):
    """`says` holds whole answers by name (`discovery`, `metadata`, `keys`, `token`); what is not in it is answered truthfully."""

    def __init__(self, mock: responses.RequestsMock, clock: Clock) -> None:
        self.says: dict[str, Body] = {}
        super().__init__(mock, clock)

    def truthful(self) -> None:
        """As at the beginning."""
        self.says, self.document, self.claims, self.token, self.header = {}, {}, {}, {}, {}

    def fault(self, method: str, path: str) -> Answer | None:
        """Of the FHIR server beside it, for `Ehr.faults`."""
        return self._said("metadata") if (method, path) == ("GET", "metadata") else None

    def _discovery(self, request: requests.PreparedRequest) -> Answer:
        return self._said("discovery") or super()._discovery(request)

    def _key_set(self, request: requests.PreparedRequest) -> Answer:
        return self._said("keys") or super()._key_set(request)

    def _tokens(self, request: requests.PreparedRequest) -> Answer:
        return self._said("token") or super()._tokens(request)

    def _said(self, name: str) -> Answer | None:
        if name not in self.says:
            return None
        status, headers, body = self.says[name]
        return status, dict(headers), body  # type: ignore[return-value]  # responses takes bytes as well
