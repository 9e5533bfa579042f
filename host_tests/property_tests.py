"""Settings of hypothesis: a verdict depends on the code, and on nothing else.

No database: otherwise a case found once on one machine would fail on that machine only. The cases
follow from the test itself, so `make test` has the same ones each time, on any machine and day. A
failure prints its case; make that an `@example`. Campaigns (`make soak`) draw other cases each
time and print their seeds. No time limits: a machine may be busy.

`make check` sets FUZZ_CASES in the environment: the most cases of a property test.
"""

import os

from hypothesis import HealthCheck, settings

_USUAL = 100  # hypothesis's own default


def cases(usual: int) -> int:
    """Return the cases of a test that has `usual` ones: fewer if FUZZ_CASES says so."""
    return min(usual, int(os.environ.get("FUZZ_CASES", usual)))


def configure() -> None:
    """Set them, before any module with property tests is imported."""
    settings.register_profile(
        "verdict",
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=cases(_USUAL),
        print_blob=True,
        # The cases of a test share the fixtures of its function, on purpose.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    settings.load_profile("verdict")
