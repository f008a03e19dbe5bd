// Lints every .js file of a folder with AppSync's own rules; prints ESLint's messages as JSON.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import appsync from "@aws-appsync/eslint-plugin";
import parser from "@typescript-eslint/parser";
import { ESLint } from "eslint";

const folder = process.argv[2];
const lib = { allowJs: true, noEmit: true, target: "es2022", lib: ["es2022"], types: [] };
writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: lib, include: ["*.js"] }));
const eslint = new ESLint({
  cwd: folder,
  overrideConfigFile: true,
  overrideConfig: [
    {
      files: ["**/*.js"],
      languageOptions: { parser, parserOptions: { project: "./tsconfig.json", tsconfigRootDir: folder } },
    },
    ...[appsync.configs.recommended].flat(),
  ],
});
const results = await eslint.lintFiles(["*.js"]);
process.stdout.write(
  JSON.stringify(results.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, line, message }) => ({ filePath, ruleId, line, message })))),
);
