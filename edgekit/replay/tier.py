"""A tier's live fields: read at each request that prints one, with the last good copy behind them."""

from collections.abc import Mapping
from typing import Any

from edgekit.fragment.record import decode_record
from edgekit.fragment.values import default_value, normalise
from edgekit.model.expiry import EXPIRY_BYTES
from edgekit.model.keys import SEGMENT_CONFIG
from edgekit.model.slot import Slot
from edgekit.replay.reading import ReadError, Reading, has_expired


class LiveTier:
    """One tier of a release; `file` is its configuration as the site's files have it."""

    def __init__(self, name: str, file: Mapping[str, Any], slots: Mapping[str, Slot]) -> None:
        """Raises ValueError if the file has no value that a live field takes."""
        self.name = name
        self._slots = [slot for slot in slots.values() if slot.root == "segment"]
        self.file = file
        self._defaults = {slot.name: default_value(slot, file) for slot in self._slots}
        self._value = b""
        self._config: Mapping[str, Any] = file
        self._texts = self._normalise(file)
        self._hour = -1

    def config(self, reading: Reading, now: float) -> Mapping[str, Any]:
        """The configuration that counts now: the store's, else the last good copy, else the file's."""
        try:
            sealed = reading.get_sealed(SEGMENT_CONFIG, self.name)
            if sealed is None:
                raise ReadError(f"{SEGMENT_CONFIG} has no `{self.name}`")
            if sealed[EXPIRY_BYTES:] != self._value:
                self._hold(sealed[EXPIRY_BYTES:])
        except ReadError as error:
            reading.fall_back("configuration", f"{error}; answered with the last good copy of `{self.name}`")
            return self._config
        if has_expired(sealed, now) and self._hour != int(now // 3600):
            self._hour = int(now // 3600)
            reading.log(f"{SEGMENT_CONFIG} of `{self.name}` has expired; it is still used", "warn")
        return self._config

    def texts(self, reading: Reading, now: float) -> dict[str, str]:
        """What the live fields print now, by slot."""
        self.config(reading, now)
        return self._texts

    def _hold(self, value: bytes) -> None:
        try:
            config = decode_record(value)
        except ValueError:
            raise ReadError(f"{SEGMENT_CONFIG} holds a damaged value") from None
        self._value, self._config, self._texts = value, config, self._normalise(config)

    def _normalise(self, config: Mapping[str, Any]) -> dict[str, str]:
        return {slot.name: normalise(slot, config.get(slot.field), self._defaults[slot.name]) for slot in self._slots}
