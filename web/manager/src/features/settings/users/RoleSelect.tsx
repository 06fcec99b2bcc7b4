import { Select, type SelectProps } from "@mantine/core";
import type { Role } from "../../../api/me";

const ROLES: { value: Role; label: string; may: string }[] = [
  { value: "viewer", label: "Viewer", may: "looks" },
  { value: "editor", label: "Editor", may: "designs and deploys agents" },
  { value: "owner", label: "Owner", may: "also people, keys and carriers" },
];

interface RoleSelectProps extends Omit<SelectProps, "data" | "value" | "onChange"> {
  value: Role;
  onChange: (role: Role) => void;
}

/** A role; the list says what each may do. */
export function RoleSelect({ onChange, ...props }: RoleSelectProps) {
  return (
    <Select
      data={ROLES}
      onChange={(role) => role && onChange(role as Role)}
      comboboxProps={{ width: 260, position: "bottom-start" }}
      renderOption={({ option }) => `${option.label}: ${ROLES.find((role) => role.value === option.value)?.may}`}
      {...props}
    />
  );
}
