# What is frozen into the unix build: everything a device gets, and this board's `board.py`.
# Paths are relative to this file; $(UMQTT_DIR) is given by the build (tools/iotsafe_tools/setup).
import os

include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

for part in ("lib/ticks", "lib/iotsafe", "lib/cellular", "lib/telemetry", "firmware"):
    if os.path.exists("../../" + part + "/manifest.py"):
        include("../../" + part + "/manifest.py")

if os.path.exists("board.py"):
    module("board.py")
