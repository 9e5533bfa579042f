"""`make soak`: budget, verdicts, and a planted fault for each campaign that needs no build."""

import json
import os
import re
import sys
import time
from pathlib import Path

import pytest
from soak import __main__ as command
from soak import plants, report, runner, table, worker

CHEAP = [plant for plant in plants.PLANTS if not plant.build and plant.campaign != "fresh"]


def campaign(name: str = "toy", **options) -> table.Campaign:
    values = {"about": "", "share": 50, "least": 3, "longest": 30, "cases": name, **options}
    return table.Campaign(name, **values)


class Toy(runner.Run):
    """A campaign whose process runs `script`, a program in Python."""

    script = ""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", self.script]


def toy(script: str, wanted: int = 3, **options) -> Toy:
    made = Toy(campaign(**options), seed=7, seconds=5, wanted=wanted)
    made.script = script
    return made


@pytest.fixture(autouse=True)
def build_folder(tmp_path, monkeypatch):
    """Keep these tests from replacing the logs and reports of a real soak."""
    monkeypatch.setattr("soak.paths.BUILD", tmp_path / "build")
    return tmp_path / "build"


def ran(*runs: Toy, cores: int = 2) -> list[str]:
    told: list[str] = []
    runner.Runner(list(runs), told.append, cores).run()
    assert all(run.process is None or run.process.returncode is not None for run in runs)
    return told


LINES = "import json; [print(json.dumps({'seed': 7 + n, 'cases': 1})) for n in range(%d)]"


# -- the table -----------------------------------------------------------------------------------


def test_the_shares_fill_both_cores_and_each_campaign_has_a_plant():
    assert sum(row.share for row in table.CAMPAIGNS) == 100
    assert all(row.seconds(30) <= 30 * 60 for row in table.CAMPAIGNS)
    assert sorted(table.names()) == sorted(plant.campaign for plant in plants.PLANTS)


def test_the_least_number_of_cases_follows_the_budget():
    row = campaign(share=25, least=90)
    assert (row.seconds(30), row.wanted(30), row.wanted(10), row.wanted(0.01)) == (900, 90, 30, 1)


def test_each_run_has_a_seed_of_its_own():
    seeds = {run.seed for run in runner.planned(list(table.CAMPAIGNS), 1)}
    assert len(seeds) == len(table.CAMPAIGNS)


def test_a_campaign_whose_target_is_missing_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "Makefile").write_text("reproduce:  ## again\n")
    monkeypatch.setattr("soak.paths.ROOT", tmp_path)
    names = [row.name for row in command.chosen(None)]
    assert "reproduce" in names and "fresh" not in names


# -- verdicts ------------------------------------------------------------------------------------


def test_enough_cases_are_ok_and_too_few_are_not():
    enough, few = toy(LINES % 3), toy(LINES % 2)
    ran(enough, few)
    assert (enough.verdict, few.verdict) == ("ok", "TOO FEW")
    assert report.green([enough]) and not report.green([enough, few])


def test_a_failure_names_the_command_that_repeats_it():
    run = toy("""print('{"seed": 7, "cases": 9}\\n{"seed": 8, "failed": "Oops"}')""")
    told = ran(run)
    assert run.verdict == "FAILED, 1" and run.cases == 9
    assert any("make soak CAMPAIGN=toy SEED=8\nOops" in line for line in told)
    assert report.text([run]).splitlines()[-1] == "make soak CAMPAIGN=toy SEED=8"


def test_a_process_that_dies_is_a_failure_with_its_last_words():
    run = toy(f"import sys; {LINES % 1}; sys.stderr.write('out of luck'); sys.exit(3)")
    ran(run)
    [(seed, text)] = run.failures
    assert seed == 8 and "status 3" in text and "out of luck" in text


def test_a_case_that_hangs_is_a_failure_and_is_ended():
    run = toy("import time; time.sleep(600)", longest=0.2)
    ran(run)
    assert "hangs" in run.failures[0][1]


