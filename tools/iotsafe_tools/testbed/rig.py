"""Connects all parts of the main job: authority, broker, modem and SIM, firmware.

Demonstration, benchmark and system tests use the same rig, so all three run the same parts.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from iotsafe_tools.lab import Lab

from .broker import Broker
from .firmware import Firmware
from .pki import PKI
from .started import Started


class Rig(Started):
    """An enrolled SIM behind a modem on a pseudo-terminal, and a broker that trusts the SIM.

    `cn`: common name of the SIM's certificate; None leaves the SIM without a certificate.
    `broker`, `lab`: options for `Broker` and `Lab`.
    Its parts are `pki`, `broker` and `lab`. A context manager: it starts on entry.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        cn: str | None = "device-0001",
        broker: Mapping[str, Any] | None = None,
        lab: Mapping[str, Any] | None = None,
        pki: PKI | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.cn = cn
        self.pki = pki or PKI.create(self.folder / "pki")
        self.broker = Broker(self.folder / "broker", self.pki, **(broker or {}))
        try:
            self.lab = Lab(**{"uart": "pty", **(lab or {})})
        except BaseException:
            self.broker.close()
            raise
        if cn is not None:
            self.enrol(cn)

    def enrol(self, cn: str) -> bytes:
        """Issue a certificate for the key in the SIM, write it to the SIM's file, and return it.

        The card's profile names the key and the file.
        """
        card = self.lab.card
        certificate = self.pki.issue_client(card.issuer.point_of(card.profile.key_id), cn)
        card.issuer.write_file(card.profile.certificate_id, certificate)
        return certificate

    def config(self, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the firmware's config; `changes` maps field paths to values: {"mqtt.host": x}."""
        config: dict[str, Any] = {
            "version": 1,
            "modem": {"uart": self.lab.uart, "apn": "internet"},
            "mqtt": {"host": "localhost", "port": self.broker.port, "ca": "ca.pem"},
            "telemetry": {"period": 1},
        }
        for path, value in (changes or {}).items():
            section, _, field = path.partition(".")
            if field:
                config.setdefault(section, {})[field] = value
            else:
                config[section] = value
        return config

    def firmware(
        self,
        *,
        messages: int = 0,
        changes: Mapping[str, Any] | None = None,
        name: str = "firmware",
        on_line: Callable[[str], None] | None = None,
        **options: Any,
    ) -> Firmware:
        """Return the application, ready to start; it ends after `messages` delivered readings."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(self.pki.ca_pem)
        options.setdefault("command", ("-c", f"import app; app.run({messages})"))
        return Firmware(folder, config=self.config(changes), on_line=on_line, **options)

    def start(self) -> Self:
        """Start the broker and the lab."""
        self.broker.start()
        self.lab.start()
        return self

    def stop(self) -> None:
        """Stop both; no process is left running."""
        try:
            self.lab.stop()
        finally:
            self.broker.close()

    close = stop
