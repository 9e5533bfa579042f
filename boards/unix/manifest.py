# What is frozen into the unix build: everything a device gets, and this board's `board.py`.
# Paths are relative to this file; $(UMQTT_DIR) is given by the build.
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

include("../../lib/ticks/manifest.py")
include("../../lib/iotsafe/manifest.py")
include("../../lib/cellular/manifest.py")
include("../../lib/telemetry/manifest.py")
include("../../firmware/manifest.py")

module("board.py")
