package("app", base_path=".")
module("boot.py", base_path=".")
module("main.py", base_path=".")
