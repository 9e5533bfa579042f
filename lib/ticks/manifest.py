package("ticks", ("__init__.py",), base_path="..")
