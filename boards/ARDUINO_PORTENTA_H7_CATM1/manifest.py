# As boards/unix/manifest.py, for this board. $(UMQTT_DIR) is given by the build.
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

for part in ("lib/ticks", "lib/iotsafe", "lib/cellular", "lib/telemetry", "firmware"):
    include("../../" + part + "/manifest.py")

module("board_common.py", base_path="../common")
module("board.py")
