# Same contents as boards/unix/manifest.py, plus this board's modules. The build sets $(UMQTT_DIR).
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

for part in ("lib/ticks", "lib/iotsafe", "lib/cellular", "lib/telemetry", "firmware"):
    include("../../" + part + "/manifest.py")

module("board_common.py", base_path="../common")
module("board.py")
