"""`make demo`: the main job, live: a key in the SIM signs, telemetry arrives."""
