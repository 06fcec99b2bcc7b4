import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData } from "@tanstack/react-query";
import { $api, type Schemas } from "../../../../api/api";

export interface CodeCheck {
  checked: Schemas["CodeChecked"] | null;
  /** The findings are of an older text. */
  isBehind: boolean;
  error: unknown;
}

const QUIET_MS = 500;

/** What the sandbox says about code that is being written: mistakes with their lines, and what the code can do. */
export function useCodeCheck(code: string, isEnabled: boolean): CodeCheck {
  const [settled] = useDebouncedValue(code, QUIET_MS);
  const check = $api.useQuery(
    "post",
    "/v1/tools/check",
    { body: { code: settled } },
    { enabled: isEnabled && settled.trim() !== "", staleTime: Number.POSITIVE_INFINITY, placeholderData: keepPreviousData, retry: false },
  );
  const isEmpty = settled.trim() === "";
  return {
    checked: isEmpty ? null : (check.data ?? null),
    isBehind: settled !== code || check.isFetching,
    error: isEmpty ? null : check.error,
  };
}
