# What is frozen: the port's start-up code, everything a device gets, and this board's `board.py`.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

include("../../lib/ticks/manifest.py")
include("../../lib/iotsafe/manifest.py")
include("../../lib/cellular/manifest.py")
include("../../lib/telemetry/manifest.py")
include("../../firmware/manifest.py")

module("board_common.py", base_path="../common")
module("board.py")
