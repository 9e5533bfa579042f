package("app", base_path=".")  # noqa: F821
module("boot.py", base_path=".")  # noqa: F821
module("main.py", base_path=".")  # noqa: F821
