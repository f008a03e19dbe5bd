// Runs pack.py under Pyodide, a CPython 3.13: node pack_in_pyodide.mjs PYODIDE PACKER STAGING
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, packer, staging] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")).href);
const python = await loadPyodide({ indexURL: pyodideFolder });

python.mountNodeFS("/staging", staging);
const names = python.toPy({ __name__: "pack" });
python.runPython(readFileSync(packer, "utf8"), { globals: names, filename: "pack.py" });
process.exitCode = names.get("main")("/staging");
