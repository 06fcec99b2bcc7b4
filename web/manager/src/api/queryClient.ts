import { ApiProblem } from "@callstage/shared/api";
import { QueryCache, QueryClient } from "@tanstack/react-query";

let onSignedOut: () => void = () => undefined;

/** Called when the server says that nobody is signed in (401). */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

function isFinal(error: unknown): boolean {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500 && error.status !== 429;
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error) {
      if (error instanceof ApiProblem && error.status === 401) onSignedOut();
    },
  }),
  defaultOptions: {
    queries: { staleTime: 10_000, retry: (failures, error) => failures < 2 && !isFinal(error), refetchOnWindowFocus: true },
    mutations: { retry: false },
  },
});
