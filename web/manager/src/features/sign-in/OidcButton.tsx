import { Button } from "@mantine/core";
import type { OidcWay } from "../../api/ways";
import { safeNext } from "./waiting";

/** The operator names the provider, so that the words may take two lines on a phone. */
const WRAPPED = { inner: { height: "auto" }, label: { height: "auto", whiteSpace: "normal", lineHeight: 1.4 } } as const;

/** A real link, because it leaves this page for the provider's. */
export function OidcButton({ way, next }: { way: OidcWay; next?: string | undefined }) {
  const path = safeNext(next);
  const href = path === "/" ? way.start_path : `${way.start_path}?next=${encodeURIComponent(path)}`;
  return (
    <Button component="a" href={href} variant="default" fullWidth h="auto" mih={36} py={7} styles={WRAPPED}>
      Sign in with {way.label}
    </Button>
  );
}
