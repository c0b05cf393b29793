"""Compiles `compiled/` where a C compiler is at hand; without one seatrial is whole, and slower at digesting logs."""

import os
from pathlib import Path
from sysconfig import get_config_var
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

FOLDER = Path("src/seatrial/compiled")


class Compiled(BuildHookInterface):  # type: ignore[type-arg]
    """The hook of the wheel; of an editable one too, whose extension modules stand beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        os.chdir(self.root)
        sources = sorted(FOLDER.glob("*.pyx"))
        extensions = [Extension(f"seatrial.compiled.{path.stem}", [str(path)]) for path in sources]
        suffix = get_config_var("EXT_SUFFIX")
        for stale in FOLDER.glob(f"*{suffix}"):
            stale.unlink()
        made = cythonize(extensions, build_dir="build", include_path=["src"], quiet=True)
        for each in made:
            each.optional = True  # what cannot be compiled is done without
        command = Distribution({"ext_modules": made, "package_dir": {"": "src"}}).get_command_obj("build_ext")
        command.inplace = True
        command.ensure_finalized()
        command.run()
        if all(path.with_name(path.stem + suffix).exists() for path in sources):
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"].append(f"/{FOLDER}/*{suffix}")
        else:
            self.app.display_warning("not compiled, so digesting logs takes longer")
