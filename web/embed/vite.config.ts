import { defineConfig } from "vite";

/** One classic script: a page loads it with a plain `<script defer>`, an audio worklet loads it again as its module. */
export default defineConfig({
  build: {
    target: "es2022",
    lib: { entry: "src/main.ts", formats: ["iife"], name: "CallstageEmbedScript", fileName: () => "callstage_embed.js" },
    sourcemap: false,
    reportCompressedSize: true,
  },
});
