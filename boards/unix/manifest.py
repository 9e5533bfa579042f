# Freezes the device packages, the application and this board's `board.py` into the unix build.
# Paths are relative to this file. The build (tools/iotsafe_tools/toolchain) sets $(UMQTT_DIR).
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

include("../../lib/ticks/manifest.py")
include("../../lib/iotsafe/manifest.py")
include("../../lib/cellular/manifest.py")
include("../../lib/telemetry/manifest.py")
include("../../firmware/manifest.py")

module("board.py")
