import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `CALLSTAGE_API=http://127.0.0.1:8080 npm run dev -w manager` works on a running platform.
const api = process.env.CALLSTAGE_API ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // These know light-dark(). For older ones it would be rewritten into variables that need a literal `color-scheme`; Mantine's is not.
    cssTarget: ["chrome123", "edge123", "firefox125", "safari17.5"],
    sourcemap: false,
    assetsInlineLimit: 0,
    // Read by tools/bundle_budget.mjs.
    manifest: true,
    rolldownOptions: {
      output: {
        // What changes with React only, and what every page begins with, instead of fifty small files; everything else is split by page.
        codeSplitting: {
          groups: [
            {
              name: "vendor",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(?!react-virtual|virtual)|openapi-)/,
              priority: 2,
            },
            { name: "shell", test: /src\/(main|app\/App)\.tsx$/, priority: 1 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/v1": api, "/api": api } },
});
