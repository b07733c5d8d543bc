import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Bytes of script, gzip, that chunks may have with all that they import before they run; `online`: not kept offline. */
type Budget = { what: string; chunks: string[]; limit: number; online?: boolean };
type Options = { output: string; budgets: Budget[]; worker?: boolean };
type Chunk = { fileName: string; name: string; imports: string[]; code: string };

const TEXT = /\.(js|css|html|svg|json|webmanifest)$/;

/** What is done with the built files: a service worker learns their names, budgets are checked, all are compressed. */
export function finish({ output, budgets, worker = true }: Options): Plugin {
  return {
    name: "finish",
    apply: "build",
    writeBundle: {
      order: "post",
      sequential: true,
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((one) => one.type === "chunk") as Chunk[];
        const online = budgets.flatMap((budget) => {
          const needed = filesOf(chunks, budget.chunks);
          check(budget, needed);
          return budget.online ? needed.map(({ fileName }) => fileName) : [];
        });
        if (worker) nameFiles(output, online);
        for (const path of files(output).filter((each) => TEXT.test(each))) compress(path);
      },
    },
  };
}

/** The named chunks and all that they import before they run. */
function filesOf(chunks: Chunk[], names: string[]): Chunk[] {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const wanted = new Map<string, Chunk>();
  const add = (file: string): void => {
    const chunk = byFile.get(file);
    if (!chunk || wanted.has(file)) return;
    wanted.set(file, chunk);
    chunk.imports.forEach(add);
  };
  for (const name of names) {
    const found = chunks.find((chunk) => chunk.name === name);
    if (!found) throw new Error(`no chunk is called ${name}: its budget cannot be checked`);
    add(found.fileName);
  }
  return [...wanted.values()];
}

function check({ what, limit }: Budget, needed: Chunk[]): void {
  const size = needed.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const figures = `${what}: ${(size / 1024).toFixed(1)} KiB of script, gzip (limit ${limit / 1024})`;
  if (size > limit) throw new Error(`${figures}: that is too much`);
  console.log(figures);
}

/** Write the list of files but those for `online`, and a version that changes with any file, into the service worker. */
function nameFiles(output: string, online: string[]): void {
  const worker = join(output, "sw.js");
  const others = files(output).filter((path) => path !== worker);
  const digest = createHash("sha256");
  for (const path of others) digest.update(relative(output, path)).update(readFileSync(path));
  const kept = others.map((path) => relative(output, path)).filter((name) => !online.includes(name));
  const names = kept.map((name) => `/${name}`).map((name) => (name === "/index.html" ? "/" : name));
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