def test_campaigns_that_wait_run_beside_those_that_compute(tmp_path):
    # Each campaign ends when the other one has begun.
    script = (
        "import pathlib, time; here = pathlib.Path(%r); (here / %r).touch()\n"
        "while not (here / %r).exists(): time.sleep(0.01)\n" + LINES % 3
    )
    computes = toy(script % (str(tmp_path), "one", "other"))
    waits = toy(script % (str(tmp_path), "other", "one"), share=0)
    ran(waits, computes, cores=1)
    assert (computes.verdict, waits.verdict) == ("ok", "ok")


def test_no_more_compute_at_a_time_than_there_are_cores():
    runs = [toy(LINES % 3) for _ in range(3)]
    told = ran(*runs, cores=1)
    assert [line.split()[1].strip(":") for line in told] == ["begins", "ok"] * 3


def test_ctrl_c_ends_with_the_table_so_far(monkeypatch, build_folder, capsys):
    ended, running = toy(LINES % 3), toy("import time; time.sleep(600)")
    running.campaign = campaign("slow")

    def interrupt(self):
        if ended.state == "ended":
            raise KeyboardInterrupt

    monkeypatch.setattr(runner, "planned", lambda *_: [ended, running])
    monkeypatch.setattr(table, "names", lambda: ["toy", "slow"])
    monkeypatch.setattr(runner.Runner, "_look_for_hangs", interrupt)
    assert command.soak([], 1) == 130
    document = json.loads((build_folder / "soak.json").read_text())
    assert [row["verdict"] for row in document["campaigns"]] == ["ok", "stopped"]
    assert not document["green"]
    assert running.process.returncode is not None
    assert "stopped" in capsys.readouterr().out


# -- the worker ----------------------------------------------------------------------------------


def test_no_case_is_begun_that_would_end_too_late():
    told = []

    def case(seed: int) -> int:
        time.sleep(0.3)
        return 5

    assert worker.repeat(case, 40, 0.5, told.append) == 0
    assert [json.loads(line) for line in told] == [{"seed": 40, "cases": 5}]


def test_a_campaign_goes_on_after_a_failure_but_not_for_ever():
    told = []

    def case(seed: int) -> int:
        assert seed % 2, "even"
        return 1

    assert worker.repeat(case, 1, 60, told.append) == 1
    lines = [json.loads(line) for line in told]
    assert [line["seed"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert sum("AssertionError: even" in line.get("failed", "") for line in lines) == 3


@pytest.mark.parametrize("name", ["matrix", "channels"])
def test_a_stopped_worker_ends_in_order(name):
    run = runner.Run(table.named(name), seed=1, seconds=600, wanted=1)

    def stop_when_it_works(line: str) -> None:
        if "begins" in line:
            return
        raise AssertionError(line)

    made = runner.Runner([run], stop_when_it_works)
    made._begin_some()
    while not run.cases:
        made._selector.select()
        made._read(run)
    runner.stop([run.process])
    assert run.process.returncode == worker.STOPPED
    run.process.stdout.close()


# -- planted faults ------------------------------------------------------------------------------


@pytest.mark.parametrize("plant", CHEAP, ids=lambda plant: plant.campaign)
def test_a_planted_fault_is_found_and_its_seed_finds_it_again(plant, tmp_path, monkeypatch):
    monkeypatch.undo()  # the copy uses the real build
    folder = tmp_path / "checkout"
    plants.copy(plant, folder)
    plants.apply(plant, folder)
    found = next(line for line in plants.cases(plant, folder) if "failed" in line)
    again = next(iter(plants.cases(plant, folder, found["seed"])))
    assert again == found
    assert re.search(plant.sign, found["failed"])


@pytest.mark.parametrize("plant", plants.PLANTS, ids=lambda plant: plant.campaign)
def test_each_plant_fits_the_code_of_today(plant, tmp_path):
    source = Path(plants.paths.ROOT, plant.file)
    copy = tmp_path / plant.file
    copy.parent.mkdir(parents=True)
    copy.write_text(source.read_text())
    plants.apply(plant, tmp_path)
    assert copy.read_text() != source.read_text()
    with pytest.raises(plants.Unfit):
        plants.apply(plant, tmp_path / os.devnull)
