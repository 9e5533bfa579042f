# What is frozen into every ESP32 build. micropython-lib is not needed: umqtt.simple comes from
# $(UMQTT_DIR), which the build gives, and `tls` is used without the module `ssl` around it.
freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
package("umqtt", base_path="$(UMQTT_DIR)")

for part in ("lib/ticks", "lib/iotsafe", "lib/cellular", "lib/telemetry", "firmware"):
    include("../../" + part + "/manifest.py")

module("board_common.py", base_path="../common")
module("esp32_board.py")
