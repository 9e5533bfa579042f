"""Property tests and state machines of hypothesis, in batches: a seed belongs to a batch.

One batch of a million cases would take long, and a repetition would begin at its first case; small
batches find as much. The first report shows a failure as found; a repetition with its seed looks
for the smallest case that fails.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from soak import paths

BATCH = 200
_FIND = (Phase.explicit, Phase.generate)


def prepare(folder: Path, alone: bool, name: str):
    """See `soak.worker`. `name`: the test module, whose property tests run in turn."""
    os.environ["FUZZ_CASES"] = str(BATCH)
    settings.register_profile(
        "soak",
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=tuple(Phase) if alone else _FIND,
    )
    settings.load_profile("soak")
    batches = _batches(paths.test_module(name))

    def case(number: int) -> int:
        return batches[number % len(batches)](number)

    return case


def _batches(module) -> list[Callable[[int], int]]:
    """Return a function of the seed for each property test and state machine of `module`."""
    found = []
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, RuleBasedStateMachine):
            if value is not RuleBasedStateMachine:
                found.append(functools.partial(_machine, value))
        elif name.startswith("test_") and hasattr(value, "hypothesis"):
            found.append(functools.partial(_property, value, value.hypothesis.inner_test))
    return found


def _machine(machine: type[RuleBasedStateMachine], number: int) -> int:
    """Run a state machine; return the number of runs."""
    runs = []

    def made() -> RuleBasedStateMachine:
        runs.append(1)
        return machine()

    run_state_machine_as_test(seed(number)(made), settings=machine.TestCase.settings)
    return len(runs)


def _property(test, inner, number: int) -> int:
    """Run a property test; return the number of cases."""
    runs = []

    @functools.wraps(inner)
    def counted(*args, **options):
        runs.append(1)
        return inner(*args, **options)

    test.hypothesis.inner_test = counted
    seed(number)(test)()
    return len(runs)
