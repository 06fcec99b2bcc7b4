import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useSyncExternalStore } from "react";
import { queryClient } from "../api/queryClient";
import { areToastsWanted, whenToastsWanted } from "../ui/notify";
import { router } from "./router";
import { cssVariables, theme } from "./theme";

const Toasts = lazy(() => import("./Toasts"));

export function App() {
  const hasToasts = useSyncExternalStore(whenToastsWanted, areToastsWanted);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={cssVariables}>
      {hasToasts && (
        <Suspense fallback={null}>
          <Toasts />
        </Suspense>
      )}
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
