import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { finish } from "./build/finish.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The officers' console and the public page, without a service worker, since nothing of the console may be kept on a machine. */
export default defineConfig({
  root: at("console"),
  base: "/console/",
  plugins: [
    svelte({ configFile: at("svelte.config.js") }),
    finish({ output: at("dist/console"), budgets: [{ what: "first screen", chunks: ["index", "en"], limit: 80 * 1024 }], worker: false }),
  ],
  resolve: { alias: { $shared: at("shared"), $words: at("../words") } },
  server: { fs: { allow: [at(".."), at(".")] } },
  build: {
    outDir: at("dist/console"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { index: at("console/index.html"), performance: at("console/performance.html") },
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
});
