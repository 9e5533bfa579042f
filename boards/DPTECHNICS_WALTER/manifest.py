include("../esp32_common/manifest.py")
module("board.py")
