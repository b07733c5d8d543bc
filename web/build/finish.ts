import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

type Options = { output: string; firstScreen: string[]; limit: number; worker?: boolean };
type Chunk = { fileName: string; name: string; imports: string[]; code: string };

const TEXT = /\.(js|css|html|svg|json|webmanifest)$/;

/** What is done with the built files: a service worker learns their names, the budget is checked, all are compressed. */
export function finish({ output, firstScreen, limit, worker = true }: Options): Plugin {
  return {
    name: "finish",
    apply: "build",
    writeBundle: {
      order: "post",
      sequential: true,
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((one) => one.type === "chunk") as Chunk[];
        const size = bytesOf(chunks, firstScreen);
        const kib = (size / 1024).toFixed(1);
        if (size > limit) throw new Error(`the first screen needs ${kib} KiB of script, gzip; the limit is ${limit / 1024}`);
        console.log(`first screen: ${kib} KiB of script, gzip (limit ${limit / 1024})`);
        if (worker) nameFiles(output);
        for (const path of files(output).filter((each) => TEXT.test(each))) compress(path);
      },
    },
  };
}

/** Bytes of script, gzip, of the named chunks and of all that they import before they run. */
function bytesOf(chunks: Chunk[], names: string[]): number {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const wanted = new Set<string>();
  const add = (file: string): void => {
    if (wanted.has(file)) return;
    wanted.add(file);
    byFile.get(file)?.imports.forEach(add);
  };
  for (const name of names) {
    const found = chunks.find((chunk) => chunk.name === name);
    if (!found) throw new Error(`no chunk is called ${name}: the budget of the first screen cannot be checked`);
    add(found.fileName);
  }
  return [...wanted].reduce((sum, file) => sum + gzipSync(byFile.get(file)?.code ?? "", { level: 9 }).length, 0);
}

/** Write the list of files, and a version that changes with any of them, into the service worker. */
function nameFiles(output: string): void {
  const worker = join(output, "sw.js");
  const others = files(output).filter((path) => path !== worker);
  const digest = createHash("sha256");
  for (const path of others) digest.update(relative(output, path)).update(readFileSync(path));
  const names = others.map((path) => "/" + relative(output, path)).map((name) => (name === "/index.html" ? "/" : name));
  const text = readFileSync(worker, "utf8");
  const filled = text.replace(/["'`]__FILES__["'`]/, JSON.stringify(names)).replace("__VERSION__", digest.digest("hex").slice(0, 16));
  if (filled === text || filled.includes("__FILES__")) throw new Error("the service worker has no place for the list of files");
  writeFileSync(worker, filled);
}

function files(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? files(path) : [path]));
}

function compress(path: string): void {
  const content = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: quality }));
}
