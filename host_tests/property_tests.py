"""How hypothesis runs here: what a verdict depends on is the code, and nothing else.

No database: a case that was found once on one machine would stay red on that machine only. The
cases follow from the test itself, so each `make test` has the same ones, on any machine and day; a
failure prints the case, which becomes an `@example`. Campaigns (`make soak`) draw other cases each
time and print their seeds. No time limits: a machine may be busy.
"""

from hypothesis import HealthCheck, settings


def configure() -> None:
    """Choose these settings; before any module with property tests is imported."""
    settings.register_profile(
        "verdict",
        database=None,
        deadline=None,
        derandomize=True,
        print_blob=True,
        # Fixtures of functions are shared by the cases, which is meant where it is done.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    settings.load_profile("verdict")
