# Freezes the device packages, the application and this board's own modules. The board's own
# `_boot.py` replaces the port's.
freeze("$(PORT_DIR)/modules", "rp2.py")
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

include("../../lib/ticks/manifest.py")
include("../../lib/iotsafe/manifest.py")
include("../../lib/cellular/manifest.py")
include("../../lib/telemetry/manifest.py")
include("../../firmware/manifest.py")

module("board_common.py", base_path="../common")
module("_boot.py")
module("file_system.py")
module("rp2_watchdog.py")
module("board.py")
