import { useCallback, useState } from "react";
import { ApiProblem } from "../api/api";
import { messageOf } from "./ErrorState";

export interface Submit<Arguments extends unknown[]> {
  /** Runs it; false when it failed, and `problem` says why. */
  submit: (...values: Arguments) => Promise<boolean>;
  isBusy: boolean;
  /** What went wrong, unless the fields say it. */
  problem: string;
  /** The API's message for one field. */
  fieldError: (name: string) => string | undefined;
  reset: () => void;
}

/** One action of a form: busy while it runs, its problem beside the field or below the form. */
export function useSubmit<Arguments extends unknown[]>(action: (...values: Arguments) => Promise<unknown>): Submit<Arguments> {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = useCallback(
    async (...values: Arguments) => {
      setBusy(true);
      setError(null);
      try {
        await action(...values);
        return true;
      } catch (caught) {
        setError(caught);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [action],
  );
  const reset = useCallback(() => setError(null), []);
  const fieldError = useCallback((name: string) => (error instanceof ApiProblem ? error.fieldMessage(name) : undefined), [error]);
  return { submit, isBusy, problem: error === null ? "" : messageOf(error), fieldError, reset };
}
