import { Button, Center } from "@mantine/core";
import { useEffect, useRef } from "react";

interface MoreAgentsProps {
  isLoading: boolean;
  onMore: () => void;
}

/** Further cards come when it is nearly in sight, or when it is pressed. */
export function MoreAgents({ isLoading, onMore }: MoreAgentsProps) {
  const place = useRef<HTMLDivElement>(null);
  const more = useRef(onMore);
  more.current = onMore;
  useEffect(() => {
    const element = place.current;
    if (!element || isLoading) return undefined;
    const watched = new IntersectionObserver(([entry]) => entry?.isIntersecting && more.current(), { rootMargin: "600px" });
    watched.observe(element);
    return () => watched.disconnect();
  }, [isLoading]);
  return (
    <Center ref={place} mt="md">
      <Button variant="default" disabled={isLoading} onClick={onMore}>
        {isLoading ? "Loading more…" : "Show more agents"}
      </Button>
    </Center>
  );
}
