include("../esp32_common/manifest.py")
module("axp2101.py")
module("board.py")
