// Builds the console's app: one script, one stylesheet, one page, the same bytes each time.
//
// `node build.mjs FOLDER` writes into an empty folder; bundling/web.py says when, and keeps the
// result in web/dist.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
const files = {};

function keep(name, content, immutable) {
  writeFileSync(join(folder, name), content);
  files[name] = {
    type: TYPES[name.slice(name.lastIndexOf("."))],
    immutable,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}

/** A name that changes with the content, so that a browser may keep the file for ever. */
function keepForEver(stem, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const name = `${stem}-${hash}${extension}`;
  keep(name, content, true);
  return name;
}

const built = await build({
  absWorkingDir: here,
  bundle: true,
  entryPoints: { app: "src/main.tsx" },
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  minify: true,
  outdir: "out",
  target: "es2022",
  write: false,
});
mkdirSync(folder, { recursive: true });
const names = {};
for (const { path, contents } of built.outputFiles) {
  const extension = path.slice(path.lastIndexOf("."));
  names[extension] = keepForEver("app", extension, contents);
}
const icon = keepForEver("icon", ".svg", readFileSync(join(here, "src", "icon.svg")));
const page = readFileSync(join(here, "src", "index.html"), "utf-8")
  .replace("{{script}}", names[".js"])
  .replace("{{style}}", names[".css"])
  .replace("{{icon}}", icon);
keep("index.html", page, false);
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ index: "index.html", files }, null, 2)}\n`);
