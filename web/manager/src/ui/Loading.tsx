import { Box, Skeleton, Stack } from "@mantine/core";
import { useEffect, useState } from "react";

/** Grey lines in the shape of what comes; nothing for the first 150 ms, so that quick pages do not flicker. */
export function Loading({ lines = 4 }: { lines?: number }) {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Stack gap="sm" role="status" aria-busy="true" aria-label="Loading" style={{ visibility: isShown ? "visible" : "hidden" }}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same
        <Skeleton key={line} height={40} radius="md" />
      ))}
    </Stack>
  );
}

/** A page whose code or data is on its way; the router shows it after 150 ms. */
export function PagePending() {
  return (
    <Box p={{ base: "md", sm: "xl" }} maw={1440} aria-busy="true" aria-label="Loading">
      <Skeleton height={28} width={180} radius="md" mb="xl" />
      <Stack gap="sm">
        <Skeleton height={40} radius="md" />
        <Skeleton height={40} radius="md" />
        <Skeleton height={40} radius="md" />
      </Stack>
    </Box>
  );
}
