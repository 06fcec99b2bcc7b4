import { Button, type ButtonProps, type ElementProps } from "@mantine/core";
import type { Role } from "../api/me";
import { RoleGate } from "./RoleGate";

interface RoleButtonProps extends ButtonProps, ElementProps<"button", keyof ButtonProps> {
  needs: Role;
}

/** A button that needs a role: whoever lacks it is told why it does nothing. */
export function RoleButton({ needs, disabled = false, ...props }: RoleButtonProps) {
  return <RoleGate needs={needs}>{(isAllowed) => <Button disabled={disabled || !isAllowed} {...props} />}</RoleGate>;
}
