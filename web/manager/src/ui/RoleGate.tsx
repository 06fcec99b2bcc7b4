import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactElement, Suspense } from "react";
import { isAtLeast, meQuery, type Role } from "../api/me";

const WhyNot = lazy(() => import("./WhyNot"));

/** Whether the person may; false while it is not known. */
export function useMay(role: Role): boolean {
  return isAtLeast(useQuery(meQuery).data, role);
}

/** A control that needs a role: given `isAllowed`, and told why it is not. */
export function RoleGate({ needs, children }: { needs: Role; children: (isAllowed: boolean) => ReactElement }) {
  const { data: me } = useQuery(meQuery);
  const isAllowed = isAtLeast(me, needs);
  if (isAllowed || !me) return children(isAllowed);
  return (
    <Suspense fallback={children(false)}>
      <WhyNot needs={needs}>{children(false)}</WhyNot>
    </Suspense>
  );
}
