// Unpacks the Chromium of the npm package into TMPDIR, with the libraries that a bare machine lacks.

import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";

const packed = join(import.meta.dirname, "node_modules", "@sparticuz", "chromium", "bin");
await inflate(join(packed, "al2023.tar.br"));
console.log(await chromium.executablePath(packed));
