"""`make demo`: the main job, live. A key in the SIM signs, and telemetry arrives."""
