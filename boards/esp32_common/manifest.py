# Freezes the modules of every ESP32 build. It does not need micropython-lib: umqtt.simple comes
# from $(UMQTT_DIR), which the build sets, and our code uses `tls` directly instead of `ssl`.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

for part in ("lib/ticks", "lib/iotsafe", "lib/cellular", "lib/telemetry", "firmware"):
    include("../../" + part + "/manifest.py")

module("board_common.py", base_path="../common")
module("esp32_board.py")
