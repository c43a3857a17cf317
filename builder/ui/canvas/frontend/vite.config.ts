import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// One entry at a time, so that each bundle is one file; `build.lib` would keep the white space.
const entry = process.env.BRICKWORK_ENTRY ?? "src/canvas/main.tsx";
const name = process.env.BRICKWORK_NAME ?? "canvas";
const outDir = process.env.BRICKWORK_OUT ?? "dist";

export default defineConfig({
  plugins: [react()],
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  publicDir: false,
  build: {
    outDir,
    emptyOutDir: false,
    target: "es2022",
    minify: true,
    cssCodeSplit: false,
    modulePreload: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: entry,
      preserveEntrySignatures: "strict",
      output: {
        format: "es",
        entryFileNames: `${name}.js`,
        codeSplitting: false,
      },
    },
  },
});
