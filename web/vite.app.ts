import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { finish } from "./build/finish.ts";
import { words } from "./build/words.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the first screen shows, in one file: fewer requests, and smaller when it is compressed together. */
const FIRST = new RegExp(
  [
    "node_modules/(svelte|esm-env|clsx)/|preload-helper|virtual:words$",
    "app/src/(App|Banner|Original|Page|format|home|routes|updates|screens/(Home|Welcome)|state/(filing|people|phone|session|situation|vault))\\.",
    "shared/(api|clock|passkeys|theme|words/(dates|words)|components/(Button|Icon|Notice|Ring))",
  ].join("|"),
);

/** The phone app: its page, and the service worker beside it under a name that stays. */
export default defineConfig({
  root: at("app"),
  base: "/",
  plugins: [
    svelte({ configFile: at("svelte.config.js") }),
    words(at("../words")),
    finish({
      output: at("dist/app"),
      budgets: [
        { what: "first screen", chunks: ["index", "en"], limit: 40 * 1024 },
        { what: "Firebase, where it is set up", chunks: ["firebase"], limit: 16 * 1024, online: true },
      ],
    }),
  ],
  resolve: { alias: { $shared: at("shared"), $words: at("../words") } },
  server: { fs: { allow: [at(".."), at(".")] } },
  build: {
    outDir: at("dist/app"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: at("app/index.html"), sw: at("app/src/sw.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
        codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: "first", test: FIRST }] },
      },
    },
  },
});
