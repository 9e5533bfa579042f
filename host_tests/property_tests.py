"""How hypothesis runs here: what a verdict depends on is the code, and nothing else.

No database: a case that was found once on one machine would stay red on that machine only. In
`make test` the cases follow from the test itself, so each run has the same ones, on any machine
and day; a failure prints the case, which becomes an `@example`. Campaigns, that is, wherever
FUZZ_CASES is in the environment, draw other cases each time and print their seed, with which
`--hypothesis-seed` draws the same again. No time limits: a machine may be busy.
"""

import os

from hypothesis import HealthCheck, settings

_COMMON = {
    "database": None,
    "deadline": None,
    "print_blob": True,
    # Fixtures of functions are shared by the cases, which is meant where it is done.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


def configure() -> None:
    """Choose the profile; before any module with property tests is imported."""
    settings.register_profile("verdict", **_COMMON, derandomize=True)
    settings.register_profile("campaign", **_COMMON)
    settings.load_profile("campaign" if "FUZZ_CASES" in os.environ else "verdict")
