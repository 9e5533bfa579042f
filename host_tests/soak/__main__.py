"""`python -m soak`: the command behind `make soak`."""

import argparse
import re
import signal
import sys
import time

from . import paths, plants, report, runner, table, worker


def main(argv: list[str] | None = None) -> int:
    """Return 0 if all campaigns succeeded, 1 if one failed, 130 if Ctrl-C stopped them."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--campaign", choices=table.names(), help="only this campaign")
    parser.add_argument("--seed", type=int, help="with --campaign: only this case, explained")
    parser.add_argument(
        "--self-check",
        action="store_true",
        help="check that each campaign finds its planted fault",
    )
    arguments = parser.parse_args(argv)
    if arguments.seed is not None and not arguments.campaign:
        parser.error("a seed belongs to a campaign: give CAMPAIGN= as well")
    # A shell starts background jobs with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if arguments.self_check:
        return plants.main(arguments.campaign)
    if arguments.seed is not None:
        return worker.main([arguments.campaign, f"--seed={arguments.seed}"])
    return soak(chosen(arguments.campaign), arguments.minutes)


def chosen(name: str | None) -> list[table.Campaign]:
    """Return the campaigns that this checkout has, or only the named one."""
    makefile = (paths.ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    return [
        campaign
        for campaign in table.CAMPAIGNS
        if (campaign.name == name if name else not campaign.target or campaign.target in targets)
    ]


def soak(campaigns: list[table.Campaign], minutes: float) -> int:
    """Run the campaigns, print the table and write build/soak.json."""
    start = time.monotonic()

    def print_line(line: str) -> None:
        seconds = int(time.monotonic() - start)
        print(f"{seconds // 60:3}:{seconds % 60:02} {line}", flush=True)

    runs = runner.planned(campaigns, minutes)
    print(f"{len(runs)} campaigns in {minutes:g} minutes; Ctrl-C prints the results so far")
    status = 1
    try:
        runner.Runner(runs, print_line).run()
        status = 0 if report.green(runs) else 1
    except KeyboardInterrupt:
        status = 130
    finally:
        order = table.names()
        runs.sort(key=lambda run: order.index(run.campaign.name))
        report.write(paths.BUILD / "soak.json", runs, minutes)
        print(f"\n{report.text(runs)}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
